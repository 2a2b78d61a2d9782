#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# fuzz.sh BUILD SECONDS: runs every fuzz target of a build that long, from the seeds in fuzz/corpus/NOUN.
set -eu
build=$1
seconds=$2
source=$(cd "$(dirname "$0")/.." && pwd)
status=0

run_target() {
	noun=${1##*/fuzz_}
	found=$build/corpus/$noun
	seeds=$source/fuzz/corpus/$noun
	mkdir -p "$found"
	[ -d "$seeds" ] || seeds=
	echo "fuzz: $noun for $seconds s"
	# shellcheck disable=SC2086 # no seeds, no word
	if ! "$1" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=16384 \
		-artifact_prefix="$build/crash_${noun}_" "$found" $seeds </dev/null >"$build/$noun.log" 2>&1; then
		tail -40 "$build/$noun.log" >&2
		return 1
	fi
	tail -1 "$build/$noun.log"
}

for target in "$build"/fuzz_*; do
	if [ ! -x "$target" ] || [ -d "$target" ]; then
		continue
	fi
	run_target "$target" || status=1
done
exit $status
