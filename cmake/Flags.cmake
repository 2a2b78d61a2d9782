# SPDX-License-Identifier: Apache-2.0
option(STI_TESTS "build the tests" ON)
option(STI_FUZZ "build the fuzz targets (clang)" OFF)
option(STI_WERROR "warnings are errors" OFF)
option(STI_HARDEN "hardening flags of a release" OFF)
set(STI_SANITIZE "" CACHE STRING "sanitizers for -fsanitize=")
option(STI_COVERAGE "count what the tests reach" OFF)

add_library(sidetone_flags INTERFACE)
target_compile_definitions(sidetone_flags INTERFACE _GNU_SOURCE STI_VERSION="${PROJECT_VERSION}")
target_include_directories(sidetone_flags INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
target_compile_options(sidetone_flags INTERFACE
	-Wall -Wextra -Wconversion -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
	-Wpointer-arith -Wundef -fno-strict-aliasing -fno-delete-null-pointer-checks -fwrapv
	-fvisibility=hidden)
if(STI_WERROR)
	target_compile_options(sidetone_flags INTERFACE -Werror)
endif()
if(STI_HARDEN)
	target_compile_options(sidetone_flags INTERFACE
		-fstack-protector-strong -fstack-clash-protection -fcf-protection=full
		-ftrivial-auto-var-init=zero -D_FORTIFY_SOURCE=3)
	if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
		target_compile_options(sidetone_flags INTERFACE -fzero-call-used-regs=used-gpr)
	endif()
	target_link_options(sidetone_flags INTERFACE
		-Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code)
	set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
endif()
if(STI_SANITIZE)
	target_compile_options(sidetone_flags INTERFACE -fsanitize=${STI_SANITIZE} -fno-omit-frame-pointer
		-fno-sanitize-recover=all)
	target_link_options(sidetone_flags INTERFACE -fsanitize=${STI_SANITIZE})
endif()
if(STI_COVERAGE)
	target_compile_options(sidetone_flags INTERFACE --coverage)
	target_link_options(sidetone_flags INTERFACE --coverage)
endif()
