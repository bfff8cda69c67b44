/*
 * inject.c: makes one call fail that the library makes, of whatever other library, in a real program
 *
 * To be loaded with LD_PRELOAD and LD_BIND_NOW=1. It looks up what the library imports, and puts a
 * stub between the two, so that nobody else's calls are touched.
 *   DRV_INJECT=NAME:NUMBER:VALUE[:ERRNO]  the call with this number, from 1, is not made, and
 *                           returns VALUE: a number, or "text" for ""; with "!" before it the call is
 *                           made, because it has to set something, and only its result is exchanged
 *   DRV_INJECT_PROGRAM=1    all this of the program instead of the library
 *   DRV_INJECT_COUNTS=FILE  how often each function was called goes to FILE, a line each
 *   DRV_INJECT_CLOCK=SECONDS  from the twentieth look on, the wall clock is so much ahead
 */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define MOST 512
#define STUB_SIZE 24
#define LOOKS_BEFORE_JUMP 20

static struct {
	const char *name;
	void *real;
	atomic_ulong calls;
} imports[MOST];

static size_t import_count;
static unsigned char *stubs;
static char wanted[128];
static unsigned long wanted_call;
static int wanted_errno;
static long clock_jump;

static int made_all_the_same;

long drv_inject_value;
void *drv_inject_back;               /* where the call that is made returns to */
void drv_inject_common(void);
void drv_inject_after(void);
void *drv_inject_decide(unsigned long index, void **back);

/* ------------------------------------------------------------------ one call */

static int jumping_clock(clockid_t id, struct timespec *out)
{
	static atomic_int looks;
	int status = clock_gettime(id, out);

	if (id == CLOCK_REALTIME && atomic_fetch_add(&looks, 1) >= LOOKS_BEFORE_JUMP)
		out->tv_sec += clock_jump;
	return status;
}

/* The function to call, or NULL to return drv_inject_value. */
__attribute__((used)) void *drv_inject_decide(unsigned long index, void **back)
{
	unsigned long call = atomic_fetch_add(&imports[index].calls, 1) + 1;

	if (clock_jump && !strcmp(imports[index].name, "clock_gettime"))
		return (void *)(uintptr_t)jumping_clock;
	if (call != wanted_call || strcmp(imports[index].name, wanted))
		return imports[index].real;
	errno = wanted_errno;
	if (!made_all_the_same)
		return NULL;
	drv_inject_back = *back;
	*back = (void *)(uintptr_t)drv_inject_after;
	return imports[index].real;
}

/* Registers that may hold arguments are as they were when the function is called. */
__asm__(
	".text\n"
	".globl drv_inject_common\n"
	".type drv_inject_common, @function\n"
	"drv_inject_common:\n"
	"	push %rax\n	push %rdi\n	push %rsi\n	push %rdx\n"
	"	push %rcx\n	push %r8\n	push %r9\n	push %r10\n"
	"	sub $128, %rsp\n"
	"	movaps %xmm0, (%rsp)\n	movaps %xmm1, 16(%rsp)\n"
	"	movaps %xmm2, 32(%rsp)\n	movaps %xmm3, 48(%rsp)\n"
	"	movaps %xmm4, 64(%rsp)\n	movaps %xmm5, 80(%rsp)\n"
	"	movaps %xmm6, 96(%rsp)\n	movaps %xmm7, 112(%rsp)\n"
	"	mov 192(%rsp), %rdi\n"
	"	lea 200(%rsp), %rsi\n"
	"	call drv_inject_decide@PLT\n"
	"	mov %rax, %r11\n"
	"	movaps (%rsp), %xmm0\n	movaps 16(%rsp), %xmm1\n"
	"	movaps 32(%rsp), %xmm2\n	movaps 48(%rsp), %xmm3\n"
	"	movaps 64(%rsp), %xmm4\n	movaps 80(%rsp), %xmm5\n"
	"	movaps 96(%rsp), %xmm6\n	movaps 112(%rsp), %xmm7\n"
	"	add $128, %rsp\n"
	"	pop %r10\n	pop %r9\n	pop %r8\n	pop %rcx\n"
	"	pop %rdx\n	pop %rsi\n	pop %rdi\n	pop %rax\n"
	"	add $8, %rsp\n"
	"	test %r11, %r11\n"
	"	jz 1f\n"
	"	jmp *%r11\n"
	"1:	mov drv_inject_value@GOTPCREL(%rip), %rax\n"
	"	mov (%rax), %rax\n"
	"	ret\n"
	".size drv_inject_common, . - drv_inject_common\n"
	".globl drv_inject_after\n"
	".type drv_inject_after, @function\n"
	"drv_inject_after:\n"
	"	mov drv_inject_value@GOTPCREL(%rip), %rax\n"
	"	mov (%rax), %rax\n"
	"	mov drv_inject_back@GOTPCREL(%rip), %r11\n"
	"	jmp *(%r11)\n"
	".size drv_inject_after, . - drv_inject_after\n");

/* ------------------------------------------------------------------ getting in between */

/* push INDEX; mov COMMON, %r11; jmp *%r11 */
static void *make_stub(size_t index)
{
	unsigned char *stub = stubs + index * STUB_SIZE;
	uint32_t number = (uint32_t)index;
	uint64_t common = (uint64_t)(uintptr_t)drv_inject_common;

	stub[0] = 0x68;
	memcpy(stub + 1, &number, sizeof number);
	stub[5] = 0x49;
	stub[6] = 0xBB;
	memcpy(stub + 7, &common, sizeof common);
	stub[15] = 0x41;
	stub[16] = 0xFF;
	stub[17] = 0xE3;
	return stub;
}

static void redirect(void **slot, const char *name)
{
	uintptr_t page = (uintptr_t)slot & ~(uintptr_t)(getpagesize() - 1);

	/* What compilers and sanitizers put in is nobody's call. */
	if (!strncmp(name, "__", 2) || !strncmp(name, "_ITM", 4) || import_count == MOST || !*slot)
		return;
	if (mprotect((void *)page, (size_t)getpagesize(), PROT_READ | PROT_WRITE))
		abort();
	imports[import_count].name = name;
	imports[import_count].real = *slot;
	*slot = make_stub(import_count++);
}

static void look_at(const struct dl_phdr_info *info, const ElfW(Rela) *list, size_t size,
		    const ElfW(Sym) *symbols, const char *names)
{
	for (size_t i = 0; i < size / sizeof *list; i++) {
		const ElfW(Sym) *symbol = &symbols[ELF64_R_SYM(list[i].r_info)];
		unsigned long type = ELF64_R_TYPE(list[i].r_info);

		if ((type == R_X86_64_JUMP_SLOT || type == R_X86_64_GLOB_DAT) &&
		    symbol->st_shndx == SHN_UNDEF && ELF64_ST_TYPE(symbol->st_info) == STT_FUNC)
			redirect((void **)(info->dlpi_addr + list[i].r_offset),
				 names + symbol->st_name);
	}
}

static int find_library(struct dl_phdr_info *info, size_t size, void *user)
{
	const ElfW(Sym) *symbols = NULL;
	const ElfW(Rela) *plt = NULL, *all = NULL;
	const ElfW(Dyn) *entry = NULL;
	size_t plt_size = 0, all_size = 0;
	const char *names = NULL;

	(void)size;
	(void)user;
	if (getenv("DRV_INJECT_PROGRAM") ? *info->dlpi_name : !strstr(info->dlpi_name, "/libdrverify.so"))
		return 0;
	for (size_t i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
			entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
	for (; entry && entry->d_tag != DT_NULL; entry++) {
		const void *at = (const void *)entry->d_un.d_ptr;

		switch (entry->d_tag) {
		case DT_SYMTAB: symbols = at; break;
		case DT_STRTAB: names = at; break;
		case DT_JMPREL: plt = at; break;
		case DT_PLTRELSZ: plt_size = entry->d_un.d_val; break;
		case DT_RELA: all = at; break;
		case DT_RELASZ: all_size = entry->d_un.d_val; break;
		default: break;
		}
	}
	look_at(info, plt, plt_size, symbols, names);
	look_at(info, all, all_size, symbols, names);
	return 1;
}

static void read_wishes(void)
{
	const char *wish = getenv("DRV_INJECT"), *jump = getenv("DRV_INJECT_CLOCK");
	char text[32] = "", *value = text;

	if (jump)
		clock_jump = strtol(jump, NULL, 10);
	if (wish && sscanf(wish, "%127[^:]:%lu:%31[^:]:%d", wanted, &wanted_call, text,
			   &wanted_errno) < 3)
		abort();
	made_all_the_same = *value == '!';
	value += made_all_the_same;
	drv_inject_value = !strcmp(value, "text") ? (long)(uintptr_t)"" : strtol(value, NULL, 0);
}

__attribute__((constructor)) static void begin(void)
{
	stubs = mmap(NULL, MOST * STUB_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (stubs == MAP_FAILED)
		abort();
	read_wishes();
	dl_iterate_phdr(find_library, NULL);
}

__attribute__((destructor)) static void end(void)
{
	const char *path = getenv("DRV_INJECT_COUNTS");
	FILE *file = path && import_count ? fopen(path, "w") : NULL;

	for (size_t i = 0; file && i < import_count; i++)
		fprintf(file, "%s %lu\n", imports[i].name, atomic_load(&imports[i].calls));
	if (file)
		fclose(file);
}
