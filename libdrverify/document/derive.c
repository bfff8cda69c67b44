/* derive.c: a document with a check more than the one it is made from */
#include <stdlib.h>
#include <string.h>

#include "document/baseline.h"

static struct drvp_json *new_node(struct drvp_arena *arena, int type)
{
	struct drvp_json *node = drvp_arena_alloc(arena, sizeof *node);

	if (node)
		node->type = (uint8_t)type;
	return node;
}

/* Hands on what a node is; siblings and children are set anew. */
static struct drvp_json *copy_node(struct drvp_arena *arena, const struct drvp_json *from)
{
	struct drvp_json *node = drvp_arena_alloc(arena, sizeof *node);

	if (node) {
		*node = *from;
		node->next = NULL;
	}
	return node;
}

static void append(struct drvp_json *parent, struct drvp_json ***end, struct drvp_json *child)
{
	**end = child;
	*end = &child->next;
	parent->count++;
}

/* The node with children of its own, which are what they were; *end is where one more goes. */
static struct drvp_json *copy_parent(struct drvp_arena *arena, const struct drvp_json *from,
				     struct drvp_json ***end)
{
	struct drvp_json *parent = copy_node(arena, from);

	if (!parent)
		return NULL;
	parent->first = NULL;
	parent->count = 0;
	*end = &parent->first;
	for (const struct drvp_json *child = from->first; child; child = child->next) {
		struct drvp_json *copy = copy_node(arena, child);

		if (!copy)
			return NULL;
		append(parent, end, copy);
	}
	return parent;
}

static struct drvp_json *make_object(struct drvp_arena *arena, const struct drvp_check_member *members)
{
	struct drvp_json *object = new_node(arena, DRVP_JSON_OBJECT), **end;

	if (!object)
		return NULL;
	end = &object->first;
	for (; members->name; members++) {
		struct drvp_json *node;

		if (!members->text)
			continue;
		node = new_node(arena, members->number ? DRVP_JSON_NUMBER : DRVP_JSON_STRING);
		if (!node)
			return NULL;
		node->len = strlen(members->text);
		node->key_len = strlen(members->name);
		node->text = drvp_arena_copy(arena, members->text, node->len);
		node->key = drvp_arena_copy(arena, members->name, node->key_len);
		if (!node->text || !node->key)
			return NULL;
		append(object, &end, node);
	}
	return object;
}

/* The member "checks" of a copied root gets a list of its own, with one more. */
static bool add_check(struct drvp_arena *arena, struct drvp_json *root,
		      const struct drvp_check_member *members)
{
	struct drvp_json *check = make_object(arena, members);

	for (struct drvp_json **at = &root->first; check && *at; at = &(*at)->next) {
		struct drvp_json *list, **end;

		if (strcmp((*at)->key, "checks") != 0)
			continue;
		list = copy_parent(arena, *at, &end);
		if (!list)
			return false;
		append(list, &end, check);
		list->next = (*at)->next;
		*at = list;
		return true;
	}
	return false;
}

static int make_root(struct drv_baseline *derived, const struct drvp_check_member *members,
		     struct drv_error *err)
{
	struct drvp_json **end, *root = copy_parent(&derived->arena, derived->root, &end);

	if (!root || (members && !add_check(&derived->arena, root, members)))
		return drvp_fail_nomem(err);
	derived->root = root;
	return 0;
}

int drvp_baseline_derive(struct drv_baseline **out, const struct drv_baseline *from,
			 const struct drvp_check_member *members, struct drv_error *err)
{
	struct drv_baseline *derived = calloc(1, sizeof *derived);
	struct drvp_reader reader;
	int status;

	*out = NULL;
	if (!derived)
		return drvp_fail_nomem(err);
	atomic_init(&derived->references, 1);
	derived->parent = drvp_baseline_share(from);
	derived->file = from->file;
	derived->root = from->root;
	derived->choice = from->choice;
	derived->signer = from->signer;
	memcpy(derived->sha256, from->sha256, sizeof derived->sha256);
	reader = (struct drvp_reader){ &derived->arena, err, derived->file };
	status = make_root(derived, members, err);
	if (!status)
		status = drvp_baseline_read(&reader, derived);
	if (status)
		drv_baseline_free(&derived);
	*out = derived;
	return status;
}
