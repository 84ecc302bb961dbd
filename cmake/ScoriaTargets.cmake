# One target per folder of src/: scoria_folder(). Everything links scoria_flags.
find_package(Threads REQUIRED)

# The scoring library is also a shared one (src/capi). Without interposition calls within it stay direct.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(scoria_flags INTERFACE)
target_compile_features(scoria_flags INTERFACE cxx_std_20)
target_include_directories(scoria_flags INTERFACE "${CMAKE_SOURCE_DIR}/src")
# -Wno-missing-field-initializers: a designated initializer leaves the rest to the defaults on purpose.
# -ffp-contract=off: R and sklearn do not fuse; a fused multiply-add would give other numbers (DESIGN: arithmetic rules).
target_compile_options(scoria_flags INTERFACE -ffp-contract=off -fno-semantic-interposition -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                              -Woverloaded-virtual -Wcast-qual
                                              -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 reports overlaps in its own std::string that cannot happen (GCC bug 105651).
  target_compile_options(scoria_flags INTERFACE -Wno-restrict)
endif()
if(SCORIA_WERROR)
  target_compile_options(scoria_flags INTERFACE -Werror)
endif()
if(SCORIA_SANITIZE)
  target_compile_options(scoria_flags INTERFACE -fsanitize=${SCORIA_SANITIZE} -fno-sanitize-recover=all
                                                -fno-omit-frame-pointer)
  target_link_options(scoria_flags INTERFACE -fsanitize=${SCORIA_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    # Under sanitizers GCC 12 takes std::function within std::regex for uninitialized (GCC bug 105562).
    target_compile_options(scoria_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A unit includes its .cc files, and GCC takes what is included for headers: types of theirs must then not use an anonymous namespace.
  target_compile_options(scoria_flags INTERFACE -Wno-subobject-linkage)
endif()
find_program(SCORIA_CCACHE ccache)
if(SCORIA_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SCORIA_CCACHE}")
endif()

# What only tests run is compiled with little optimization: it runs once, and compiling it takes most of a build's time.
add_library(scoria_test_flags INTERFACE)
target_compile_options(scoria_test_flags INTERFACE $<$<CONFIG:Release>:-O1>)

# scoria_test(NAME COMMAND...): a ctest test; a GoogleTest program leaves its report where tools/run_tests counts the cases.
function(scoria_test name)
  add_test(NAME ${name} COMMAND ${ARGN})
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "GTEST_OUTPUT=xml:${CMAKE_BINARY_DIR}/gtest/${name}.xml")
endfunction()

# scoria_folder(NAME SOURCES a.cc ... TESTS a_test.cc ... DEPENDS scoria_base ... LINK external ...)
# makes the library scoria_NAME and, with SCORIA_TESTS, the test program NAME_test registered with ctest.
function(scoria_folder name)
  cmake_parse_arguments(arg "" "" "SOURCES;TESTS;DEPENDS;LINK;TEST_LINK" ${ARGN})
  add_library(scoria_${name} STATIC ${arg_SOURCES})
  target_link_libraries(scoria_${name} PUBLIC scoria_flags ${arg_DEPENDS} PRIVATE ${arg_LINK})
  if(SCORIA_TESTS AND arg_TESTS)
    add_executable(${name}_test ${arg_TESTS})
    target_link_libraries(${name}_test PRIVATE scoria_test_flags scoria_${name} GTest::gtest GTest::gmock GTest::gtest_main ${arg_TEST_LINK})
    target_compile_definitions(${name}_test PRIVATE SCORIA_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    scoria_test(${name} ${name}_test)
  endif()
endfunction()
