# OpenImageIO::OpenImageIO. Debian 12's own config file fails unless openimageio-tools (and with it Qt) and OpenCV's
# headers are installed, which sumi does not use. This module finds the library directly.
find_path(OpenImageIO_INCLUDE_DIR OpenImageIO/imageio.h)
find_library(OpenImageIO_LIBRARY OpenImageIO)
find_library(OpenImageIO_UTIL_LIBRARY OpenImageIO_Util)
find_package(Imath CONFIG QUIET)
find_package(fmt CONFIG QUIET)
if(OpenImageIO_INCLUDE_DIR)
  file(STRINGS ${OpenImageIO_INCLUDE_DIR}/OpenImageIO/oiioversion.h lines
       REGEX "^#define OIIO_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
  string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
  list(JOIN numbers "." OpenImageIO_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OpenImageIO
  REQUIRED_VARS OpenImageIO_LIBRARY OpenImageIO_UTIL_LIBRARY OpenImageIO_INCLUDE_DIR Imath_FOUND
  VERSION_VAR OpenImageIO_VERSION REASON_FAILURE_MESSAGE "Debian's package: libopenimageio-dev")
mark_as_advanced(OpenImageIO_INCLUDE_DIR OpenImageIO_LIBRARY OpenImageIO_UTIL_LIBRARY)
if(OpenImageIO_FOUND AND NOT TARGET OpenImageIO::OpenImageIO)
  add_library(OpenImageIO::OpenImageIO UNKNOWN IMPORTED)
  set_target_properties(OpenImageIO::OpenImageIO PROPERTIES
    IMPORTED_LOCATION ${OpenImageIO_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${OpenImageIO_INCLUDE_DIR}
    INTERFACE_LINK_LIBRARIES "${OpenImageIO_UTIL_LIBRARY};Imath::Imath;$<TARGET_NAME_IF_EXISTS:fmt::fmt>")
endif()
