# lcms2::lcms2, Little CMS 2. Debian 12 ships no config file for CMake, only one for pkg-config.
find_path(lcms2_INCLUDE_DIR lcms2.h)
find_library(lcms2_LIBRARY lcms2)
if(lcms2_INCLUDE_DIR)
  file(STRINGS ${lcms2_INCLUDE_DIR}/lcms2.h line REGEX "^#define LCMS_VERSION +[0-9]+")  # 2140 is 2.14
  string(REGEX REPLACE ".* ([0-9])([0-9][0-9])[0-9].*" "\\1.\\2" lcms2_VERSION "${line}")
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(lcms2
  REQUIRED_VARS lcms2_LIBRARY lcms2_INCLUDE_DIR
  VERSION_VAR lcms2_VERSION REASON_FAILURE_MESSAGE "Debian's package: liblcms2-dev")
mark_as_advanced(lcms2_INCLUDE_DIR lcms2_LIBRARY)
if(lcms2_FOUND AND NOT TARGET lcms2::lcms2)
  add_library(lcms2::lcms2 UNKNOWN IMPORTED)
  set_target_properties(lcms2::lcms2 PROPERTIES
    IMPORTED_LOCATION ${lcms2_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${lcms2_INCLUDE_DIR})
endif()
