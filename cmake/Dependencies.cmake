# SPDX-License-Identifier: Apache-2.0
# Debian 12 packages only; `make deps` installs them.
find_package(OpenSSL 3.0 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(CONFUSE REQUIRED IMPORTED_TARGET libconfuse)

# llhttp: a library where the distribution has one, else the C sources of Debian's node-llhttp,
# compiled here with warnings off and their headers as system headers.
pkg_check_modules(LLHTTP QUIET IMPORTED_TARGET libllhttp)
if(LLHTTP_FOUND)
	add_library(sidetone_llhttp INTERFACE)
	target_link_libraries(sidetone_llhttp INTERFACE PkgConfig::LLHTTP)
else()
	set(LLHTTP_SOURCES /usr/share/llhttp CACHE PATH "where node-llhttp keeps its C sources")
	add_library(sidetone_llhttp STATIC ${LLHTTP_SOURCES}/llhttp.c ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c)
	target_compile_options(sidetone_llhttp PRIVATE -w -fvisibility=hidden)
	target_include_directories(sidetone_llhttp SYSTEM PUBLIC ${LLHTTP_SOURCES}/../include/llhttp)
endif()
