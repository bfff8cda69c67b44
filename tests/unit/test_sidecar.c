/* test_sidecar.c: a sidecar gives back what was written, or says what is wrong with it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/digest.h"
#include "base/strbuf.h"
#include "content/sidecar.h"
#include "content/sidecar_format.h"
#include "file_faults.h"
#include "traces.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool same_trace(const struct drvp_trace *a, const struct drvp_trace *b)
{
	return a->key == b->key && a->digest == b->digest && !a->text == !b->text &&
	       a->text_len == b->text_len &&
	       (!a->text || !memcmp(a->text, b->text, a->text_len));
}

static void write_traces(struct drvp_sidecar_info *info, const struct drvp_trace *traces,
			 size_t count, size_t workers, bool texts, uint64_t seed)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_spool *spool = spool_traces(traces, count, workers, texts, &seed, &err);

	assert_non_null(spool);
	assert_int_equal(drvp_sidecar_write(info, spool, trace_folder, &err), 0);
	drvp_spool_free(&spool);
}

static int open_info(struct drvp_sidecar **out, const struct drvp_sidecar_info *info,
		     struct drv_error *err)
{
	return drvp_sidecar_open(out, trace_folder, info->name, info->digest, info->rows, err);
}

/* Opens and reads all of it: 0 or why not. */
static int read_through(const struct drvp_sidecar_info *info, struct drv_error *err)
{
	struct drvp_sidecar *sidecar;
	struct drvp_trace trace;
	int status = open_info(&sidecar, info, err);
	uint64_t rows = 0;

	while (!status && (status = drvp_sidecar_next(sidecar, &trace, NULL, NULL, err)) > 0) {
		rows++;
		status = 0;
		if (rows == info->rows + 1)
			break;
	}
	drvp_sidecar_free(&sidecar);
	assert_true(status || rows == info->rows);
	return status;
}

static void read_file(struct drvp_strbuf *bytes, const char *name)
{
	char path[128];
	struct stat status;
	int fd;

	snprintf(path, sizeof path, "%s/%s", trace_folder, name);
	fd = open(path, O_RDONLY, 0);
	assert_int_equal(fstat(fd, &status), 0);
	drvp_strbuf_clear(bytes);
	assert_true(drvp_strbuf_reserve(bytes, (size_t)status.st_size));
	assert_int_equal(pread(fd, bytes->data, (size_t)status.st_size, 0), status.st_size);
	bytes->len = (size_t)status.st_size;
	assert_int_equal(status.st_mode, S_IFREG | 0600);
	close(fd);
}

static void write_file(const char *name, const char *bytes, size_t len)
{
	char path[128];
	int fd;

	snprintf(path, sizeof path, "%s/%s", trace_folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, 0), len);
	close(fd);
}

/* ------------------------------------------------------------------ there and back */

static void check_round_trip(size_t count, int keys, bool texts, uint64_t seed)
{
	struct drvp_arena arena = { 0 };
	struct drvp_trace *traces = random_traces(&arena, &seed, count, keys, texts);
	struct drvp_sidecar_info info, again;
	struct drvp_strbuf first = DRVP_STRBUF_INIT, second = DRVP_STRBUF_INIT;
	struct drvp_sidecar *sidecar;
	struct drvp_trace trace;
	bool equal = true;

	write_traces(&info, traces, count, 3, texts, seed);
	read_file(&first, info.name);
	assert_int_equal(info.rows, count);
	assert_int_equal(info.bytes, first.len);
	if (!texts)
		assert_int_equal(info.bytes, DRVP_HEADER_SIZE + 16 * count +
				 (16 * count + DRVP_CHUNK_SIZE - 1) / DRVP_CHUNK_SIZE *
				 DRVP_CHUNK_ENTRY_SIZE);
	/* Sorted, the other way round and with other workers: the same file. */
	qsort(traces, count, sizeof *traces, naive_order);
	write_traces(&again, traces, count, 1, texts, seed + 1);
	read_file(&second, again.name);
	assert_memory_equal(&info, &again, sizeof info);
	assert_true(drvp_strbuf_equal(&first, &second));

	assert_int_equal(open_info(&sidecar, &info, NULL), 0);
	assert_int_equal(drvp_sidecar_rows(sidecar), count);
	assert_true(drvp_sidecar_has_texts(sidecar) == texts);
	for (int round = 0; round < 2; round++, drvp_sidecar_rewind(sidecar)) {
		for (size_t i = 0; i < count; i++)
			equal = equal &&
				drvp_sidecar_next(sidecar, &trace, NULL, NULL, NULL) == 1 &&
				same_trace(&trace, &traces[i]);
		assert_true(equal);
		assert_int_equal(drvp_sidecar_next(sidecar, &trace, NULL, NULL, NULL), 0);
	}
	drvp_sidecar_free(&sidecar);
	assert_int_equal(empty_trace_folder(), 1);
	drvp_strbuf_free(&first);
	drvp_strbuf_free(&second);
	drvp_arena_free(&arena);
}

static void what_was_written_comes_back(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 100 };

	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++)
		for (int keys = 0; keys < KEYS_KINDS; keys++)
			for (int texts = 0; texts < 2; texts++)
				check_round_trip(counts[i], keys, texts, i);
	check_round_trip(DRVP_CHUNK_SIZE / 16, KEYS_SPREAD, false, 5);
	check_round_trip(DRVP_CHUNK_SIZE / 16 + 1, KEYS_SPREAD, false, 6);
	check_round_trip(40000, KEYS_ONE, true, 7);
	check_round_trip(70000, KEYS_SPREAD, true, 8);
}

/* Files that were written have to be readable for years: these bytes must not change. */
static void the_bytes_are_these(void **state)
{
	static const struct drvp_trace traces[] = {
		{ 0x0102030405060708, 0x1112131415161718, "id=1", 4 },
		{ 0x0102030405060708, 0x1112131415161717, "", 0 },
		{ 0, UINT64_MAX, NULL, 0 },
	};
	static const char *const texts[] = {
		/* header, chunk, directory; the digest stands at the end of it */
		"64727672" "6f777331" "00000000" "00000001" "0000000000000003"
		"0000000000000000" "ffffffffffffffff"
		"0102030405060708" "1112131415161717"
		"0102030405060708" "1112131415161718"
		"0000000000000000" "00000003" "00000030",
		"64727672" "6f777331" "00000001" "00000001" "0000000000000003"
		"0000000000000000" "ffffffffffffffff" "0000"
		"0102030405060708" "1112131415161717" "0001"
		"0102030405060708" "1112131415161718" "0005" "69643d31"
		"0000000000000000" "00000003" "0000003a",
	};

	(void)state;
	for (int kept = 0; kept < 2; kept++) {
		struct drvp_sidecar_info info;
		struct drvp_strbuf bytes = DRVP_STRBUF_INIT, hex = DRVP_STRBUF_INIT;
		uint8_t digest[DRVP_DIGEST_MAX], index[DRVP_HEADER_SIZE + DRVP_CHUNK_ENTRY_SIZE];
		struct drvp_digester *digester;

		write_traces(&info, traces, COUNT(traces), 1, kept, 1);
		read_file(&bytes, info.name);
		drvp_strbuf_hex(&hex, bytes.data, bytes.len - 32);
		assert_string_equal(hex.data, texts[kept]);
		assert_int_equal(drvp_digester_new(&digester, DRVP_SHA256, NULL, 0, NULL), 0);
		assert_int_equal(drvp_digest(digester, bytes.data + 24, bytes.len - 72, digest), 0);
		assert_memory_equal(digest, bytes.data + bytes.len - 32, 32);
		memcpy(index, bytes.data, 24);
		memcpy(index + 24, bytes.data + bytes.len - 48, 48);
		assert_int_equal(drvp_digest(digester, index, sizeof index, digest), 0);
		assert_memory_equal(digest, info.digest, 32);
		drvp_strbuf_clear(&hex);
		drvp_strbuf_hex(&hex, digest, 8);
		drvp_strbuf_str(&hex, ".rows");
		assert_string_equal(hex.data, info.name);
		drvp_digester_free(&digester);
		drvp_strbuf_free(&bytes);
		drvp_strbuf_free(&hex);
	}
	assert_int_equal(empty_trace_folder(), 2);
}

static void an_older_file_of_that_name_is_replaced(void **state)
{
	static const struct drvp_trace trace = { 1, 2, NULL, 0 };
	struct drvp_sidecar_info info;
	char path[128];

	(void)state;
	write_traces(&info, &trace, 1, 1, false, 1);
	write_file(info.name, "half", 4);
	assert_int_equal(read_through(&info, NULL), DRV_E_DAMAGED);
	write_traces(&info, &trace, 1, 1, false, 1);
	assert_int_equal(read_through(&info, NULL), 0);
	/* A link is replaced, and not followed. */
	snprintf(path, sizeof path, "%s/%s", trace_folder, info.name);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("elsewhere", path), 0);
	write_traces(&info, &trace, 1, 1, false, 1);
	assert_int_equal(read_through(&info, NULL), 0);
	assert_int_equal(empty_trace_folder(), 1);
}

/* ------------------------------------------------------------------ altered files */

/* Each with a text, so that all there is in a file is there. */
static void write_small(struct drvp_sidecar_info *info, struct drvp_strbuf *bytes, bool texts)
{
	struct drvp_arena arena = { 0 };
	uint64_t seed = 31;

	write_traces(info, random_traces(&arena, &seed, 6, KEYS_SPREAD, texts), 6, 1, texts, 1);
	read_file(bytes, info->name);
	drvp_arena_free(&arena);
}

static void no_bit_can_be_altered(void **state)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT;
	struct drvp_sidecar_info info;

	(void)state;
	for (int texts = 0; texts < 2; texts++) {
		write_small(&info, &bytes, texts);
		assert_int_equal(read_through(&info, NULL), 0);
		for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
			bytes.data[bit / 8] ^= (char)(1 << bit % 8);
			write_file(info.name, bytes.data, bytes.len);
			assert_int_equal(read_through(&info, NULL), DRV_E_DAMAGED);
			bytes.data[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
	drvp_strbuf_free(&bytes);
	empty_trace_folder();
}

static void no_byte_can_be_altered_in_a_larger_one(void **state)
{
	struct drvp_arena arena = { 0 };
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT;
	struct drvp_sidecar_info info;
	uint64_t seed = 41;

	(void)state;
	write_traces(&info, random_traces(&arena, &seed, 40000, KEYS_SPREAD, false), 40000, 1,
		     false, 1);
	read_file(&bytes, info.name);
	for (int i = 0; i < 60; i++) {
		size_t at = prng_below(&seed, bytes.len);

		bytes.data[at] ^= 0x10;
		write_file(info.name, bytes.data, bytes.len);
		assert_int_equal(read_through(&info, NULL), DRV_E_DAMAGED);
		bytes.data[at] ^= 0x10;
	}
	drvp_strbuf_free(&bytes);
	drvp_arena_free(&arena);
	empty_trace_folder();
}

static void no_byte_can_be_cut_off_or_added(void **state)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT;
	struct drvp_sidecar_info info;
	size_t whole;

	(void)state;
	write_small(&info, &bytes, true);
	whole = bytes.len;
	for (size_t len = 0; len < 2 * whole; len++) {
		if (len > whole)
			drvp_strbuf_char(&bytes, (char)len);
		if (len == whole)
			continue;
		write_file(info.name, bytes.data, len);
		assert_int_equal(read_through(&info, NULL), DRV_E_DAMAGED);
	}
	/* With directory where it is looked for, yet something more before it. */
	bytes.len = whole;
	drvp_strbuf_add(&bytes, bytes.data + whole - 48, 48);
	write_file(info.name, bytes.data, bytes.len);
	assert_int_equal(read_through(&info, NULL), DRV_E_DAMAGED);
	drvp_strbuf_free(&bytes);
	empty_trace_folder();
}

static void the_document_has_to_agree(void **state)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT;
	struct drvp_sidecar_info info;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	write_small(&info, &bytes, false);
	info.rows++;
	assert_int_equal(read_through(&info, &err), DRV_E_DAMAGED);
	assert_non_null(strstr(err.message, "holds another number of rows"));
	info.rows--;
	info.digest[31] ^= 1;
	assert_int_equal(read_through(&info, &err), DRV_E_DAMAGED);
	assert_non_null(strstr(err.message, "is not the one of this document"));
	assert_non_null(strstr(err.message, info.name));
	drvp_strbuf_free(&bytes);
	empty_trace_folder();
}

/* ------------------------------------------------------------------ crafted files */

/* Makes the digests right again after bytes of a file with one chunk were replaced. */
static void sign_again(struct drvp_sidecar_info *info, struct drvp_strbuf *bytes, bool chunk_too)
{
	uint8_t digest[DRVP_DIGEST_MAX];
	struct drvp_digester *digester;
	struct drvp_strbuf index = DRVP_STRBUF_INIT;
	size_t directory = bytes->len - 48;

	assert_int_equal(drvp_digester_new(&digester, DRVP_SHA256, NULL, 0, NULL), 0);
	assert_int_equal(drvp_digest(digester, bytes->data + 24, directory - 24, digest), 0);
	if (chunk_too)
		memcpy(bytes->data + directory + 16, digest, 32);
	drvp_strbuf_add(&index, bytes->data, 24);
	drvp_strbuf_add(&index, bytes->data + directory, 48);
	assert_int_equal(drvp_digest(digester, index.data, index.len, digest), 0);
	memcpy(info->digest, digest, 32);
	write_file(info->name, bytes->data, bytes->len);
	drvp_strbuf_free(&index);
	drvp_digester_free(&digester);
}

/* Who writes document and file can make the digests agree, and still must not do harm. */
static void right_digests_of_nonsense_do_not_help(void **state)
{
	static const struct {
		bool from_end;
		size_t at, len;
		const char *bytes, *message;
	} cases[] = {
		{ false, 11, 1, "\x02", "flags unknown" },
		{ false, 11, 1, "\x01", "a part that makes no sense" },
		{ false, 16, 8, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "another number of rows" },
		{ true, 48, 8, "\0\0\0\0\0\0\0\1", "a part that makes no sense" },
		{ true, 40, 4, "\0\0\0\0", "a directory that makes no sense" },
		{ true, 40, 4, "\0\0\0\1", "another number of rows" },
		{ true, 36, 4, "\0\0\0\0", "is longer than it says" },
		{ true, 36, 4, "\0\0\0\x61", "is shorter than it says" },
		{ true, 36, 4, "\0\0\0\x5F", "is longer than it says" },
		{ true, 36, 4, "\0\4\0\1", "a directory that makes no sense" },
		{ true, 36, 4, "\xFF\xFF\xFF\xFF", "a directory that makes no sense" },
		/* keys, and then digests, out of order */
		{ false, 24 + 32, 8, "\0\0\0\0\0\0\0\0", "a part that makes no sense" },
		{ false, 24 + 72, 8, "\0\0\0\0\0\0\0\0", "a part that makes no sense" },
	};
	static const struct drvp_trace traces[] = {
		{ 2, 1 }, { 3, 1 }, { 4, 1 }, { 5, 8 }, { 5, 9 }, { 6, 1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct drvp_strbuf bytes = DRVP_STRBUF_INIT;
		struct drvp_sidecar_info info;
		struct drv_error err = DRV_ERROR_INIT;

		write_traces(&info, traces, COUNT(traces), 1, false, 1);
		read_file(&bytes, info.name);
		sign_again(&info, &bytes, true);
		assert_int_equal(read_through(&info, &err), 0);
		memcpy(bytes.data + (cases[i].from_end ? bytes.len - cases[i].at : cases[i].at),
		       cases[i].bytes, cases[i].len);
		sign_again(&info, &bytes, true);
		assert_int_equal(read_through(&info, &err), DRV_E_DAMAGED);
		assert_non_null(strstr(err.message, cases[i].message));
		drvp_strbuf_free(&bytes);
	}
	empty_trace_folder();
}

/* A claim of chunks without end must not be believed before it is checked. */
static void claims_are_bounded_by_the_file(void **state)
{
	struct drvp_strbuf bytes = DRVP_STRBUF_INIT;
	struct drvp_sidecar_info info;
	struct drv_error err = DRV_ERROR_INIT;
	char path[128];

	(void)state;
	write_small(&info, &bytes, false);
	memcpy(bytes.data + 12, "\xFF\xFF\xFF\xFF", 4);
	write_file(info.name, bytes.data, bytes.len);
	snprintf(path, sizeof path, "%s/%s", trace_folder, info.name);
	assert_int_equal(truncate(path, (off_t)10 << 40), 0);
	assert_int_equal(read_through(&info, &err), DRV_E_DAMAGED);
	assert_non_null(strstr(err.message, "is shorter than it says"));
	memcpy(bytes.data + 12, "\0\0\0\1", 4);
	write_file(info.name, bytes.data, bytes.len);
	assert_int_equal(truncate(path, (off_t)10 << 40), 0);
	assert_int_equal(read_through(&info, &err), DRV_E_DAMAGED);
	assert_non_null(strstr(err.message, "its digest is another"));
	drvp_strbuf_free(&bytes);
	empty_trace_folder();
}

/* ------------------------------------------------------------------ names */

static void hostile_names_are_refused(void **state)
{
	static const char *const names[] = {
		"", ".", "..", "../../etc/passwd", "/etc/passwd", "/dev/zero", "a/b", "a/", "./a",
		".hidden", "a\nb", "a\x7F", "\xFF.rows", "\x1B[2J",
	};
	static const uint8_t digest[DRVP_SIDECAR_DIGEST];
	struct drvp_sidecar *sidecar;
	char long_name[300];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct drv_error err = DRV_ERROR_INIT;

		assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, names[i], digest, 0,
						   &err), DRV_E_DAMAGED);
		assert_null(sidecar);
		assert_non_null(strstr(err.message, "not the plain name"));
	}
	memset(long_name, 'a', sizeof long_name);
	long_name[sizeof long_name - 1] = '\0';
	assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, long_name, digest, 0, NULL),
			 DRV_E_DAMAGED);
}

static void only_regular_files_are_opened(void **state)
{
	static const char *const links[] = { "/dev/zero", "/etc/passwd", "good", "nowhere" };
	static const uint8_t digest[DRVP_SIDECAR_DIGEST];
	struct drvp_sidecar *sidecar;
	char path[128];

	(void)state;
	write_file("good", "", 0);
	snprintf(path, sizeof path, "%s/other", trace_folder);
	for (size_t i = 0; i < COUNT(links) + 2; i++) {
		struct drv_error err = DRV_ERROR_INIT;

		assert_int_equal(i < COUNT(links)    ? symlink(links[i], path)
				 : i == COUNT(links) ? mkfifo(path, 0600)
						     : mkdir(path, 0700), 0);
		assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, "other", digest, 0,
						   &err), DRV_E_DAMAGED);
		assert_non_null(strstr(err.message, "is not a regular file"));
		assert_int_equal(remove(path), 0);
	}
	assert_int_equal(empty_trace_folder(), 1);
}

static void what_is_missing_is_missing(void **state)
{
	static const uint8_t digest[DRVP_SIDECAR_DIGEST];
	struct drvp_sidecar *sidecar;
	struct drv_error err = DRV_ERROR_INIT;

	(void)state;
	assert_int_equal(drvp_sidecar_open(&sidecar, trace_folder, "a.rows", digest, 0, &err),
			 DRV_E_MISSING);
	assert_non_null(strstr(err.message, "a.rows"));
	assert_int_equal(drvp_sidecar_open(&sidecar, "/no/where", "a.rows", digest, 0, &err),
			 DRV_E_MISSING);
	assert_int_equal(drvp_sidecar_open(&sidecar, "/etc/passwd", "a.rows", digest, 0, &err),
			 DRV_E_MISSING);
	drvp_sidecar_free(&sidecar);
}

/* ------------------------------------------------------------------ while it is open */

static void a_change_while_reading_is_seen(void **state)
{
	struct drvp_arena arena = { 0 };
	uint64_t seed = 51;
	struct drvp_trace *traces = random_traces(&arena, &seed, 50000, KEYS_SPREAD, false);
	struct drvp_sidecar_info info;
	struct drvp_trace trace;
	struct drvp_sidecar *sidecar;
	char path[128];

	(void)state;
	for (int cut = 0; cut < 2; cut++) {
		struct drv_error err = DRV_ERROR_INIT;
		int status, fd;

		write_traces(&info, traces, 50000, 1, false, 1);
		assert_int_equal(open_info(&sidecar, &info, &err), 0);
		assert_int_equal(drvp_sidecar_next(sidecar, &trace, NULL, NULL, &err), 1);
		snprintf(path, sizeof path, "%s/%s", trace_folder, info.name);
		fd = open(path, O_RDWR, 0);
		if (cut)
			assert_int_equal(ftruncate(fd, (off_t)info.bytes / 2), 0);
		else
			assert_int_equal(pwrite(fd, "other", 5, (off_t)info.bytes / 2), 5);
		close(fd);
		while ((status = drvp_sidecar_next(sidecar, &trace, NULL, NULL, &err)) > 0)
			;
		assert_int_equal(status, DRV_E_DAMAGED);
		assert_non_null(strstr(err.message, cut ? "became shorter" : "was altered"));
		drvp_sidecar_free(&sidecar);
	}
	drvp_arena_free(&arena);
	empty_trace_folder();
}

/* ------------------------------------------------------------------ reading a part */

struct range {
	uint64_t first, last;
};

static bool in_range(uint64_t first, uint64_t last, void *user)
{
	const struct range *range = user;

	return first <= range->last && last >= range->first;
}

static void a_filter_saves_reading(void **state)
{
	enum { ROWS = 100000 };
	struct drvp_arena arena = { 0 };
	uint64_t seed = 61;
	struct drvp_trace *traces = random_traces(&arena, &seed, ROWS, KEYS_SPREAD, false);
	struct drvp_sidecar_info info;
	struct drvp_sidecar *sidecar;

	(void)state;
	write_traces(&info, traces, ROWS, 1, false, 1);
	qsort(traces, ROWS, sizeof *traces, naive_order);
	assert_int_equal(open_info(&sidecar, &info, NULL), 0);
	for (int i = 0; i < 30; i++) {
		size_t first = prng_below(&seed, ROWS), last = first + prng_below(&seed, 1000);
		struct range range = { traces[first].key, 0 };
		struct drvp_trace trace;

		last = last < ROWS ? last : ROWS - 1;
		range.last = traces[last].key;
		faults.reads = 0;
		drvp_sidecar_rewind(sidecar);
		for (size_t at = first; at <= last; at++) {
			assert_int_equal(drvp_sidecar_next(sidecar, &trace, in_range, &range,
							   NULL), 1);
			assert_true(same_trace(&trace, &traces[at]));
		}
		assert_int_equal(drvp_sidecar_next(sidecar, &trace, in_range, &range, NULL), 0);
		assert_in_range(faults.reads, 1, 3);
	}
	drvp_sidecar_free(&sidecar);
	drvp_arena_free(&arena);
	empty_trace_folder();
}

/* ------------------------------------------------------------------ failures of files */

#define FAULTY_ROWS 66000            /* more than fit into memory */

static struct drvp_arena faulty_arena;
static struct drvp_trace *faulty_traces;

static int make_faulty_traces(void **state)
{
	uint64_t seed = 71;

	faulty_traces = random_traces(&faulty_arena, &seed, FAULTY_ROWS, KEYS_SPREAD, true);
	return make_trace_folder(state);
}

static int remove_faulty_traces(void **state)
{
	drvp_arena_free(&faulty_arena);
	return remove_trace_folder(state);
}

static struct drvp_spool *filled_spool(size_t rows)
{
	uint64_t seed = 72;
	struct drvp_spool *spool;

	memset(&faults, 0, sizeof faults);
	spool = spool_traces(faulty_traces, rows, 1, true, &seed, NULL);
	assert_non_null(spool);
	return spool;
}

static void a_full_disk_leaves_nothing_behind(void **state)
{
	struct drvp_spool *spool = filled_spool(FAULTY_ROWS);
	struct rlimit limit, full;
	struct drvp_sidecar_info info;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t room = 0; room < 1000000; room = 7 * room + 10) {
		struct drv_error err = DRV_ERROR_INIT;
		int status;

		full = limit;
		full.rlim_cur = room;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
		status = drvp_sidecar_write(&info, spool, trace_folder, &err);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		assert_int_equal(status, DRV_E_IO);
		assert_int_equal(err.native_code, EFBIG);
		assert_non_null(strstr(err.message, trace_folder));
		assert_int_equal(empty_trace_folder(), 0);
	}
	assert_int_equal(drvp_sidecar_write(&info, spool, trace_folder, NULL), 0);
	assert_int_equal(read_through(&info, NULL), 0);
	drvp_spool_free(&spool);
	empty_trace_folder();
}

/* Whether it failed, as it had to; step by step, or in growing steps where there are many. */
static bool try_to_write(size_t rows, long at, int number)
{
	struct drvp_spool *spool = filled_spool(rows);
	struct drv_error err = DRV_ERROR_INIT;
	struct drvp_sidecar_info info;
	int status;

	faults.countdown = at;
	faults.number = number;
	status = drvp_sidecar_write(&info, spool, trace_folder, &err);
	drvp_spool_free(&spool);
	if (faults.countdown) {
		assert_int_equal(status, 0);
		assert_int_equal(empty_trace_folder(), 1);
		faults.countdown = 0;
		return false;
	}
	assert_int_equal(status, DRV_E_IO);
	assert_int_equal(err.status, DRV_E_IO);
	assert_non_null(strstr(err.message, trace_folder));
	assert_int_equal(empty_trace_folder(), 0);
	return true;
}

static void every_failure_of_writing_is_told(void **state)
{
	(void)state;
	for (int zero = 0; zero < 2; zero++) {
		long few = 1, many = 1;

		while (try_to_write(100, few, zero ? 0 : EIO))
			few++;
		while (try_to_write(FAULTY_ROWS, many, zero ? 0 : EIO))
			many += 1 + many / 4;
		/* Folder, file, chunk, header, directory, to disk, name, to disk; the writes of these. */
		assert_int_equal(few - 1, zero ? 3 : 8);
		assert_true(many > few);
	}
}

static void every_failure_of_reading_is_told(void **state)
{
	struct drvp_spool *spool = filled_spool(FAULTY_ROWS);
	struct drvp_sidecar_info info;
	struct drv_error err = DRV_ERROR_INIT;
	long at = 0;
	int status;

	(void)state;
	assert_int_equal(drvp_sidecar_write(&info, spool, trace_folder, NULL), 0);
	drvp_spool_free(&spool);
	do {
		memset(&faults, 0, sizeof faults);
		faults.countdown = ++at;
		faults.number = EIO;
		err.status = 0;
		status = read_through(&info, &err);
		assert_int_equal(status, faults.countdown ? 0 : DRV_E_IO);
		assert_int_equal(err.status, faults.countdown ? 0 : DRV_E_IO);
	} while (!faults.countdown);
	assert_true(at > 8);
	faults.countdown = 0;
	faults.piecemeal = faults.interrupted = true;
	assert_int_equal(read_through(&info, &err), 0);
	memset(&faults, 0, sizeof faults);
	empty_trace_folder();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_comes_back),
		cmocka_unit_test(the_bytes_are_these),
		cmocka_unit_test(an_older_file_of_that_name_is_replaced),
		cmocka_unit_test(no_bit_can_be_altered),
		cmocka_unit_test(no_byte_can_be_altered_in_a_larger_one),
		cmocka_unit_test(no_byte_can_be_cut_off_or_added),
		cmocka_unit_test(the_document_has_to_agree),
		cmocka_unit_test(right_digests_of_nonsense_do_not_help),
		cmocka_unit_test(claims_are_bounded_by_the_file),
		cmocka_unit_test(hostile_names_are_refused),
		cmocka_unit_test(only_regular_files_are_opened),
		cmocka_unit_test(what_is_missing_is_missing),
		cmocka_unit_test(a_change_while_reading_is_seen),
		cmocka_unit_test(a_filter_saves_reading),
		cmocka_unit_test(a_full_disk_leaves_nothing_behind),
		cmocka_unit_test(every_failure_of_writing_is_told),
		cmocka_unit_test(every_failure_of_reading_is_told),
	};

	return cmocka_run_group_tests(tests, make_faulty_traces, remove_faulty_traces);
}
