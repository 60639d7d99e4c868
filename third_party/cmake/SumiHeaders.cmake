# For a machine without our packages and without a network (bench/gpu_carry.sh): fmt, nlohmann_json, doctest and CLI11 as
# headers from the folder SUMI_HEADERS, under the names that find_package would give them; and zlib (zlib.h, zconf.h,
# libz.a) where the machine has none to build with.
set(SUMI_HEADERS "" CACHE PATH "Folder with fmt/, nlohmann/, doctest/ and CLI/; empty: the installed packages")
if(SUMI_HEADERS)
  foreach(target fmt::fmt nlohmann_json::nlohmann_json doctest::doctest CLI11::CLI11)
    add_library(${target} INTERFACE IMPORTED GLOBAL)
    target_include_directories(${target} SYSTEM INTERFACE ${SUMI_HEADERS})
  endforeach()
  target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY=1)
  foreach(package fmt nlohmann_json doctest CLI11)
    # find_package(... REQUIRED) reads this file, which finds nothing because all is there.
    set(${package}_DIR ${CMAKE_BINARY_DIR}/headers/${package})
    file(WRITE ${${package}_DIR}/${package}Config.cmake "")
  endforeach()
  find_package(ZLIB QUIET)
  if(NOT ZLIB_FOUND AND EXISTS ${SUMI_HEADERS}/libz.a)
    set(ZLIB_INCLUDE_DIR ${SUMI_HEADERS} CACHE PATH "" FORCE)
    set(ZLIB_LIBRARY ${SUMI_HEADERS}/libz.a CACHE FILEPATH "" FORCE)
    set(ZLIB_LIBRARY_RELEASE ${SUMI_HEADERS}/libz.a CACHE FILEPATH "" FORCE)
  endif()
endif()
