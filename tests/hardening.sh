#!/bin/sh
# hardening.sh: a library or program is built as distributions harden theirs
#
# usage: tests/hardening.sh FILE… (ELF, optimised, without a sanitizer)
status=0

# has FILE WHAT COMMAND…: its output has a line that matches
has() {
	file=$1 what=$2 pattern=$3
	shift 3
	"$@" "$file" 2>/dev/null | grep -Eq "$pattern" && return
	echo "$file: no $what"
	status=1
}

for file; do
	has "$file" "position-independent code" 'Type:.*DYN' readelf --file-header --wide
	has "$file" "read-only relocations" 'GNU_RELRO' readelf --program-headers --wide
	has "$file" "binding at the start" 'BIND_NOW|FLAGS.*NOW' readelf --dynamic --wide
	has "$file" "stack without a right to execute" 'GNU_STACK.* RW ' readelf --program-headers --wide
	has "$file" "guarded stack" ' __stack_chk_fail' readelf --dyn-syms --wide
	has "$file" "checked functions" ' __(memcpy|snprintf|vsnprintf|fprintf|printf|read)_chk' \
		readelf --dyn-syms --wide
	# Probes of large frames, page by page: "or" of nothing into the stack.
	has "$file" "probed stack" 'or[ql] +\$0x0,.*\(%rsp' objdump --disassemble
	# The linker marks the whole as guarded only where the system's own start code is.
	has "$file" "guarded jumps" 'endbr64' objdump --disassemble
done
exit $status
