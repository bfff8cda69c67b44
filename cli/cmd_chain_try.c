/* cmd_chain_try.c: drverify chain-try */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "drverify.h"
#include "interrupt.h"
#include "message.h"
#include "run.h"
#include "source.h"

#define DUMP_WIDTH 16

struct showing {
	bool hex;
	uint64_t shown, differ;
};

/* ------------------------------------------------------------------ bytes */

/* How many bytes of a character that a terminal may show as it is; 0: it has to be escaped. */
static size_t plain_length(const unsigned char *at, size_t left)
{
	size_t len = at[0] < 0x80 ? 1 : at[0] >= 0xC2 && at[0] < 0xE0 ? 2 :
		     at[0] >= 0xE0 && at[0] < 0xF0 ? 3 : at[0] >= 0xF0 && at[0] < 0xF5 ? 4 : 0;

	if (len == 1)
		return at[0] >= 0x20 && at[0] != 0x7F && at[0] != '\\';
	if (!len || len > left || (at[0] == 0xC2 && at[1] < 0xA0))
		return 0;
	for (size_t i = 1; i < len; i++)
		if ((at[i] & 0xC0) != 0x80)
			return 0;
	/* U+2028 and U+2029 break lines, U+202A to U+202E turn them round. */
	if (at[0] == 0xE2 && at[1] == 0x80 && at[2] >= 0xA8 && at[2] <= 0xAE)
		return 0;
	return len;
}

static void print_escaped(unsigned char byte)
{
	switch (byte) {
	case '\n':
		fputs("\\n", stdout);
		break;
	case '\r':
		fputs("\\r", stdout);
		break;
	case '\t':
		fputs("\\t", stdout);
		break;
	case '\\':
		fputs("\\\\", stdout);
		break;
	default:
		printf("\\x%02x", byte);
	}
}

static void print_text(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	while (len > 0) {
		size_t plain = plain_length(at, len);

		if (plain)
			fwrite(at, 1, plain, stdout);
		else
			print_escaped(at[0]);
		at += plain ? plain : 1;
		len -= plain ? plain : 1;
	}
	putchar('\n');
}

static void print_dump(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i += DUMP_WIDTH) {
		size_t count = len - i < DUMP_WIDTH ? len - i : DUMP_WIDTH;

		printf("\n    %08zx ", i);
		for (size_t j = 0; j < DUMP_WIDTH; j++)
			if (j < count)
				printf(" %02x", at[i + j]);
			else
				fputs("   ", stdout);
		fputs("  ", stdout);
		for (size_t j = 0; j < count; j++)
			putchar(at[i + j] >= 0x20 && at[i + j] < 0x7F ? at[i + j] : '.');
	}
	putchar('\n');
}

/* ------------------------------------------------------------------ entries */

static void print_pieces(const struct drv_chain_entry *entry)
{
	const struct drv_chain_piece *piece;

	for (size_t i = 0; (piece = drv_chain_entry_piece(entry, i)); i++) {
		printf("%s%-20s ", i ? "           " : "  of       ", piece->column);
		print_text(piece->bytes, piece->len);
	}
}

static int show(const struct drv_chain_entry *entry, void *user)
{
	struct showing *showing = user;

	printf("%srow %llu  %s%s%s\n", showing->shown++ ? "\n" : "",
	       (unsigned long long)entry->row, entry->place, entry->key[0] ? "  " : "", entry->key);
	printf("  %zu bytes  ", entry->preimage_len);
	if (showing->hex)
		print_dump(entry->preimage, entry->preimage_len);
	else
		print_text(entry->preimage, entry->preimage_len);
	print_pieces(entry);
	printf("  hash     %s\n", entry->made[0] ? entry->made : "none");
	fputs("  stored   ", stdout);
	print_text(entry->stored, strlen(entry->stored));
	if (entry->agrees) {
		puts("  AGREES");
		return ferror(stdout);
	}
	showing->differ++;
	printf("  %s%s%s\n", entry->stored[0] && entry->made[0] ? "DIFFERS" : "NOT COMPARED",
	       entry->reason[0] ? ": " : "", entry->reason);
	return ferror(stdout);
}

static int try(struct drv_run *run, const struct options *options, struct showing *showing)
{
	struct drv_chain_try_options wanted = DRV_CHAIN_TRY_OPTIONS_INIT;
	struct drv_error error = DRV_ERROR_INIT;
	int status;

	wanted.check = options->check;
	wanted.first = options->row;
	wanted.count = options->rows ? options->rows : options->row ? 1 : 0;
	interrupt_watch(run);
	status = drv_chain_try(run, &wanted, show, showing, &error);
	interrupt_forget();
	/* A failed write is told of when the program ends. */
	if (status && error.status != DRV_E_IO)
		complain("%s", error.message);
	return status;
}

static void print_summary(const struct showing *showing)
{
	printf("\n%llu of %llu rows agree%s\n",
	       (unsigned long long)(showing->shown - showing->differ),
	       (unsigned long long)showing->shown,
	       showing->differ ? "; compare the bytes with those that the application hashes, or let\n"
				 "drverify chain-propose look for a recipe" : "");
}

int cmd_chain_try(const struct options *options)
{
	struct drv_run_options wanted = DRV_RUN_OPTIONS_INIT;
	struct drv_error error = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;
	struct showing showing = { .hex = options->hex };
	struct drv_run *run = NULL;
	int status = EXIT_UNDECIDED;

	wanted.timeout_ms = options->timeout_ms;
	wanted.allow_sql = options->allow_sql;
	if (!run_read_baseline(&baseline, options)) {
		if (drv_run_new(&run, baseline, &wanted, &error))
			complain("%s", error.message);
		else if (!run_give_keys(run, options) && !sources_place(run, baseline, options) &&
			 !try(run, options, &showing)) {
			print_summary(&showing);
			status = showing.differ ? 2 : 0;
		}
	}
	drv_run_free(&run);
	drv_baseline_free(&baseline);
	return status;
}
