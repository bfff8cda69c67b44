/* file_faults.h: lets the calls for files fail when a test wants them to; for one file of a program */
#ifndef DRVP_TEST_FILE_FAULTS_H
#define DRVP_TEST_FILE_FAULTS_H

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The linker finds these before those of the C library, so what is tested calls them. Once armed,
 * the call that makes countdown 0 fails with the number (0: a read or write does nothing and says 0).
 */
static struct {
	long countdown;              /* 0: none fails */
	int number;
	bool no_unnamed;             /* as a file system that knows no O_TMPFILE */
	bool piecemeal;              /* reads and writes do less than asked */
	bool interrupted;            /* every second read or write is */
	long reads, writes;          /* calls */
	mode_t unnamed_mode;         /* of the last unnamed file, and how many names it has */
	nlink_t unnamed_links;
} faults;

static bool fault(bool reads, bool writes)
{
	faults.reads += reads;
	faults.writes += writes;
	if (!faults.number && !reads && !writes)
		return false;
	if (!faults.countdown || --faults.countdown)
		return false;
	errno = faults.number;
	return true;
}

static int fault_result(void)
{
	return faults.number ? -1 : 0;
}

static size_t fault_piece(size_t len)
{
	return faults.piecemeal && len > 1 ? len / 2 + 1 : len;
}

static bool fault_interrupts(void)
{
	static bool last;

	last = !last;
	errno = EINTR;
	return faults.interrupted && last;
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
	if (fault(true, false))
		return fault_result();
	if (fault_interrupts())
		return -1;
	return syscall(SYS_pread64, fd, bytes, fault_piece(len), offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
	if (fault(false, true))
		return fault_result();
	if (fault_interrupts())
		return -1;
	return syscall(SYS_pwrite64, fd, bytes, fault_piece(len), offset);
}

int openat(int dir, const char *path, int flags, ...)
{
	bool unnamed = (flags & O_TMPFILE) == O_TMPFILE;
	struct stat status;
	va_list args;
	mode_t mode;
	long fd;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	if (unnamed && faults.no_unnamed) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if (fault(false, false))
		return fault_result();
	fd = syscall(SYS_openat, dir, path, flags, mode);
	if (unnamed && fd >= 0 && !fstat((int)fd, &status)) {
		faults.unnamed_mode = status.st_mode;
		faults.unnamed_links = status.st_nlink;
	}
	return (int)fd;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = va_arg(args, mode_t);
	va_end(args);
	return openat(AT_FDCWD, path, flags, mode);
}

int fsync(int fd)
{
	return fault(false, false) ? fault_result() : (int)syscall(SYS_fsync, fd);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	if (fault(false, false))
		return fault_result();
	return (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

#endif
