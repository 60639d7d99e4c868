# The codecs behind engine/image/codecs.h, included by engine/CMakeLists.txt: a module that is opened when an image needs it
# (docs/architecture.md), or sources and libraries of sumi_io.
foreach(package OpenImageIO WebP libheif TIFF)
  find_package(${package} REQUIRED)
endforeach()
file(GLOB codec_sources CONFIGURE_DEPENDS image/codecs_module/*.cpp)
set(codec_libraries OpenImageIO::OpenImageIO WebP::webp WebP::mux heif TIFF::TIFF lcms2::lcms2)

# Which module belongs to which program: the version, the compiler and the headers that both are compiled with.
set(stamp ${PROJECT_VERSION}${CMAKE_CXX_COMPILER_ID}${CMAKE_CXX_COMPILER_VERSION})
foreach(header codecs decode encode metadata)
  file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/image/${header}.h sum)
  string(APPEND stamp ${sum})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/image/${header}.h)
endforeach()
string(SHA256 stamp ${stamp})
string(SUBSTRING ${stamp} 0 12 stamp)
set(codec_definitions SUMI_CODECS_STAMP="${PROJECT_VERSION}-${stamp}")

if(NOT SUMI_CODECS_MODULE)
  list(APPEND picture_sources ${codec_sources})
  list(APPEND picture_libraries ${codec_libraries})
  return()
endif()

# What it needs of ours it has once more; the program's own symbols stay the program's.
add_library(sumi_codecs MODULE ${codec_sources} serialize/file.cpp image/decode.cpp image/exif.cpp
            image/float_levels.cpp image/image_file.cpp image/image_formats.cpp image/image_header.cpp image/metadata_in.cpp)
target_link_libraries(sumi_codecs PRIVATE sumi_options ${codec_libraries} ZLIB::ZLIB fmt::fmt)
target_compile_definitions(sumi_codecs PRIVATE ${codec_definitions})
set_target_properties(sumi_codecs PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
if(NOT SUMI_SANITIZE)  # whose runtime may be the program's alone
  target_link_options(sumi_codecs PRIVATE -Wl,--no-undefined)
endif()
sumi_read_headers_once(sumi_codecs <fmt/format.h>)
target_compile_options(sumi_codecs PRIVATE $<$<CONFIG:Release>:-O2>)

# How the program finds it: its name, and where an installation has it, seen from the program.
include(GNUInstallDirs)
set(codecs_install_dir ${CMAKE_INSTALL_LIBDIR}/sumi)
install(TARGETS sumi_codecs LIBRARY DESTINATION ${codecs_install_dir})
file(RELATIVE_PATH codecs_dir ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/sumi)
list(APPEND codec_definitions SUMI_CODECS_FILE="sumi_codecs${CMAKE_SHARED_MODULE_SUFFIX}" SUMI_CODECS_DIR="${codecs_dir}")
list(APPEND picture_libraries ${CMAKE_DL_LIBS})
