#!/usr/bin/env bash
# bench.sh: measures drverify against a reference on the same data in the same run
#
# usage: bench.sh WHAT DRVERIFY GENERATE FOLDER, WHAT being a function below
# FOLDER holds the built drains; the throw-away server lives below it while this runs.
set -eu
what=$1 drverify=$2 generate=$3 built=$4 work=$4
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=/dev/null
. "$root/fixtures/servers/install.sh"
# shellcheck source=/dev/null
. "$root/fixtures/servers/postgresql.sh"
# shellcheck source=/dev/null
. "$root/fixtures/servers/mongodb.sh"

mkdir -p "$work"
work=$(mktemp -d "$work/bench.XXXXXX")
trap 'drv_postgresql_stop; drv_mongodb_stop; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
[ "$what" = mongodb ] || drv_postgresql_start "$work/pg" max_parallel_workers_per_gather=2

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

# From the command line to the first work on a source, of a document with a hundred checks: only what
# comes on top of connecting and asking once counts.
startup() {
	local number checks='{ "check": "connection", "source": "main" }'
	for number in {1..99}; do
		checks="$checks, { \"check\": \"row_count\", \"source\": \"main\", \"table\": \"public.t$number\", \"expect\": { \"min\": 1 } }"
	done
	echo "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"postgresql\" } }, \"checks\": [$checks] }" \
		>"$work/hundred.json"
	# One that warns of the settings of a throw-away server would end with 1.
	python3 "$here/compare.py" --rounds 21 --longer 'start-up with 100 checks against one query' 50 \
		-- sh -c '"$@"; [ $? -le 1 ]' sh "$drverify" -q --baseline "$work/hundred.json" \
		--only connection --source "main=$(connection postgres)" \
		-- sh -c '"$@"' sh "$built/drain" "$(connection postgres)" pg_catalog.pg_am 'SELECT oid FROM pg_catalog.pg_am' 1 binary
}

load_chain() {
	load "bench_$1" real --scale 1000 --audit-rows "$1"
}

# Our command line for the chain of the deployed shape, with jsonb metadata; rows, connections.
chain_command() {
	ours=("$drverify" -q --baseline "$root/fixtures/pet-platform/real.json"
		--only 'audit_chain:main' --jobs "$2" --source "main=$(connection "bench_$1")")
}

chain_of() {
	local rows=$1 jobs=$2 columns
	columns='SELECT action, "ipAddress", "legalBasis", metadata, "previousHash", purpose, resource, "resourceId", "timestamp", "userAgent", "userId", hash FROM public.audit_logs'
	chain_command "$rows" "$jobs"
	python3 "$here/compare.py" --rows "$rows" \
		"chain of $rows rows, $jobs connections, against draining it" 1.15 \
		-- "${ours[@]}" \
		-- "$built/drain" "$(connection "bench_$rows")" public.audit_logs "$columns" "$jobs" binary
}

chain() {
	local rows jobs failed=0
	for rows in 100000 1000000; do
		load_chain "$rows"
		for jobs in 1 2; do
			chain_of "$rows" "$jobs" || failed=1
		done
	done
	return "$failed"
}

# Peak memory does not grow with the rows.
memory() {
	local many few
	load_chain 10000
	load_chain 1000000
	chain_command 1000000 2
	many=("${ours[@]}")
	chain_command 10000 2
	few=("${ours[@]}")
	python3 "$here/compare.py" --rounds 2 --memory 32 'memory of 1,000,000 rows against 10,000' 1.1 \
		-- "${many[@]}" -- "${few[@]}"
}

# The script that an application would write: five times slower at least, on one connection each.
node() {
	local rows=200000 url
	if ! command -v npm >/dev/null; then
		echo 'no npm on this machine: skipped' >&2
		return 77
	fi
	load_chain "$rows"
	cp "$here"/node/* "$work"
	npm install --prefix "$work" --silent --no-audit --no-fund
	url="postgresql://$PGUSER@localhost/bench_$rows?host=$PGHOST&port=$PGPORT"
	chain_command "$rows" 1
	TZ=Asia/Seoul python3 "$here/compare.py" --rounds 3 --rows "$rows" \
		"chain of $rows rows against a script of node" 0.2 \
		-- "${ours[@]}" -- node "$work/verify.js" "$url"
}

# What SQL can express is the plan's shape: the same by lag() and sha256() on the server.
sql() {
	local rows=1000000 jobs failed=0
	load bench_plan plan --scale 1000 --audit-rows "$rows"
	for jobs in 1 2; do
		python3 "$here/compare.py" --rounds 3 --rows "$rows" \
			"plan's chain of $rows rows, $jobs connections, against SQL" 1 \
			-- "$drverify" -q --baseline "$root/fixtures/pet-platform/plan.json" \
			--only 'audit_chain:main' --jobs "$jobs" \
			--source "main=$(connection bench_plan)" \
			-- psql -X -q -v ON_ERROR_STOP=1 -d "$(connection bench_plan)" \
			-f "$here/lag.sql" || failed=1
	done
	return "$failed"
}

load_plain() {
	psql -X -q -d postgres -c "CREATE DATABASE plain_$1"
	psql -X -q -v ON_ERROR_STOP=1 -v rows="$1" -d "plain_$1" -f "$here/plain.sql"
}

# Captures what the JSON of a check asks for, with a key; name, URI, connections, store, check.
content_command() {
	[ -e "$work/key" ] || (umask 077 && head -c 32 /dev/urandom >"$work/key")
	echo "{ \"format\": \"drverify/1\", \"sources\": { \"main\": { \"store\": \"$4\" } }, \"checks\": [$5] }" \
		>"$work/content.json"
	"$drverify" capture -q --baseline "$work/content.json" --key "content=$work/key" \
		--source "main=$2" --write "json=$work/$1.json"
	ours=("$drverify" -q --baseline "$work/$1.json" --key "content=$work/key" --jobs "$3"
		--source "main=$2")
}

# The content of all of plain_ROWS; rows, connections.
plain_command() {
	content_command "plain_$1" "$(connection "plain_$1")" "$2" postgresql \
		'{ "check": "content", "source": "main", "table": "public.plain" }'
}

content_of() {
	local rows=$1 jobs=$2 format=$3 limit=$4 columns
	columns='SELECT id, owner, name, email, city, note, visits, balance, active, created_at FROM public.plain'
	plain_command "$rows" "$jobs"
	python3 "$here/compare.py" --rows "$rows" \
		"content of $rows rows, $jobs connections, against draining them as $format" "$limit" \
		-- "${ours[@]}" \
		-- "$built/drain" "$(connection "plain_$rows")" public.plain "$columns" "$jobs" "$format"
}

content() {
	local rows=2000000 jobs failed=0
	load_plain "$rows"
	for jobs in 1 2; do
		content_of "$rows" "$jobs" binary 1.15 || failed=1
		content_of "$rows" "$jobs" text 0.85 || failed=1
	done
	return "$failed"
}

# The server hashes by itself, against one connection that drains the same rows.
content_server() {
	local rows=2000000 columns
	columns='SELECT id, owner, name, email, city, note, visits, balance, active, created_at FROM public.plain'
	load_plain "$rows"
	content_command server "$(connection "plain_$rows")" 1 postgresql \
		'{ "check": "content", "source": "main", "table": "public.plain", "method": "server" }'
	python3 "$here/compare.py" --rows "$rows" \
		"content of $rows rows by the server, against draining them as binary" 0.5 \
		-- "${ours[@]}" \
		-- "$built/drain" "$(connection "plain_$rows")" public.plain "$columns" 1 binary
}

content_memory() {
	local many few
	load_plain 100000
	load_plain 10000000
	plain_command 10000000 2
	many=("${ours[@]}")
	plain_command 100000 2
	few=("${ours[@]}")
	python3 "$here/compare.py" --rounds 2 --memory 32 \
		'memory of the content of 10,000,000 rows against 100,000' 1.1 \
		-- "${many[@]}" -- "${few[@]}"
}

# Other programs need both sides, so each reads two databases; those that are on PATH are tried.
peers() {
	local rows=2000000 other failed=0
	load_plain "$rows"
	psql -X -q -d postgres -c "CREATE DATABASE other TEMPLATE plain_$rows"
	plain_command "$rows" 2
	other="postgresql://$PGUSER@$(printf %s "$PGHOST" | sed 's#/#%2F#g'):$PGPORT"
	if command -v pg_comparator >/dev/null; then
		psql -X -q -d "plain_$rows" -c 'CREATE EXTENSION pgcmp'
		psql -X -q -d other -c 'CREATE EXTENSION pgcmp'
		peer pg_comparator 0.333 pg_comparator \
			"pgsql:///plain_$rows/public.plain?id:owner,name,email,city,note,visits,balance,active,created_at" \
			'pgsql:///other/public.plain' || failed=1
	fi
	if command -v pgcopydb >/dev/null; then
		peer 'pgcopydb compare data' 0.25 bash -c 'rm -rf "$0" && exec pgcopydb compare data --dir "$@"' \
			"$work/pgcopydb" "$work/pgcopydb" --source "$other/plain_$rows" \
			--target "$other/other" || failed=1
	fi
	if command -v reladiff >/dev/null; then
		peer reladiff 0.125 reladiff "$other/plain_$rows" public.plain "$other/other" \
			public.plain -k id -c % -s || failed=1
	fi
	return "$failed"
}

# Name, limit, command: ours holds our side.
peer() {
	local name=$1 limit=$2
	shift 2
	python3 "$here/compare.py" --rounds 3 "content of $rows rows, 2 connections, against $name" \
		"$limit" -- "${ours[@]}" -- "$@"
}

load_mongodb() {
	DRV_MONGODB_BUILD=${DRV_MONGODB_BUILD:-$root/build/servers} drv_mongodb_start "$work/mongodb"
	"$generate" --output mongodb --uri "$DRV_MONGODB_URI" --database bench --scale 1000 \
		--audit-rows "$1"
}

mongodb() {
	local rows=20000 failed=0
	load_mongodb "$rows"
	python3 "$here/compare.py" --rounds 5 --rows "$rows" \
		"chain of $rows documents against draining the cursor" 1.2 \
		-- "$drverify" -q --baseline "$root/fixtures/pet-platform/real.json" \
		--only 'audit_chain:search' --source "search=${DRV_MONGODB_URI}bench" \
		-- "$built/drain_mongodb" "$DRV_MONGODB_URI" bench audit_events || failed=1
	content_command documents "${DRV_MONGODB_URI}bench" 2 mongodb \
		'{ "check": "content", "source": "main", "collection": "audit_events" }'
	python3 "$here/compare.py" --rounds 5 --rows "$rows" \
		"content of $rows documents against draining the cursor" 1.15 \
		-- "${ours[@]}" \
		-- "$built/drain_mongodb" "$DRV_MONGODB_URI" bench audit_events || failed=1
	return "$failed"
}

"$what"
