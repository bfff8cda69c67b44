#!/usr/bin/env bash
# bench.sh: measures drverify against a reference on the same data in the same run
#
# usage: bench.sh counts|chain DRVERIFY GENERATE DRAIN WORKDIR
set -eu
what=$1 drverify=$2 generate=$3 drain=$4 work=$5
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=/dev/null
. "$root/fixtures/servers/install.sh"
# shellcheck source=/dev/null
. "$root/fixtures/servers/postgresql.sh"

mkdir -p "$work"
work=$(mktemp -d "$work/bench.XXXXXX")
trap 'drv_postgresql_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
drv_postgresql_start "$work/pg" max_parallel_workers_per_gather=2

load() {
	sh "$root/fixtures/pet-platform/load.sh" "$generate" "$@"
}

connection() {
	echo "host=$PGHOST port=$PGPORT user=$PGUSER dbname=$1"
}

# The tables of the deployed shape at full size, users twice to make the plan's seven counts.
counts() {
	local tables='users pets health_notes insurance_claims hospital_payments audit_logs users'
	local table checks='' queries=()
	load bench_real real
	for table in $tables; do
		checks="$checks${checks:+,} { \"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.$table\", \"expect\": { \"min\": 1 } }"
		queries+=(-c "SELECT count(*) FROM public.$table")
	done
	echo "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"postgresql\" } }, \"checks\": [$checks] }" \
		>"$work/counts.json"
	python3 "$here/compare.py" 'seven counts of the heap against psql' 1.3 \
		-- "$drverify" -q --baseline "$work/counts.json" --source "main=$(connection bench_real)" \
		-- psql -X -q -At -d "$(connection bench_real)" "${queries[@]}"
}

# The chain of the deployed shape, with jsonb metadata; rows, connections.
chain_of() {
	local rows=$1 jobs=$2 columns
	columns='SELECT action, "ipAddress", "legalBasis", metadata, "previousHash", purpose, resource, "resourceId", "timestamp", "userAgent", "userId", hash FROM public.audit_logs'
	python3 "$here/compare.py" "chain of $rows rows, $jobs connections, against draining it" 1.5 \
		-- "$drverify" -q --baseline "$root/fixtures/pet-platform/real.json" \
		--only 'audit_chain:main' --jobs "$jobs" --source "main=$(connection "bench_$rows")" \
		-- "$drain" "$(connection "bench_$rows")" public.audit_logs "$columns" "$jobs"
}

chain() {
	local rows jobs failed=0
	for rows in 100000 1000000; do
		load "bench_$rows" real --scale 1000 --audit-rows "$rows"
		for jobs in 1 2; do
			chain_of "$rows" "$jobs" || failed=1
		done
	done
	return "$failed"
}

"$what"
