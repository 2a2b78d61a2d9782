# SPDX-License-Identifier: Apache-2.0
# STI_BUILD_DATE, seconds of the epoch: time cannot be before it (src/app/timekeeper.h). Never the clock of the
# machine that builds, so that two builds of one commit are the same octets: SOURCE_DATE_EPOCH, as packagers set it,
# else the date of the commit, else that of this release line. A day is taken off, for the clocks of those who
# commit are not ours.
set(STI_RELEASE_DATE 1767225600) # 2026-01-01
find_package(Git QUIET)
if(DEFINED ENV{SOURCE_DATE_EPOCH})
	set(STI_BUILD_DATE "$ENV{SOURCE_DATE_EPOCH}")
elseif(GIT_FOUND AND EXISTS ${CMAKE_SOURCE_DIR}/.git)
	execute_process(COMMAND ${GIT_EXECUTABLE} log -1 --format=%ct WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
		OUTPUT_VARIABLE STI_BUILD_DATE OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT STI_BUILD_DATE MATCHES "^[0-9]+$" OR STI_BUILD_DATE LESS 86400)
	set(STI_BUILD_DATE ${STI_RELEASE_DATE})
endif()
math(EXPR STI_BUILD_DATE "${STI_BUILD_DATE} - 86400")
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/cmd/server.c PROPERTIES
	COMPILE_DEFINITIONS "STI_BUILD_DATE=INT64_C(${STI_BUILD_DATE})")
