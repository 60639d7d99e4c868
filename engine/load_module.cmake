# The build side of engine/load_module.h: a module that a library opens with dlopen when it is first needed.
include(GNUInstallDirs)
set(SUMI_MODULE_INSTALL_DIR ${CMAKE_INSTALL_LIBDIR}/sumi)
file(RELATIVE_PATH SUMI_MODULE_DIR_FROM_PROGRAM ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/sumi)

# Sets VARIABLE to the stamp by which a program knows its own module: the version, and a hash of the compiler and of
# the headers (paths from this directory) that both are compiled with.
function(sumi_module_stamp variable)
  set(text ${PROJECT_VERSION}${CMAKE_CXX_COMPILER_ID}${CMAKE_CXX_COMPILER_VERSION})
  foreach(header ${ARGN})
    file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/${header} sum)
    string(APPEND text ${sum})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${header})
  endforeach()
  string(SHA256 hash ${text})
  string(SUBSTRING ${hash} 0 12 hash)
  set(${variable} ${PROJECT_VERSION}-${hash} PARENT_SCOPE)
endfunction()

# Makes the MODULE target `target` the file sumi_<name> beside the programs, installs it, and tells `loader`, a source
# of `library`, how to find it. The headers that follow are stamped. Both sides see SUMI_<NAME>_STAMP; the loader sees
# SUMI_<NAME>_FILE and SUMI_<NAME>_DIR, the installed folder seen from the program.
function(sumi_module target name library loader)
  string(TOUPPER SUMI_${name} prefix)
  sumi_module_stamp(stamp ${ARGN})
  target_link_libraries(${target} PRIVATE sumi_options)
  target_compile_definitions(${target} PRIVATE ${prefix}_STAMP="${stamp}")
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME sumi_${name} CXX_VISIBILITY_PRESET hidden
                        VISIBILITY_INLINES_HIDDEN ON LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  install(TARGETS ${target} LIBRARY DESTINATION ${SUMI_MODULE_INSTALL_DIR})
  set_property(SOURCE ${loader} APPEND PROPERTY COMPILE_DEFINITIONS ${prefix}_STAMP="${stamp}"
               ${prefix}_FILE="sumi_${name}${CMAKE_SHARED_MODULE_SUFFIX}"
               ${prefix}_DIR="${SUMI_MODULE_DIR_FROM_PROGRAM}")
  add_dependencies(${library} ${target})
endfunction()
