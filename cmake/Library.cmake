# SPDX-License-Identifier: Apache-2.0
# libsti: the rooms base … role as one shared library that shows only what STI_API marks.
include(GNUInstallDirs)
add_library(sti SHARED ${CMAKE_SOURCE_DIR}/cmake/library.c)
target_link_libraries(sti PRIVATE sidetone_flags
	-Wl,--whole-archive base json crypto jose pki passport trust role -Wl,--no-whole-archive
	OpenSSL::Crypto)
target_include_directories(sti INTERFACE ${CMAKE_SOURCE_DIR}/include)
set_target_properties(sti PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION 0)

configure_file(${CMAKE_SOURCE_DIR}/cmake/libsti.pc.in libsti.pc @ONLY)
install(TARGETS sti LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/sti DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${CMAKE_BINARY_DIR}/libsti.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
