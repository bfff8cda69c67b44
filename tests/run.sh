#!/usr/bin/env bash
# run.sh: installs what is missing, builds, starts throw-away servers, and tries everything
#
# usage: tests/run.sh [--only PART]...
# Everything is made under build/tests and stays there, the servers excepted, which are stopped and
# removed.
set -u

root=$(cd "$(dirname "$0")/.." && pwd)
build=$root/build/tests
parts=(
	unit       # without servers, sanitized
	interface  # what programs are built against: header, exports, manual page
	embed      # from outside, as installed
	cli        # the tool
	secrets    # what may be seen of them, and what foreign SQL may do
	store      # what reads the databases
	damage     # damaged data, and how it is called
	lineage    # restores to other moments
	stability  # restores of other shapes and versions
	survey     # audit chains of other applications
	demo       # fixtures/demo.sh
)
# Only when they are asked for: they take long.
on_demand=(
	faults     # all that can fail, every time it can; servers and files that die
	lies       # every answer of a server, twisted in every way
	builds     # without one of the stores, and without both
	hostile    # servers that lie, documents that are traps
	fuzz       # DRV_FUZZ_SECONDS of each fuzzer, 300 when that is not set
	tsan       # threads, watched by ThreadSanitizer
	valgrind   # a small run, watched by valgrind
	analysis   # the sources, looked through by clang and cppcheck
	coverage   # how much of the library some test goes through
	package    # Debian packages
	smoke      # the oldest and the newest PostgreSQL
	versions   # all of them
)
passed=0 failed=0 skipped=0

# shellcheck source=fixtures/servers/install.sh
. "$root/fixtures/servers/install.sh"
# shellcheck source=fixtures/servers/postgresql.sh
. "$root/fixtures/servers/postgresql.sh"
# shellcheck source=fixtures/servers/mongodb.sh
. "$root/fixtures/servers/mongodb.sh"

usage() {
	sed -n '/^# usage/p; /^parts=(/,/^)/p; /^# Only when/,/^)/p' "$0" >&2
	exit 3
}

only=()
while [ $# -gt 0 ]; do
	case $1 in
	--only)
		[[ " ${parts[*]} ${on_demand[*]} " == *" ${2:-} "* ]] || usage
		only+=("$2")
		shift 2
		;;
	*) usage ;;
	esac
done
[ ${#only[@]} -gt 0 ] || only=("${parts[@]}")

wants() {
	local part
	for part in "$@"; do
		[[ " ${only[*]} " == *" $part "* ]] && return 0
	done
	return 1
}

# ---------------------------------------------------------------- counting

# try NAME COMMAND…: one test. Its output is kept, and shown when it fails.
try() {
	local name=$1 log=$build/log/${1//[^A-Za-z0-9]/-}.log start=$SECONDS
	shift
	if "$@" >"$log" 2>&1; then
		passed=$((passed + 1))
		echo "ok   $name ($((SECONDS - start)) s)"
	else
		failed=$((failed + 1))
		echo "FAIL $name ($((SECONDS - start)) s); the end of $log:"
		tail -n 40 "$log"
		return 1
	fi
}

skip() {
	skipped=$((skipped + 1))
	echo "skip $1: $2"
}

# The number in meson's summary line "WORD:   N", or 0.
number_after() {
	local number
	number=$(sed -n "s/^$2: *\([0-9][0-9]*\).*/\1/p" "$1")
	echo "${number:-0}"
}

# Runs the meson tests of some suites in a build folder and adds up what meson counted.
meson_suites() {
	local folder=$1 suite options=()
	shift
	for suite in "$@"; do options+=(--suite "$suite"); done
	meson_tests "$folder" "$*" "${options[@]}"
}

# meson_tests FOLDER WHAT ARGUMENT…: the same for the tests that the arguments select.
meson_tests() {
	local folder=$1 what=$2 log=$build/log/meson-${1##*/}.log
	shift 2
	meson test -C "$folder" --no-rebuild --print-errorlogs "$@" >"$log" 2>&1
	local status=$? good bad none
	good=$(number_after "$log" Ok)
	bad=$(($(number_after "$log" Fail) + $(number_after "$log" Timeout)))
	none=$(number_after "$log" Skipped)
	# No summary, no test, or a status that the summary does not explain: that is a failure too.
	if [ "$status" -ne 0 ] || [ "$good" -eq 0 ] || [ "$bad" -gt 0 ]; then
		cat "$log"
		[ "$bad" -gt 0 ] || bad=1
	fi
	passed=$((passed + good)) failed=$((failed + bad)) skipped=$((skipped + none))
	echo "     ${folder##*/}, $what: $good passed, $bad failed, $none skipped"
}

# ---------------------------------------------------------------- building

# configure FOLDER OPTION…; a folder that exists is configured anew, so that no option lingers.
configure() {
	local folder=$1
	shift
	rm -rf "$folder"
	meson setup "$folder" "$root" -Dwerror=true "$@"
}

build_in() {
	local folder=$1
	shift
	try "build ${folder##*/}" configure "$folder" "$@" &&
		try "compile ${folder##*/}" meson compile -C "$folder"
}

# Optimised, as users have it: speed counts in tables of cases and the demo.
plain() {
	[ -n "${plain_built:-}" ] || {
		build_in "$build/plain" --prefix "$build/install" || exit_now
		plain_built=yes
	}
}

sanitized() {
	[ -n "${sanitized_built:-}" ] || {
		build_in "$build/sanitized" -Db_sanitize=address,undefined || exit_now
		sanitized_built=yes
	}
}

exit_now() {
	finish
	exit 1
}

# ---------------------------------------------------------------- servers

# The server for the MongoDB protocol may have to be built, which takes minutes: meanwhile the
# parts that need no server run. It gets a process group of its own, to be stopped as a whole.
build_mongodb_server() {
	set -m
	drv_mongodb_build "$root/build/servers" >"$build/log/mongodb-build.log" 2>&1 &
	mongodb_build=$!
	set +m
}

servers() {
	[ -z "${servers_started:-}" ] || return 0
	servers_started=yes
	wait "$mongodb_build"
	mongodb_build=''
	if drv_postgresql_start "$build/postgresql"; then
		export DRV_TEST_POSTGRESQL=$DRV_POSTGRESQL_URI
	else
		failed=$((failed + 1))
		echo "FAIL PostgreSQL does not start"
	fi
	if DRV_MONGODB_BUILD=$root/build/servers drv_mongodb_start "$build/mongodb"; then
		export DRV_TEST_MONGODB=$DRV_MONGODB_URI
	else
		failed=$((failed + 1))
		echo "FAIL no server that speaks the MongoDB protocol"
	fi
}

# ---------------------------------------------------------------- parts

part_unit() {
	sanitized
	meson_suites "$build/sanitized" unit
}

# What programs are built against.
part_interface() {
	plain
	try "header, exports, version script, manual page" \
		python3 "$root/tests/abi/interface.py" "$build/plain"
	if [ "$(uname -m)" = x86_64 ]; then
		try "library and program are hardened" "$root/tests/hardening.sh" \
			"$build/plain/libdrverify/libdrverify.so" "$build/plain/cli/drverify"
	else
		skip "library and program are hardened" "known for x86_64 only"
	fi
}

part_builds() {
	local name
	build_in "$build/no-postgresql" -Dpostgresql=disabled
	build_in "$build/no-mongodb" -Dmongodb=disabled
	build_in "$build/no-stores" -Dpostgresql=disabled -Dmongodb=disabled
	for name in no-postgresql no-mongodb no-stores; do
		meson_suites "$build/$name" unit
	done
}

embed_verifies() {
	"$1" "$root/tests/embed.json" \
		"main=$DRV_POSTGRESQL_URI dbname=embed user=drverify_reader"
}

embed_finds_damage() {
	embed_verifies "$1"
	[ $? -eq 2 ]
}

# Through the installed files only, as another project would.
embed_compile() {
	local kind=$1 libraries
	export PKG_CONFIG_PATH
	PKG_CONFIG_PATH=$(dirname "$(find "$build/install" -name drverify.pc)")
	libraries=$(pkg-config --libs drverify)
	if [ "$kind" = static ]; then
		# What the archive needs besides itself; those libraries may well stay shared.
		libraries="${libraries/-ldrverify/-l:libdrverify.a} $(pkg-config --libs \
			$(pkg-config --print-requires-private drverify | sed 's/ .*//')) -lpthread"
	fi
	# shellcheck disable=SC2046,SC2086
	cc -Wall -Wextra -Werror "$root/docs/examples/embed.c" $(pkg-config --cflags drverify) \
		$libraries -o "$build/embed-$kind"
}

part_embed() {
	local kind
	plain
	servers
	rm -rf "$build/install" "$build"/embed-*
	try "install" meson install -C "$build/plain" --quiet --no-rebuild || return
	export LD_LIBRARY_PATH
	LD_LIBRARY_PATH=$(dirname "$(find "$build/install" -name libdrverify.so)")
	try "embedding: load" "$root/fixtures/pet-platform/load.sh" \
		"$build/plain/fixtures/generate" embed plan --scale 100 || return
	for kind in shared static; do
		try "embedding: compile, $kind" embed_compile "$kind" &&
			try "embedding: intact, $kind" embed_verifies "$build/embed-$kind"
	done
	psql --no-psqlrc --quiet --dbname embed --command \
		"UPDATE audit_logs SET action = 'edited' WHERE id = 7"
	for kind in shared static; do
		try "embedding: damaged, $kind" embed_finds_damage "$build/embed-$kind"
	done
	try "embedding: the programs of the page" \
		env LIBRARY_PATH="$LD_LIBRARY_PATH" python3 "$root/tests/docs/test_embedding.py"
	unset LD_LIBRARY_PATH
}

# The schema of Jenkins for JUnit files, as the sources of pytest have it.
junit_schema() {
	local folder=$build/junit version=7.2.1
	[ ! -s "$build/junit-10.xsd" ] || return 0
	rm -rf "$folder"
	python3 -m venv "$folder" &&
		"$folder/bin/pip" download --quiet --no-deps --no-binary :all: --dest "$folder" \
			"pytest==$version" &&
		tar --extract --to-stdout --file "$folder/pytest-$version.tar.gz" \
			"pytest-$version/testing/example_scripts/junit-10.xsd" >"$build/junit-10.xsd.new" &&
		mv "$build/junit-10.xsd.new" "$build/junit-10.xsd"
	local status=$?
	rm -rf "$folder"
	return "$status"
}

part_cli() {
	sanitized
	plain
	servers
	try "fetch the schema of JUnit files" junit_schema &&
		export DRV_JUNIT_XSD=$build/junit-10.xsd
	# A limit on memory is nothing that a sanitizer could live with.
	export DRVERIFY_PLAIN=$build/plain/cli/drverify
	meson_suites "$build/sanitized" cli
}

# Brings a PostgreSQL server of its own, which asks for passwords and speaks TLS.
part_secrets() {
	sanitized
	servers
	meson_suites "$build/sanitized" secrets
	plain
	meson_suites "$build/plain" cleansing
}

# Plainly built, since they measure memory.
part_hostile() {
	plain
	servers
	meson_suites "$build/plain" hostile
}

part_lies() {
	plain
	servers
	DRV_HOSTILE_LONG=1 meson_suites "$build/plain" hostile
}

part_store() {
	sanitized
	servers
	meson_suites "$build/sanitized" store
}

# cases NAME COMMAND…: a runner of cases, whose last line counts those passed, failed and skipped.
cases() {
	local name=$1 log=$build/log/${1//[^A-Za-z0-9]/-}.log counts
	shift
	"$@" | tee "$log"
	read -ra counts <<<"$(tail -n 1 "$log" | tr -cd '0-9 ')"
	if [ ${#counts[@]} -ne 3 ]; then
		failed=$((failed + 1))
		echo "FAIL the cases of $name did not come to their end"
		return
	fi
	passed=$((passed + counts[0]))
	failed=$((failed + counts[1]))
	skipped=$((skipped + counts[2]))
}

part_damage() {
	plain
	servers
	cases damage python3 "$root/tests/damage/run.py" --drverify "$build/plain/cli/drverify" \
		--generate "$build/plain/fixtures/generate" \
		--mongo-command "$build/plain/fixtures/mongo_command"
	cases chains python3 "$root/tests/damage/chains.py" --drverify "$build/plain/cli/drverify" \
		--mongo-command "$build/plain/fixtures/mongo_command"
}

# It makes clusters of its own, to archive, copy and crash them.
part_lineage() {
	plain
	servers
	cases lineage python3 "$root/tests/lineage/run.py" --drverify "$build/plain/cli/drverify" \
		--generate "$build/plain/fixtures/generate" \
		--mongo-command "$build/plain/fixtures/mongo_command"
}

# Brings servers of its own, of several versions.
part_stability() {
	plain
	cases stability python3 "$root/tests/stability/run.py" --quiet \
		--drverify "$build/plain/cli/drverify" --versions "$root/build/servers"
}

part_survey() {
	plain
	servers
	cases survey python3 "$root/tests/survey/run.py" --drverify "$build/plain/cli/drverify" \
		--mongo-command "$build/plain/fixtures/mongo_command"
}

# What the default run samples.
part_faults() {
	sanitized
	plain
	servers
	try "every allocation fails" "$build/sanitized/tests/fault/fail_alloc" all
	export DRV_EVERY=1 DRVERIFY_PLAIN=$build/plain/cli/drverify
	meson_tests "$build/sanitized" "every time" "calls that fail" \
		"connections that are cut" "servers that die" "damaged storage" "budgets and rates"
	unset DRV_EVERY
}

# ---------------------------------------------------------------- analysis

# Threads, connections, cancelling and signals, with every access to memory watched.
part_tsan() {
	build_in "$build/tsan" -Db_sanitize=thread -Db_lundef=false || return
	servers
	export TSAN_OPTIONS="suppressions=$root/tests/tsan.supp halt_on_error=1 exitcode=66"
	meson_tests "$build/tsan" "threads" leaks tls "sources that fail" \
		rehearse plan progress
	unset TSAN_OPTIONS
}

# Many small questions, and all that connecting and TLS may go through.
part_valgrind() {
	local name
	plain
	servers
	for name in sql tls; do
		DRV_PROGRAM=$build/plain/cli/drverify DRVERIFY=$root/tests/valgrind.sh \
			try "valgrind: $name" python3 "$root/tests/secrets/test_$name.py"
	done
}

part_analysis() {
	plain
	cases analysis python3 "$root/tests/analysis.py" "$build/plain"
}

part_coverage() {
	local common=(--quiet --drverify "$build/coverage/cli/drverify"
		--mongo-command "$build/coverage/fixtures/mongo_command")
	build_in "$build/coverage" -Db_coverage=true -Doptimization=0 || return
	servers
	meson_suites "$build/coverage" unit store cli secrets
	cases "damage, counted" python3 "$root/tests/damage/run.py" "${common[@]}" \
		--generate "$build/coverage/fixtures/generate"
	cases "chains, counted" python3 "$root/tests/damage/chains.py" "${common[@]}"
	try "coverage" "$root/tests/coverage.py" "$build/coverage"
	cat "$build/log/coverage.log"
}

part_package() {
	if command -v dpkg-buildpackage >/dev/null && command -v dh >/dev/null; then
		try "Debian packages" "$root/tests/docs/debian.sh" "$build/debian"
	else
		skip "Debian packages" "dpkg-buildpackage and debhelper are not installed"
	fi
}

part_demo() {
	plain
	try "demo" "$root/fixtures/demo.sh" --build "$build/plain" &&
		try "README shows what the demo prints" python3 "$root/tests/docs/test_demo.py" \
			"$build/log/demo.log"
}

# ---------------------------------------------------------------- other versions of PostgreSQL

# on_version MAJOR COMMAND…: with a server of that version in place of the usual one, and its
# client programs first on PATH. A version that is not to be had is skipped.
on_version() {
	local major=$1 log=$build/log/version-$1.log client path=$PATH
	shift
	drv_postgresql_stop
	if ! "$root/fixtures/servers/versions.sh" "$root/build/servers" "$major" \
		>"$build/version" 2>"$log"; then
		skip "PostgreSQL $major" "$(tail -n 1 "$log")"
		return
	fi
	{ read -r DRV_POSTGRESQL_BIN && read -r client; } <"$build/version"
	if drv_postgresql_start "$build/postgresql-$major"; then
		PATH=$client:$PATH
		DRV_TEST_POSTGRESQL=$DRV_POSTGRESQL_URI "$@" "$major"
		PATH=$path
	else
		failed=$((failed + 1))
		echo "FAIL PostgreSQL $major does not start"
	fi
	drv_postgresql_stop
	unset DRV_POSTGRESQL_BIN
}

store_on() {
	local names
	mapfile -t names < <(meson test -C "$build/sanitized" --list --suite store 2>/dev/null |
		sed -n 's|.* / \(postgresql.*\)|\1|p')
	meson_tests "$build/sanitized" "PostgreSQL $1" "${names[@]}"
}

everything_on() {
	local common=(--quiet --drverify "$build/plain/cli/drverify"
		--mongo-command "$build/plain/fixtures/mongo_command")
	store_on "$1"
	cases "damage on $1" python3 "$root/tests/damage/run.py" "${common[@]}" \
		--generate "$build/plain/fixtures/generate"
	cases "chains on $1" python3 "$root/tests/damage/chains.py" "${common[@]}"
	cases "survey on $1" python3 "$root/tests/survey/run.py" "${common[@]}"
}

# The oldest and the newest that are supported; the usual server is of a version between them.
part_smoke() {
	sanitized
	on_version 13 store_on
	on_version 18 store_on
}

part_versions() {
	local major
	sanitized
	plain
	servers
	for major in 13 14 15 16 17 18; do on_version "$major" everything_on; done
	cases versions python3 "$root/tests/stability/run.py" --every --quiet \
		--drverify "$build/plain/cli/drverify" --versions "$root/build/servers"
}

# ---------------------------------------------------------------- fuzzing

fuzz_build() {
	CC=clang configure "$build/fuzz" -Dfuzzers=true -Db_sanitize=address,undefined \
		-Db_lundef=false && meson compile -C "$build/fuzz" fuzzers
}

# What is new stays under build/tests/fuzz-new; a failing input belongs into tests/fuzz/corpus.
part_fuzz() {
	local folder
	try "build fuzz" fuzz_build || return
	for folder in "$root"/tests/fuzz/corpus/*; do
		try "fuzz ${folder##*/}" "$root/tests/fuzz/run.sh" "$build/fuzz" \
			"${DRV_FUZZ_SECONDS:-300}" "$build/fuzz-new" "${folder##*/}"
	done
}

# ---------------------------------------------------------------- the run

finish() {
	local part
	[ "$skipped" -eq 0 ] || echo "Skipped tests were not tried; their reasons stand above."
	part="$passed passed, $failed failed"
	[ "$skipped" -eq 0 ] || part="$part, $skipped skipped"
	echo "$part"
}

clean_up() {
	trap '' INT TERM
	[ -z "${mongodb_build:-}" ] || kill -TERM -- "-$mongodb_build" 2>/dev/null
	drv_mongodb_stop
	rm -rf "$build/mongodb"
	drv_postgresql_stop
	rm -rf "$build/tmp"
}

trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

cd "$root" || exit 1
if wants valgrind analysis coverage; then drv_install_for_analysis; fi
drv_install_for_tests || exit 1
mkdir -p "$build/log" "$build/tmp"
export TMPDIR=$build/tmp
export DRV_CONFORMANCE=${DRV_CONFORMANCE:-$root/../shared/conformance}
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# A process that was killed leaves its counters in shared memory, and the driver of a later one with
# the same number says so on standard error.
export MONGOC_DISABLE_SHM=1
[ -d "$DRV_CONFORMANCE" ] || unset DRV_CONFORMANCE

if wants faults lies hostile store cli secrets embed damage lineage survey demo versions tsan \
	valgrind coverage; then
	build_mongodb_server
fi
for part in "${parts[@]}" "${on_demand[@]}"; do
	if wants "$part"; then
		echo "== $part"
		"part_$part"
	fi
done
finish
[ "$failed" -eq 0 ]
