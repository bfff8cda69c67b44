/* json_read.c: the JSON parser, and questions about a parsed tree */
#include "document/json_token.h"

#include <stdlib.h>
#include <string.h>

/* Objects of up to this many members are searched for repeated names without sorting. */
#define FEW_MEMBERS 16

struct parser {
	struct drvp_json_source source;
	/*
	 * The innermost container that is still open. Until it is closed it has no next sibling, so
	 * its next points to the container around it: nesting needs neither stack nor recursion.
	 */
	struct drvp_json *open;
	struct drvp_json *tail;      /* last child of open; NULL right after its bracket */
	unsigned depth;
	size_t values;
	struct drvp_arena *arena;
	const struct drvp_json_limits *limits;
};

static int fail_repeated(const struct parser *p, const struct drvp_json *first,
			 const struct drvp_json *again)
{
	struct drvp_strbuf name = DRVP_STRBUF_INIT;

	drvp_json_print_name(&name, again->key, again->key_len);
	drvp_fail(p->source.err, DRV_E_DOCUMENT,
		  "%u:%u: expected each name once, found %s again (the first is at %u:%u)",
		  again->key_line, again->key_column, drvp_strbuf_text(&name), first->key_line,
		  first->key_column);
	drvp_strbuf_free(&name);
	return DRV_E_DOCUMENT;
}

/* ------------------------------------------------------------------ values */

static int take_word(struct parser *p, struct drvp_json *node, const char *word, int type)
{
	size_t len = strlen(word);

	if ((size_t)(p->source.end - p->source.at) < len || memcmp(p->source.at, word, len) != 0)
		return drvp_json_expected(&p->source, "a value");
	node->type = (uint8_t)type;
	node->truth = *word == 't';
	p->source.at += len;
	return 0;
}

static int open_container(struct parser *p, struct drvp_json *node, int type)
{
	if (p->depth >= p->limits->depth)
		return drvp_fail(p->source.err, DRV_E_DOCUMENT,
				 "%u:%u: expected at most %u levels of nesting, found more",
				 p->source.line, drvp_json_column(&p->source, p->source.at),
				 p->limits->depth);
	p->depth++;
	p->source.at++;
	node->type = (uint8_t)type;
	node->next = p->open;
	p->open = node;
	p->tail = NULL;
	return 0;
}

static int take_value(struct parser *p, struct drvp_json *node)
{
	node->line = p->source.line;
	node->column = drvp_json_column(&p->source, p->source.at);
	if (p->source.at == p->source.end)
		return drvp_json_expected(&p->source, "a value");
	switch (*p->source.at) {
	case '"':
		node->type = DRVP_JSON_STRING;
		return drvp_json_take_string(&p->source, &node->text, &node->len);
	case '{':
		return open_container(p, node, DRVP_JSON_OBJECT);
	case '[':
		return open_container(p, node, DRVP_JSON_ARRAY);
	case 't':
		return take_word(p, node, "true", DRVP_JSON_BOOL);
	case 'f':
		return take_word(p, node, "false", DRVP_JSON_BOOL);
	case 'n':
		return take_word(p, node, "null", DRVP_JSON_NULL);
	case '-': case '0': case '1': case '2': case '3': case '4':
	case '5': case '6': case '7': case '8': case '9':
		node->type = DRVP_JSON_NUMBER;
		return drvp_json_take_number(&p->source, &node->text, &node->len);
	default:
		return drvp_json_expected(&p->source, "a value");
	}
}

static int take_name(struct parser *p, struct drvp_json *node)
{
	int status;

	if (!drvp_json_sees(&p->source, '"'))
		return drvp_json_expected(&p->source, "a name in double quotes");
	node->key_line = p->source.line;
	node->key_column = drvp_json_column(&p->source, p->source.at);
	status = drvp_json_take_string(&p->source, &node->key, &node->key_len);
	if (status)
		return status;
	drvp_json_skip_space(&p->source);
	if (!drvp_json_sees(&p->source, ':'))
		return drvp_json_expected(&p->source, "':'");
	p->source.at++;
	drvp_json_skip_space(&p->source);
	return 0;
}

/* ------------------------------------------------------------------ containers */

static int compare_names(const struct drvp_json *a, const struct drvp_json *b)
{
	if (a->key_len != b->key_len)
		return a->key_len < b->key_len ? -1 : 1;
	return memcmp(a->key, b->key, a->key_len);
}

/* Equal names stand in the order of the document: keys lie in one buffer, at rising addresses. */
static int compare_members(const void *a, const void *b)
{
	const struct drvp_json *left = *(const struct drvp_json *const *)a;
	const struct drvp_json *right = *(const struct drvp_json *const *)b;
	int order = compare_names(left, right);

	return order ? order : left->key < right->key ? -1 : 1;
}

/* Sorting, unlike hashing, cannot be driven to quadratic time by the choice of names. */
static int refuse_repeated_sorted(const struct parser *p, const struct drvp_json *object)
{
	const struct drvp_json **members = calloc(object->count, sizeof *members);
	const struct drvp_json *first = NULL, *again = NULL;
	size_t count = 0;

	if (!members)
		return drvp_fail_nomem(p->source.err);
	for (const struct drvp_json *m = object->first; m; m = m->next)
		members[count++] = m;
	qsort(members, count, sizeof *members, compare_members);
	for (size_t i = 1; i < count; i++)
		if (!compare_names(members[i - 1], members[i]) &&
		    (!again || members[i]->key < again->key)) {
			first = members[i - 1];
			again = members[i];
		}
	free(members);
	return again ? fail_repeated(p, first, again) : 0;
}

static int refuse_repeated(const struct parser *p, const struct drvp_json *object)
{
	if (object->count > FEW_MEMBERS)
		return refuse_repeated_sorted(p, object);
	for (const struct drvp_json *m = object->first; m; m = m->next)
		for (const struct drvp_json *earlier = object->first; earlier != m;
		     earlier = earlier->next)
			if (!compare_names(earlier, m))
				return fail_repeated(p, earlier, m);
	return 0;
}

static int close_container(struct parser *p)
{
	struct drvp_json *node = p->open;

	p->source.at++;
	drvp_json_end_number(&p->source);
	p->depth--;
	p->open = node->next;
	p->tail = node;
	node->next = NULL;
	if (node->type == DRVP_JSON_OBJECT && !(p->limits->flags & DRVP_JSON_DUPLICATES))
		return refuse_repeated(p, node);
	return 0;
}

/* Moves to the next child, closing what ends before it; *more is false at the end of the tree. */
static int next_child(struct parser *p, bool *more)
{
	*more = true;
	while (p->open) {
		bool object = p->open->type == DRVP_JSON_OBJECT;
		int status;

		drvp_json_skip_space(&p->source);
		if (drvp_json_sees(&p->source, object ? '}' : ']')) {
			status = close_container(p);
			if (status)
				return status;
			continue;
		}
		if (!p->tail)
			return 0;
		if (!drvp_json_sees(&p->source, ','))
			return drvp_json_expected(&p->source, object ? "',' or '}'" : "',' or ']'");
		p->source.at++;
		drvp_json_end_number(&p->source);
		drvp_json_skip_space(&p->source);
		return 0;
	}
	*more = false;
	return 0;
}

static int take_child(struct parser *p)
{
	struct drvp_json *node = drvp_arena_alloc(p->arena, sizeof *node);
	struct drvp_json *parent = p->open;
	int status = 0;

	if (!node)
		return drvp_fail_nomem(p->source.err);
	if (++p->values == p->limits->values)
		return drvp_fail(p->source.err, DRV_E_DOCUMENT,
				 "%u:%u: expected at most %zu values, found more", p->source.line,
				 drvp_json_column(&p->source, p->source.at), p->limits->values);
	if (p->tail)
		p->tail->next = node;
	else
		parent->first = node;
	parent->count++;
	p->tail = node;
	if (parent->type == DRVP_JSON_OBJECT)
		status = take_name(p, node);
	return status ? status : take_value(p, node);
}

static int parse(struct parser *p, struct drvp_json *root)
{
	bool more;
	int status;

	drvp_json_skip_space(&p->source);
	for (status = take_value(p, root); !status; status = take_child(p)) {
		status = next_child(p, &more);
		if (status || !more)
			break;
	}
	if (status)
		return status;
	drvp_json_skip_space(&p->source);
	if (p->source.at < p->source.end)
		return drvp_json_expected(&p->source, "nothing after the value");
	drvp_json_end_number(&p->source);
	return 0;
}

int drvp_json_parse(struct drvp_json **root, struct drvp_arena *arena, const char *bytes,
		    size_t len, const struct drvp_json_limits *limits, struct drv_error *err)
{
	struct parser p = { .arena = arena, .limits = limits };
	struct drvp_json *node;
	char *text;
	int status;

	*root = NULL;
	if (len > limits->bytes || len >= UINT32_MAX)
		return drvp_fail(err, DRV_E_DOCUMENT, "1:1: expected at most %zu bytes, found %zu",
				 limits->bytes, len);
	node = drvp_arena_alloc(arena, sizeof *node);
	text = drvp_arena_room(arena, len + DRVP_JSON_PADDING);
	if (!node || !text)
		return drvp_fail_nomem(err);
	if (len)
		memcpy(text, bytes, len);
	memset(text + len, 0, DRVP_JSON_PADDING);
	p.source = (struct drvp_json_source){ text, text + len, text, text, 1, text + len, err };
	status = parse(&p, node);
	if (!status)
		*root = node;
	return status;
}

/* ------------------------------------------------------------------ questions */

const struct drvp_json *drvp_json_member(const struct drvp_json *value, const char *name)
{
	size_t len = strlen(name);

	if (!value || value->type != DRVP_JSON_OBJECT)
		return NULL;
	for (const struct drvp_json *m = value->first; m; m = m->next)
		if (m->key_len == len && !memcmp(m->key, name, len))
			return m;
	return NULL;
}

bool drvp_json_is(const struct drvp_json *value, const char *text)
{
	return value && value->type == DRVP_JSON_STRING && value->len == strlen(text) &&
	       !memcmp(value->text, text, value->len);
}

const char *drvp_json_type_name(int type)
{
	static const char *const names[] = { "null", "true or false", "a number", "a string",
					     "an array", "an object" };

	return type >= 0 && type <= DRVP_JSON_OBJECT ? names[type] : "nothing";
}
