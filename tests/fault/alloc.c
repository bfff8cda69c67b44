/* alloc.c: makes the allocations of the library fail when a test wants them to */
#include "alloc.h"

#include <errno.h>
#include <execinfo.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *piece, size_t size);
void __real_free(void *piece);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *piece, size_t size);
void __wrap_free(void *piece);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t len);

/* All tests of this kind have one thread. */
static struct {
	bool armed, lasting, show;
	long calls, at, held;
} state;

void alloc_arm(long at, bool lasting)
{
	state.armed = true;
	state.lasting = lasting;
	state.calls = 0;
	state.at = at;
}

long alloc_disarm(void)
{
	state.armed = false;
	return state.calls;
}

void alloc_show(bool show)
{
	state.show = show;
}

long alloc_held(void)
{
	return state.held;
}

static bool fails(void)
{
	void *callers[24];

	if (!state.armed)
		return false;
	state.calls++;
	if (!state.at || state.calls < state.at || (state.calls > state.at && !state.lasting))
		return false;
	if (state.show && state.calls == state.at)
		backtrace_symbols_fd(callers, backtrace(callers, 24), STDERR_FILENO);
	errno = ENOMEM;
	return true;
}

static void *held(void *piece)
{
	state.held += piece != NULL;
	return piece;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : held(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : held(__real_calloc(count, size));
}

void *__wrap_realloc(void *piece, size_t size)
{
	void *grown = fails() ? NULL : __real_realloc(piece, size);

	return piece ? grown : held(grown);
}

void __wrap_free(void *piece)
{
	state.held -= piece != NULL;
	__real_free(piece);
}

char *__wrap_strndup(const char *text, size_t len)
{
	size_t n = strnlen(text, len);
	char *copy = __wrap_malloc(n + 1);

	if (!copy)
		return NULL;
	memcpy(copy, text, n);
	copy[n] = '\0';
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}
