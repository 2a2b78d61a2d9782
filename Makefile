# SPDX-License-Identifier: Apache-2.0
# A thin front for people; CMakePresets.json does the work. On a fresh Debian 12: make lab, make test.
FUZZ_SECONDS ?= 5
TSAN_TESTS ?= ^(crypto|pki|trust|net|store|app)/

.PHONY: help deps deps-fuzz deps-coverage release lab test asan tsan fuzz coverage clean

help:
	@echo 'make lab       installs what is missing, builds a release, runs the lab'
	@echo 'make test      installs what is missing, builds, runs every test'
	@echo 'make deps      installs what building and testing need (tools/packages), nothing else'
	@echo 'make release   builds a release in build/release'
	@echo 'make asan      every test under the address and undefined-behaviour sanitizers'
	@echo 'make tsan      the threaded tests under the thread sanitizer'
	@echo 'make fuzz      every fuzz target, FUZZ_SECONDS=$(FUZZ_SECONDS) each'
	@echo 'make coverage  what the tests reach, in build/coverage/coverage.txt'
	@echo 'make clean     removes build/'

deps:
	@sh tools/deps.sh build test

deps-fuzz: deps
	@sh tools/deps.sh fuzz

deps-coverage: deps
	@sh tools/deps.sh coverage

release: deps
	cmake --preset release
	cmake --build --preset release --target sidetone sti

lab: release
	@echo build/release/sidetone lab; start=$$(date +%s%N); build/release/sidetone lab; status=$$?; \
		echo "the lab took $$((($$(date +%s%N) - start) / 1000000)) ms"; exit $$status

test: deps
	cmake --preset dev
	cmake --build --preset dev
	ctest --preset dev

asan: deps
	cmake --preset asan
	cmake --build --preset asan
	ctest --preset asan

tsan: deps
	cmake --preset tsan
	cmake --build --preset tsan
	ctest --preset tsan -R '$(TSAN_TESTS)'

fuzz: deps-fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz
	sh tools/fuzz.sh build/fuzz $(FUZZ_SECONDS)

coverage: deps-coverage
	cmake --preset coverage
	cmake --build --preset coverage
	ctest --preset coverage
	gcovr --root . --filter src/ --output build/coverage/coverage.txt build/coverage
	@tail -5 build/coverage/coverage.txt

clean:
	rm -rf build
