/* fuzz_message.c: what the program says names no password that it was given, and steers no terminal */
#include "../../cli/message.h"
#include "fuzz.h"

#define SECRET "7canary7"

static char *said;
static size_t said_len;
static FILE *memory, *kept;

static void open_memory(void)
{
	kept = stderr;
	memory = open_memstream(&said, &said_len);
	check(memory != NULL);
	stderr = memory;
}

/* One line of valid text, whatever was to be said. */
static void close_memory(void)
{
	stderr = kept;
	check(!fclose(memory));
	check(!strncmp(said, "drverify: ", 10) && said[said_len - 1] == '\n');
	check(fuzz_is_plain(said, said_len - 1, ""));
	check(strstr(said, SECRET) == NULL);
	free(said);
}

/* A secret that is long enough to be told from the rest, in the places that clients know. */
static void say(const char *before, const char *after)
{
	static const char *const places[] = {
		"\"postgresql://me:" SECRET "@%s/db\"", "\"mongodb://me:" SECRET "@%s/\"",
		"host=%s password=" SECRET, "password='" SECRET "' host=%s",
		"host=%s sslpassword = " SECRET " dbname=x",
	};

	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		char place[200];

		snprintf(place, sizeof place, places[i], after);
		open_memory();
		complain("%.400s: %s", before, place);
		close_memory();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	char *before = fuzz_text(&in), *host = fuzz_text(&in), shown[REPEAT_MAX];

	/* A host has none of what ends it. */
	host[strcspn(host, " \t\n\v\f\r'\"\\/:@=?&#")] = '\0';
	check(repeatable(shown, before) == shown && strlen(shown) < REPEAT_MAX);
	check(!strchr(shown, '='));
	if (!strstr(before, SECRET) && !strstr(host, SECRET)) {
		if (strlen(host) < 60 && !strpbrk(before, "=:@'\"\\"))
			say(before, host);
		open_memory();
		complain("%s", before);
		close_memory();
	}
	free(before);
	free(host);
	return 0;
}
