# SPDX-License-Identifier: Apache-2.0
# fuzz/fuzz_NOUN.c: one target per parser, libFuzzer of clang. First line: /* fuzz: ROOM */ names the room it links.
file(GLOB targets CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/fuzz/fuzz_*.c)
foreach(source ${targets})
	get_filename_component(name ${source} NAME_WE)
	file(STRINGS ${source} head LIMIT_COUNT 3)
	string(REGEX MATCH "fuzz: ([a-z]+)" _ "${head}")
	set(room ${CMAKE_MATCH_1})
	add_executable(${name} ${source})
	target_link_libraries(${name} PRIVATE ${room})
	target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
	target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endforeach()
