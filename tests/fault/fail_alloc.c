/*
 * fail_alloc.c: whichever allocation fails, nothing passes that did not before, crashes, or leaks
 *
 * usage: fail_alloc [SCENARIO [NUMBER]]
 * With a number, only that allocation fails, and says where. Where there are very many, and where
 * all that follow fail too, only some take their turn, unless a scenario is named, or "all".
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "drverify.h"
#include "world.h"

/* ------------------------------------------------------------------ text that needs no allocation */

struct text {
	size_t len;
	char bytes[1 << 18];
};

static int gather(const void *bytes, size_t len, void *user)
{
	struct text *text = user;

	if (len >= sizeof text->bytes - text->len)
		abort();
	memcpy(text->bytes + text->len, bytes, len);
	text->len += len;
	text->bytes[text->len] = '\0';
	return 0;
}

static void say(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct text *text, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	text->len += (size_t)vsnprintf(text->bytes + text->len, sizeof text->bytes - text->len,
				       format, args);
	va_end(args);
	if (text->len >= sizeof text->bytes)
		abort();
}

/* ------------------------------------------------------------------ what runs are made of */

/* Made while nothing fails. */
static struct {
	char folder[64], other_folder[64];
	struct text captured, passed, failed;   /* documents that runs have written */
	struct drv_baseline *spec, *baseline, *damaged;
	struct drv_report *capture, *pass, *fail;
	char pem[256];
	size_t pem_len;
	unsigned char signature[64];
	bool spoilt;                 /* files of a capture that fails may be; nobody reads them */
} made;

struct outcome {
	struct text text;            /* all that came out, times aside */
	struct drv_report *report;   /* or NULL */
	struct drv_error error;
};

static int prepare(struct drv_run **run, const struct drv_baseline *baseline, bool capture,
		   const char *restored_to, struct drv_error *err)
{
	struct drv_run_options options = DRV_RUN_OPTIONS_INIT;
	int status;

	options.jobs = 2;
	options.allow_sql = 1;
	options.show_keys = 1;
	options.keep_keys = 1;
	options.restored_to = restored_to;
	options.sidecar_dir = made.spoilt && capture ? made.other_folder : made.folder;
	options.temporary_dir = made.folder;
	status = drv_run_new(run, baseline, &options, err);
	if (!status)
		status = drv_run_source_uri(*run, "main", "", err);
	if (!status)
		status = drv_run_source_uri(*run, "search", "", err);
	if (!status)
		status = drv_run_secret(*run, "content", world_key, strlen(world_key), err);
	return status;
}

static void describe(struct text *text, const struct drv_result *result)
{
	const struct drv_finding *finding;
	const struct drv_row_ref *row;

	say(text, "%s: %s, %llu rows, %s\n", result->id, drv_verdict_name(result->verdict),
	    (unsigned long long)result->rows, result->summary);
	for (size_t i = 0; (finding = drv_result_finding(result, i)); i++) {
		say(text, "  %s %d %llu %s %s\n", finding->code, finding->effect,
		    (unsigned long long)finding->count, finding->message, finding->statement);
		for (size_t j = 0; (row = drv_finding_row(finding, j)); j++)
			say(text, "    %s %s\n", row->place, row->key);
	}
}

enum way { VERIFY, CAPTURE, REHEARSE };

static int run(struct outcome *o, const struct drv_baseline *baseline, enum way way,
	       const char *restored_to)
{
	struct drv_run *run = NULL;
	int status = prepare(&run, baseline, way == CAPTURE, restored_to, &o->error);

	if (!status && way == CAPTURE)
		status = drv_run_capture(run, &o->report, &o->error);
	else if (!status && way == VERIFY)
		status = drv_run_verify(run, &o->report, &o->error);
	else if (!status)
		status = drv_run_rehearse(run, 0, &o->report, &o->error);
	drv_run_free(&run);
	return status;
}

/* ------------------------------------------------------------------ scenarios */

static int parse(struct outcome *o, const char *bytes, size_t len)
{
	struct drv_baseline *baseline = NULL;
	int status = drv_baseline_parse(&baseline, bytes, len, "test.json", &o->error);

	if (!status)
		say(&o->text, "%s %s %zu", drv_baseline_name(baseline),
		    drv_baseline_captured_at(baseline), drv_baseline_source_count(baseline));
	drv_baseline_free(&baseline);
	return status;
}

static int parse_spec(struct outcome *o)
{
	return parse(o, world_document, strlen(world_document));
}

static int parse_baseline(struct outcome *o)
{
	return parse(o, made.captured.bytes, made.captured.len);
}

static int parse_report(struct outcome *o)
{
	return parse(o, made.failed.bytes, made.failed.len);
}

static int parse_misspelt(struct outcome *o)
{
	static const char document[] =
		"{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"postgresql\" } },"
		" \"checks\": [ { \"check\": \"row_cuont\", \"source\": \"main\" } ] }";

	return parse(o, document, strlen(document));
}

static int parse_signed(struct outcome *o)
{
	struct drv_baseline *baseline = NULL;
	struct drv_trust *trust = NULL;
	int status = drv_trust_new(&trust, &o->error);

	if (!status)
		status = drv_trust_add(trust, "ops", made.pem, made.pem_len, &o->error);
	if (!status)
		status = drv_baseline_parse_signed(&baseline, world_document,
						   strlen(world_document), "test.json",
						   made.signature, sizeof made.signature, trust,
						   &o->error);
	if (!status)
		say(&o->text, "%s", drv_baseline_signer(baseline));
	drv_trust_free(&trust);
	drv_baseline_free(&baseline);
	return status;
}

static int prepare_run(struct outcome *o)
{
	struct drv_run *run = NULL;
	int status = prepare(&run, made.baseline, false, "baseline", &o->error);

	if (!status)
		status = drv_run_secret(run, "content", "other", 5, &o->error);
	if (!status)
		status = drv_run_only(run, "content", &o->error);
	if (!status)
		status = drv_run_only(run, "audit_chain", &o->error);
	if (!status)
		status = drv_run_skip(run, "content:main", &o->error);
	/* Without a proposal, if need be. */
	if (!status)
		status = drv_run_source_uri(run, "mian", "", &o->error);
	drv_run_free(&run);
	return status;
}

static int capture(struct outcome *o)
{
	return run(o, made.spec, CAPTURE, NULL);
}

static int verify(struct outcome *o)
{
	return run(o, made.baseline, VERIFY, "baseline");
}

static int verify_newer(struct outcome *o)
{
	return run(o, made.baseline, VERIFY, "now");
}

static int verify_damaged(struct outcome *o)
{
	int status;

	world_damage(true);
	status = run(o, made.baseline, VERIFY, "baseline");
	world_damage(false);
	return status;
}

static int rehearse(struct outcome *o)
{
	return run(o, made.baseline, REHEARSE, NULL);
}

static int write_in(struct outcome *o, const struct drv_report *report)
{
	const char *format;
	int status = 0;

	for (size_t i = 0; !status && (format = drv_report_format(i)); i++)
		status = drv_report_write(report, format, DRV_REPORT_VERBOSE | DRV_REPORT_WIDTH(80),
					  gather, &o->text, &o->error);
	return status;
}

static int write_capture(struct outcome *o)
{
	return write_in(o, made.capture);
}

static int write_pass(struct outcome *o)
{
	return write_in(o, made.pass);
}

static int write_fail(struct outcome *o)
{
	return write_in(o, made.fail);
}

static int read_report(struct outcome *o)
{
	return drv_report_read(&o->report, made.damaged, &o->error);
}

static int write_baseline(struct outcome *o)
{
	return drv_baseline_write(made.damaged, gather, &o->text, &o->error);
}

static int see_difference(const struct drv_difference *d, void *user)
{
	say(user, "%s %s %s %s\n", d->id, d->what, d->before, d->after);
	return 0;
}

static int compare(struct outcome *o)
{
	return drv_baseline_compare(made.baseline, made.damaged, see_difference, &o->text,
				    &o->error);
}

static int choose(struct outcome *o)
{
	struct drv_baseline *several[2] = { NULL, NULL };
	const char *point = "now";
	size_t chosen = 2;
	int status = drv_baseline_parse(&several[0], made.captured.bytes, made.captured.len, "a.json",
					&o->error);

	if (!status)
		status = drv_baseline_parse(&several[1], made.passed.bytes, made.passed.len, "b.json",
					    &o->error);
	if (!status)
		status = drv_baseline_choose(&chosen, several, 2, &point, 1, &o->error);
	say(&o->text, "%zu", chosen);
	drv_baseline_free(&several[0]);
	drv_baseline_free(&several[1]);
	return status;
}

static int see_entry(const struct drv_chain_entry *entry, void *user)
{
	const struct drv_chain_piece *piece;

	say(user, "%llu %s %s %.*s %s %s %d %s\n", (unsigned long long)entry->row, entry->place,
	    entry->key, (int)entry->preimage_len, (const char *)entry->preimage, entry->made,
	    entry->stored, entry->agrees, entry->reason);
	for (size_t i = 0; (piece = drv_chain_entry_piece(entry, i)); i++)
		say(user, " %s %.*s\n", piece->column, (int)piece->len, (const char *)piece->bytes);
	return 0;
}

static int try_chain(struct outcome *o)
{
	struct drv_chain_try_options options = DRV_CHAIN_TRY_OPTIONS_INIT;
	struct drv_run *run = NULL;
	int status = prepare(&run, made.spec, false, NULL, &o->error);

	options.check = "audit_chain:main:public.log:linked";
	if (!status)
		status = drv_chain_try(run, &options, see_entry, &o->text, &o->error);
	drv_run_free(&run);
	return status;
}

static int propose_chain(struct outcome *o)
{
	struct drv_chain_propose_options options = DRV_CHAIN_PROPOSE_OPTIONS_INIT;
	struct drv_chain_proposal *proposal = NULL;
	struct drv_run *run = NULL;
	int status = prepare(&run, made.spec, false, NULL, &o->error);

	options.source = "main";
	options.schema = "public";
	options.table = "log";
	options.hash = "hash";
	options.previous = "previous";
	options.order_by = "id";
	if (!status)
		status = drv_chain_propose(run, &options, &proposal, &o->error);
	if (!status)
		say(&o->text, "%s %llu %llu", proposal->check, (unsigned long long)proposal->rows,
		    (unsigned long long)proposal->agreeing);
	drv_chain_proposal_free(&proposal);
	drv_run_free(&run);
	return status;
}

static const struct scenario {
	const char *name;
	int (*run)(struct outcome *o);
} scenarios[] = {
	{ "parse-spec", parse_spec },
	{ "parse-baseline", parse_baseline },
	{ "parse-report", parse_report },
	{ "parse-misspelt", parse_misspelt },
	{ "parse-signed", parse_signed },
	{ "prepare", prepare_run },
	{ "capture", capture },
	{ "verify", verify },
	{ "verify-newer", verify_newer },
	{ "verify-damaged", verify_damaged },
	{ "rehearse", rehearse },
	{ "write-capture", write_capture },
	{ "write-pass", write_pass },
	{ "write-fail", write_fail },
	{ "read-report", read_report },
	{ "write-baseline", write_baseline },
	{ "compare", compare },
	{ "choose", choose },
	{ "try", try_chain },
	{ "propose", propose_chain },
};

#define SCENARIOS (sizeof scenarios / sizeof *scenarios)

/* ------------------------------------------------------------------ judging */

static struct outcome intact, faulty;
static struct text of_result, json;
static long failures;
static bool verbose;

static void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	failures++;
}

/* With the report's results behind what the scenario said. */
static int play(const struct scenario *s, struct outcome *o, long at, bool lasting, long *calls)
{
	int status;

	o->text.len = 0;
	o->text.bytes[0] = '\0';
	o->report = NULL;
	o->error = (struct drv_error)DRV_ERROR_INIT;
	alloc_arm(at, lasting);
	status = s->run(o);
	*calls = alloc_disarm();
	for (size_t i = 0; o->report && i < drv_report_result_count(o->report); i++)
		describe(&o->text, drv_report_result(o->report, i));
	return status;
}

static bool is_undecided(const struct drv_result *result)
{
	const struct drv_finding *finding;

	for (size_t i = 0; (finding = drv_result_finding(result, i)); i++)
		if (!strcmp(finding->code, "check.out_of_memory") ||
		    !strcmp(finding->code, "check.blocked"))
			return result->verdict == DRV_INCONCLUSIVE || result->verdict == DRV_FAIL;
	return false;
}

/* A result is the intact one, or says that it could not be decided. */
static bool is_honest(const struct outcome *o)
{
	bool honest = true, other = false;

	for (size_t i = 0; i < drv_report_result_count(o->report); i++) {
		const struct drv_result *result = drv_report_result(o->report, i);

		of_result.len = 0;
		describe(&of_result, result);
		if (strstr(intact.text.bytes, of_result.bytes))
			continue;
		other = true;
		if (is_undecided(result))
			continue;
		fprintf(stderr, "%s", of_result.bytes);
		honest = false;
	}
	if (other && drv_report_exit_status(o->report) < 2)
		return false;
	return honest;
}

/* What came out can be written, and read again. */
static bool is_readable(const struct outcome *o)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;
	struct drv_report *report = NULL;
	int status;

	json.len = 0;
	status = drv_report_write(o->report, "json", 0, gather, &json, &err);
	/* Rehearsals are not written. */
	if (status == DRV_E_USAGE)
		return true;
	if (!status)
		status = drv_baseline_parse(&baseline, json.bytes, json.len, "report.json", &err);
	if (!status)
		status = drv_report_read(&report, baseline, &err);
	if (status)
		fprintf(stderr, "%s\n", err.message);
	else if (drv_report_verdict(report) != drv_report_verdict(o->report))
		status = -1;
	drv_report_free(&report);
	drv_baseline_free(&baseline);
	return !status;
}

static void judge(const struct scenario *s, int status, int intact_status, long at, bool lasting)
{
	const char *more = lasting ? " and all after it" : "";

	if (status == DRV_E_NOMEM) {
		if (faulty.report)
			complain("%s, allocation %ld%s: an error, and a report", s->name, at, more);
		if (faulty.error.status != DRV_E_NOMEM || !faulty.error.message[0])
			complain("%s, allocation %ld%s: out of memory, but no words", s->name, at, more);
		return;
	}
	if (status != intact_status) {
		complain("%s, allocation %ld%s: status %d, \"%s\"", s->name, at, more, status,
			 faulty.error.message);
		return;
	}
	if (faulty.report && !is_honest(&faulty))
		complain("%s, allocation %ld%s: another result", s->name, at, more);
	else if (faulty.report && !is_readable(&faulty))
		complain("%s, allocation %ld%s: the report cannot be read", s->name, at, more);
	else if (!faulty.report && strcmp(faulty.text.bytes, intact.text.bytes))
		complain("%s, allocation %ld%s: other words:\n%s", s->name, at, more,
			 faulty.text.bytes);
}

static void fail_at(const struct scenario *s, long at, bool lasting, int intact_status)
{
	long held = alloc_held(), calls;
	int status = play(s, &faulty, at, lasting, &calls);

	judge(s, status, intact_status, at, lasting);
	if (verbose)
		fprintf(stderr, "status %d \"%s\", exit %d\n%s", status, faulty.error.message,
			faulty.report ? drv_report_exit_status(faulty.report) : -1,
			faulty.text.bytes);
	drv_report_free(&faulty.report);
	if (alloc_held() != held)
		complain("%s, allocation %ld%s: %ld pieces leaked", s->name, at,
			 lasting ? " and all after it" : "", alloc_held() - held);
}

/* Primes, so that no loop hides what it does every few times. */
#define STEP 997
#define MANY 2000
#define LASTING_STEP 7

static void fail_everywhere(const struct scenario *s, long only, bool all)
{
	long calls, again, step;
	int status = play(s, &intact, 0, false, &calls);

	drv_report_free(&intact.report);
	printf("%s: %ld allocations, status %d\n", s->name, calls, status);
	fflush(stdout);
	step = all || calls < MANY ? 1 : STEP;
	for (long at = only ? only : 1; at <= (only ? only : calls);
	     at += at > MANY / 10 ? step : 1)
		for (int lasting = 0; lasting < 1 + (all || at % LASTING_STEP == 0); lasting++)
			fail_at(s, at, lasting, status);
	/* What failed left nothing behind. */
	if (play(s, &faulty, 0, false, &again) != status ||
	    strcmp(faulty.text.bytes, intact.text.bytes))
		complain("%s: not the same afterwards", s->name);
	drv_report_free(&faulty.report);
}

/* ------------------------------------------------------------------ preparing */

static void must(int status, const struct drv_error *err)
{
	if (!status)
		return;
	fprintf(stderr, "preparing: %s\n", err->message);
	exit(2);
}

static void write_document(struct drv_report *report, struct text *text,
			   struct drv_baseline **baseline)
{
	struct drv_error err = DRV_ERROR_INIT;

	must(drv_report_write(report, "json", 0, gather, text, &err), &err);
	must(drv_baseline_parse(baseline, text->bytes, text->len, "report.json", &err), &err);
}

static void make_signature(void)
{
	EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	BIO *bio = BIO_new(BIO_s_mem());
	size_t len = sizeof made.signature;

	if (EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(context, made.signature, &len, (const unsigned char *)world_document,
			   strlen(world_document)) != 1 ||
	    PEM_write_bio_PUBKEY(bio, key) != 1)
		abort();
	made.pem_len = (size_t)BIO_read(bio, made.pem, sizeof made.pem);
	BIO_free(bio);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

static void make(void)
{
	struct drv_error err = DRV_ERROR_INIT;
	struct drv_baseline *baseline = NULL;
	struct outcome *o = &intact;

	snprintf(made.folder, sizeof made.folder, "/tmp/drv-alloc.XXXXXX");
	snprintf(made.other_folder, sizeof made.other_folder, "/tmp/drv-alloc.XXXXXX");
	if (!mkdtemp(made.folder) || !mkdtemp(made.other_folder))
		abort();
	world_make();
	make_signature();
	must(drv_baseline_parse(&made.spec, world_document, strlen(world_document), "spec.json", &err),
	     &err);
	must(capture(o), &o->error);
	made.capture = o->report;
	write_document(made.capture, &made.captured, &made.baseline);
	must(verify(o), &o->error);
	made.pass = o->report;
	write_document(made.pass, &made.passed, &baseline);
	drv_baseline_free(&baseline);
	must(verify_damaged(o), &o->error);
	made.fail = o->report;
	write_document(made.fail, &made.failed, &made.damaged);
	made.spoilt = true;
	if (drv_report_exit_status(made.pass) != 1 || drv_report_exit_status(made.fail) != 2)
		complain("the world is not as it should be:\n%s%s", made.passed.bytes,
			 made.failed.bytes);
}

static void clean_up(void)
{
	char command[200];

	drv_report_free(&made.capture);
	drv_report_free(&made.pass);
	drv_report_free(&made.fail);
	drv_baseline_free(&made.spec);
	drv_baseline_free(&made.baseline);
	drv_baseline_free(&made.damaged);
	world_free();
	snprintf(command, sizeof command, "rm -rf %s %s", made.folder,
		 made.other_folder);
	if (system(command))
		complain("%s failed", command);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	long only = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	bool all = name && !strcmp(name, "all"), known = !name || all;

	make();
	verbose = only;
	alloc_show(only);
	for (size_t i = 0; i < SCENARIOS; i++)
		if (!name || all || !strcmp(name, scenarios[i].name)) {
			known = true;
			fail_everywhere(&scenarios[i], only, name);
		}
	clean_up();
	if (!known)
		complain("there is no scenario %s", name);
	return failures ? 1 : 0;
}
