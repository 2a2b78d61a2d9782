# SPDX-License-Identifier: Apache-2.0
if(EXISTS ${CMAKE_SOURCE_DIR}/src/cmd/main.c)
	add_executable(sidetone ${CMAKE_SOURCE_DIR}/src/cmd/main.c)
	target_link_libraries(sidetone PRIVATE cmd)
	install(TARGETS sidetone RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# One compiled example each for signing and verifying, against the shared library alone.
file(GLOB examples CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/examples/*.c)
foreach(source ${examples})
	get_filename_component(name ${source} NAME_WE)
	add_executable(example_${name} ${source})
	target_link_libraries(example_${name} PRIVATE sti)
	target_compile_options(example_${name} PRIVATE -std=c11 -Wall -Wextra)
	target_link_options(example_${name} PRIVATE $<TARGET_PROPERTY:sidetone_flags,INTERFACE_LINK_OPTIONS>)
endforeach()
