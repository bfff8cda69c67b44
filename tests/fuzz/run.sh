#!/usr/bin/env bash
# run.sh: looks for new inputs with each fuzzer, and keeps what it finds
#
# usage: tests/fuzz/run.sh BUILD SECONDS NEW [TARGET]...
# BUILD has been configured with -Dfuzzers=true; NEW receives, a folder a target, inputs that reach
# something new and, as crash-… and the like, those that fail. One line a target; fails when one did.
set -u

root=$(cd "$(dirname "$0")" && pwd)
build=$1 seconds=$2 new=$3
shift 3
[ $# -gt 0 ] || set -- "$root"/corpus/*
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
failed=0
for target in "$@"; do
	target=${target##*/}
	found=$new/$target
	mkdir -p "$found/inputs"
	if "$build/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -max_len=4096 -timeout=10 \
		-rss_limit_mb=1024 -close_fd_mask=1 -print_final_stats=1 \
		-artifact_prefix="$found/" "$found/inputs" "$root/corpus/$target" \
		>"$found/log" 2>&1; then
		echo "ok   fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$found/log")" \
			"inputs, $(find "$found/inputs" -type f | wc -l) new"
	else
		echo "FAIL fuzz $target; $found/log:"
		tail -n 40 "$found/log"
		failed=1
	fi
done
exit $failed
