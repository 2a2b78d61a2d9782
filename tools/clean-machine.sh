#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# clean-machine.sh [FOLDER]: proves the two commands on a Debian 12 that has only git and make added.
# Makes one with debootstrap in FOLDER (default: a new temporary folder, removed afterwards), clones this
# repository into it, and ../shared if it is there, then runs `make lab` and `make test`, nothing before.
# As root. The mirror, proxies, keys and certificates are this machine's own.
set -euo pipefail

if [ "$(id -u)" != 0 ]; then
	echo "clean-machine: must be root (debootstrap, chroot)" >&2
	exit 2
fi
if ! command -v debootstrap >/dev/null; then
	echo "clean-machine: debootstrap is missing: apt-get install debootstrap" >&2
	exit 2
fi
# Mounts live in a name space of their own, so that they are gone whatever becomes of us.
if [ -z "${CLEAN_MACHINE_INSIDE:-}" ]; then
	exec env CLEAN_MACHINE_INSIDE=1 unshare --mount --propagation private "$0" "$@"
fi

source=$(cd "$(dirname "$0")/.." && pwd)
machine=${1:-}
suite=bookworm
made=

clean_up() {
	local at
	for at in dev/shm dev/pts dev proc; do
		umount -l "$machine/$at" 2>/dev/null || true
	done
	[ -z "$made" ] || rm -rf --one-file-system "$machine"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() {
	echo "clean-machine: $*"
}

mirror() {
	# shellcheck disable=SC2016 # the dollars are apt's
	apt-get indextargets --format '$(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }'
}

# debootstrap fetches by itself: it must go the way that apt goes.
use_proxy_of_apt() {
	local proxy=
	eval "$(apt-config shell proxy Acquire::http::Proxy)"
	if [ -n "$proxy" ] && [ "$proxy" != DIRECT ]; then
		export http_proxy=${http_proxy:-$proxy} https_proxy=${https_proxy:-$proxy}
	fi
}

carry_over() { # a folder or file of this machine's configuration
	[ -e "$1" ] || return 0
	mkdir -p "$machine$(dirname "$1")"
	rm -rf "${machine:?}$1"
	cp -aL "$1" "$machine$1"
}

make_machine() {
	local from
	from=$(mirror)
	[ -n "$from" ] || { echo "clean-machine: apt knows no mirror of $suite" >&2; exit 3; }
	use_proxy_of_apt
	say "debootstrap of $suite, minimal"
	debootstrap --variant=minbase "$suite" "$machine" "$from" >"$machine.log" 2>&1 ||
		{ tail -20 "$machine.log" >&2; exit 3; }
	rm -f "$machine.log"
	carry_over /etc/apt
	carry_over /usr/share/keyrings
	carry_over /etc/ssl/certs
	carry_over /usr/local/share/ca-certificates
	carry_over /etc/resolv.conf
	carry_over /etc/hosts
}

mount_all() {
	mount -t proc proc "$machine/proc"
	mount -t tmpfs -o mode=755 tmpfs "$machine/dev"
	local name
	for name in null:3 zero:5 full:7 random:8 urandom:9; do
		mknod -m 666 "$machine/dev/${name%:*}" c 1 "${name#*:}"
	done
	mknod -m 666 "$machine/dev/tty" c 5 0
	ln -s /proc/self/fd "$machine/dev/fd"
	ln -s fd/0 "$machine/dev/stdin"
	ln -s fd/1 "$machine/dev/stdout"
	ln -s fd/2 "$machine/dev/stderr"
	mkdir "$machine/dev/shm" "$machine/dev/pts"
	mount -t tmpfs -o mode=1777,size=1g tmpfs "$machine/dev/shm"
	mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"
	ln -s pts/ptmx "$machine/dev/ptmx"
}

inside() {
	env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
		${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
		${no_proxy:+"no_proxy=$no_proxy"} chroot "$machine" "$@" </dev/null
}

clone() {
	say "adding git and make"
	inside sh -c 'apt-get update -qq && apt-get install -qq -y --no-install-recommends git make' >/dev/null
	say "a clean clone of $(git -C "$source" rev-parse --short HEAD)"
	mkdir -p "$machine/root/work"
	git clone -q --no-local "$source" "$machine/root/work/sidetone"
	if [ -d "$source/../shared" ]; then
		cp -aL "$source/../shared" "$machine/root/work/shared"
	fi
}

run() { # one command in the clone, its time behind it
	local start=$EPOCHREALTIME
	say "$*"
	inside sh -c 'cd /root/work/sidetone && exec "$@"' sh "$@"
	say "$* took $(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
}

if [ -z "$machine" ]; then
	machine=$(mktemp -d --tmpdir clean-machine.XXXXXX)
	made=yes
fi
mkdir -p "$machine"
if [ -n "$(ls -A "$machine")" ]; then
	echo "clean-machine: $machine is not empty" >&2
	machine=/nonexistent
	exit 2
fi
chmod 755 "$machine"
make_machine
mount_all
clone
run make lab
run make test
say "both commands passed"
