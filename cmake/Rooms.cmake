# SPDX-License-Identifier: Apache-2.0
# sti_room(NAME LINK [rooms and packages]): one static library from src/NAME/*.c.
function(sti_room name)
	cmake_parse_arguments(ROOM "" "" "LINK" ${ARGN})
	file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.c)
	list(FILTER sources EXCLUDE REGEX "/main\\.c$")
	if(NOT sources)
		add_library(${name} INTERFACE)
		target_link_libraries(${name} INTERFACE ${ROOM_LINK})
		return()
	endif()
	add_library(${name} STATIC ${sources})
	# Not libcrypto.a: that name is OpenSSL's.
	set_target_properties(${name} PROPERTIES OUTPUT_NAME room_${name})
	target_link_libraries(${name} PUBLIC sidetone_flags ${ROOM_LINK})
endfunction()
