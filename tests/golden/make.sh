#!/usr/bin/env bash
# make.sh: makes the golden vectors anew, all or those named: ./make.sh go php. It needs the languages;
# each file's first line says which version made it. Java must be 19 or later; .NET is the package
# dotnetcore2, called by pythonnet, both for Python (PYTHON says which one has them).
set -eu
cd "$(dirname "$0")"
work=${TMPDIR:-/tmp}/golden.$$
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"

# The version of serde_json decides which of two libraries prints floats.
rust() { # FILE VERSION NUMBERS
	mkdir -p "$work/rust"
	cp rust/main.rs "$work/rust"
	sed "s/^serde_json = { version = \"1\"/serde_json = { version = \"=$2\"/" rust/Cargo.toml > "$work/rust/Cargo.toml"
	rm -f "$work/rust/Cargo.lock"
	CARGO_TARGET_DIR=$work/target cargo build -q --manifest-path "$work/rust/Cargo.toml"
	"$work/target/debug/golden" "$(rustc --version), serde_json $2" "./make.sh $1" "$3" < inputs.jsonl > "$1.jsonl"
}

make() {
	case $1 in
	javascript) node javascript.js < inputs.jsonl > javascript.jsonl ;;
	python) python3 python.py < inputs.jsonl > python.jsonl ;;
	go) go run golden.go < inputs.jsonl > go.jsonl ;;
	serde) rust serde 1.0.145 serde ;;
	serde-zmij) rust serde-zmij 1.0.154 'serde zmij' ;;
	java)
		mvn -q -f java/pom.xml dependency:build-classpath -Dmdep.outputFile="$work/classpath"
		"${JAVA_HOME:+$JAVA_HOME/bin/}java" -Dstdout.encoding=UTF-8 -cp "$(cat "$work/classpath")" java/Golden.java './make.sh java' \
			< inputs.jsonl > java.jsonl ;;
	php) php golden.php < inputs.jsonl > php.jsonl ;;
	dotnet) "${PYTHON:-python3}" dotnet.py < inputs.jsonl > dotnet.jsonl ;;
	*) echo "make.sh: no language $1" >&2; exit 1 ;;
	esac
}

python3 inputs.py > inputs.jsonl
[ $# -gt 0 ] || set -- javascript python go serde serde-zmij java php dotnet
for language; do make "$language"; done
