# SPDX-License-Identifier: Apache-2.0
# test/ROOM/test_NOUN.c tests src/ROOM/NOUN.c and may use the room and all it links.
pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
set(STI_VECTORS ${CMAKE_SOURCE_DIR}/../shared/vectors CACHE PATH "other people's test data; skipped, and said so, where absent")

file(GLOB support CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/support/*.c)
if(support)
	add_library(test_support STATIC ${support})
	target_link_libraries(test_support PUBLIC sidetone_flags PkgConfig::CMOCKA PkgConfig::JANSSON base)
	target_include_directories(test_support PUBLIC ${CMAKE_SOURCE_DIR}/test)
else()
	add_library(test_support INTERFACE)
	target_link_libraries(test_support INTERFACE PkgConfig::CMOCKA PkgConfig::JANSSON base)
endif()

set(test_environment "STI_VECTORS=${STI_VECTORS};STI_SOURCE=${CMAKE_SOURCE_DIR};STI_BUILD=${CMAKE_BINARY_DIR}")
foreach(room base json crypto jose pki passport trust role api store net app cmd)
	file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/${room}/test_*.c)
	foreach(source ${tests})
		get_filename_component(name ${source} NAME_WE)
		string(REPLACE "test_" "${room}_" name ${name})
		add_executable(test_${name} ${source})
		target_link_libraries(test_${name} PRIVATE ${room} test_support)
		add_test(NAME ${room}/${name} COMMAND test_${name})
		set_tests_properties(${room}/${name} PROPERTIES ENVIRONMENT "${test_environment}" TIMEOUT 120)
	endforeach()
endforeach()

# The second opinion on URLs.
target_link_libraries(test_base_url PRIVATE PkgConfig::CURL)

# Whole-program tests: test/scenario/*.py and test/interop/*.py drive the built program.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
file(GLOB scenarios CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/test/scenario/test_*.py ${CMAKE_SOURCE_DIR}/test/interop/test_*.py
	${CMAKE_SOURCE_DIR}/test/house/test_*.py)
foreach(source ${scenarios})
	get_filename_component(name ${source} NAME_WE)
	get_filename_component(folder ${source} DIRECTORY)
	get_filename_component(folder ${folder} NAME)
	string(REPLACE "test_" "" name ${name})
	add_test(NAME ${folder}/${name} COMMAND Python3::Interpreter ${source})
	set_tests_properties(${folder}/${name} PROPERTIES
		ENVIRONMENT "${test_environment};PYTHONPATH=${CMAKE_SOURCE_DIR}/test/support;PYTHONDONTWRITEBYTECODE=1"
		TIMEOUT 240 SKIP_RETURN_CODE 77)
endforeach()

# What the scenario tests run beside the program.
if(EXISTS ${CMAKE_SOURCE_DIR}/test/scenario/make_pki.c)
	add_executable(make_pki ${CMAKE_SOURCE_DIR}/test/scenario/make_pki.c)
	target_link_libraries(make_pki PRIVATE app)
endif()
if(EXISTS ${CMAKE_SOURCE_DIR}/test/scenario/broken_sign.c)
	add_library(broken_sign SHARED ${CMAKE_SOURCE_DIR}/test/scenario/broken_sign.c)
endif()
