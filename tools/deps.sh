#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh PURPOSE...: installs what tools/packages lists for the purposes, and nothing when all is there.
set -eu
here=$(dirname "$0")

list() {
	for purpose; do
		awk -v purpose="$purpose" '$1 !~ /^#/ && $2 == purpose { print $1 }' "$here/packages"
	done
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "deps: neither root nor sudo; run as root: $*" >&2
		exit 1
	fi
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "deps: this is no Debian; needed are: $(list "$@" | tr '\n' ' ')" >&2
	exit 1
fi
missing=
for package in $(list "$@"); do
	is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
	echo "deps: everything for $* is installed"
	exit 0
fi
echo "deps: installing$missing"
as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q </dev/null
# shellcheck disable=SC2086 # a list of words
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing </dev/null
