#!/usr/bin/env bash
# debian.sh: builds the Debian packages of a copy of the tree, and uses them from a folder
#
# usage: tests/docs/debian.sh FOLDER
# FOLDER is made anew: source, packages, and root, into which they are unpacked.
set -eu

folder=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
rm -rf "$folder"
mkdir -p "$folder/source" "$folder/root"
folder=$(cd "$folder" && pwd)

fail() {
	echo "debian.sh: $*" >&2
	exit 1
}

# An image cannot be built here; that its recipe names what there is can be looked at: packages of
# Debian 12, what the build gives, and the program where the package has it.
check_image() {
	local recipe=$root/contrib/Dockerfile words package
	words=$(sed -e ':join' -e '/\\$/{N;s/\\\n//;b join' -e '}' "$recipe" |
		grep -o 'apt-get install [^&|]*' | tr -s ' \t' '\n' | grep -v '^apt-get$\|^install$\|^-\|/')
	[ "$(echo "$words" | wc -l)" -ge 10 ] || fail "$recipe installs hardly anything: $words"
	for package in $words; do
		apt-cache show "$package" >/dev/null 2>&1 || fail "$recipe: there is no package $package"
	done
	# Everything that the package's own list of needs names, and no more than that and its tools.
	for package in $(sed -n '/^Build-Depends:/,/^[A-Z]/p' debian/control |
		grep -o '[a-z][a-z0-9.+-]*-dev'); do
		[ "$package" = libcmocka-dev ] || echo "$words" | grep -qx "$package" ||
			fail "$recipe does not install $package"
	done
	for package in $(grep -o '/[a-z0-9]*_\*\.deb' "$recipe" | grep -v '^/\*' | tr -d '/*' | sed 's/_.*//'); do
		grep -q "^Package: $package\$" debian/control || fail "$recipe copies $package, which is not built"
	done
	grep -q '^ENTRYPOINT \["/usr/bin/drverify"\]$' "$recipe" || fail "$recipe starts something else"
	grep -q '^USER [1-9][0-9]*:[1-9][0-9]*$' "$recipe" || fail "$recipe runs as root"
}

cd "$root"
check_image
git ls-files -z --cached --others --exclude-standard |
	tar --create --null --files-from - | tar --extract --directory "$folder/source"
cd "$folder/source"
DEB_BUILD_OPTIONS="parallel=2 noautodbgsym" dpkg-buildpackage --build=binary --no-sign

version=$(sed -n "s/^  version: '\(.*\)',$/\1/p" meson.build)
architecture=$(dpkg --print-architecture)
triplet=$(dpkg-architecture --query DEB_HOST_MULTIARCH)
for package in drverify libdrverify0 libdrverify-dev; do
	dpkg-deb --extract "$folder/${package}_${version}_$architecture.deb" "$folder/root"
done

# Each file is in the package that it belongs to.
expect_in() {
	dpkg-deb --contents "$folder/$1_${version}_$architecture.deb" | sed 's/ -> .*//' |
		grep -q " \./$2\$" || fail "$1 lacks $2"
}
expect_in drverify usr/bin/drverify
expect_in drverify usr/share/man/man1/drverify.1.gz
expect_in drverify usr/share/man/man5/drverify-document.5.gz
expect_in drverify usr/share/bash-completion/completions/drverify
expect_in drverify usr/share/fish/vendor_completions.d/drverify.fish
expect_in drverify usr/share/zsh/vendor-completions/_drverify
expect_in drverify usr/share/doc/drverify/examples/drverify.service
expect_in libdrverify0 "usr/lib/$triplet/libdrverify.so.0"
expect_in libdrverify-dev usr/include/drverify.h
expect_in libdrverify-dev "usr/lib/$triplet/libdrverify.a"
expect_in libdrverify-dev "usr/lib/$triplet/libdrverify.so"
expect_in libdrverify-dev usr/share/man/man3/libdrverify.3.gz
dpkg-deb --field "$folder/drverify_${version}_$architecture.deb" Depends |
	grep -q 'libdrverify0 (>= ' || fail "drverify does not depend on libdrverify0"

# The program and the library work from where they were unpacked.
export LD_LIBRARY_PATH=$folder/root/usr/lib/$triplet
[ "$("$folder/root/usr/bin/drverify" --version)" = "drverify $version" ] || fail "wrong version"
export PKG_CONFIG_PATH=$LD_LIBRARY_PATH/pkgconfig PKG_CONFIG_SYSROOT_DIR=$folder/root
example=$folder/root/usr/share/doc/libdrverify-dev/examples/embed.c
# shellcheck disable=SC2046
cc "$example" $(pkg-config --cflags --libs drverify) -o "$folder/embed"
status=0
DRVERIFY_SOURCE_MAIN='' "$folder/embed" "$root/tests/embed.json" "main=host=/nonexistent" \
	>"$folder/embed.out" || status=$?
[ $status -eq 3 ] && grep -q source.unreachable "$folder/embed.out" || {
	cat "$folder/embed.out"
	fail "the example ended with $status"
}
echo "packages built, unpacked and used"
