# The codecs behind engine/image/codecs.h, included by engine/CMakeLists.txt: a module that is opened when an image needs it
# (docs/architecture.md), or sources and libraries of sumi_io.
foreach(package OpenImageIO WebP libheif TIFF)
  find_package(${package} REQUIRED)
endforeach()
file(GLOB codec_sources CONFIGURE_DEPENDS image/codecs_module/*.cpp)
set(codec_libraries OpenImageIO::OpenImageIO WebP::webp WebP::mux heif TIFF::TIFF lcms2::lcms2)
set(codec_headers image/codecs.h image/decode.h image/encode.h image/metadata.h)

if(NOT SUMI_CODECS_MODULE)
  sumi_module_stamp(stamp ${codec_headers})
  set(codec_definitions SUMI_CODECS_STAMP="${stamp}")
  list(APPEND picture_sources ${codec_sources})
  list(APPEND picture_libraries ${codec_libraries})
  return()
endif()

# What it needs of ours it has once more; the program's own symbols stay the program's.
add_library(sumi_codecs MODULE ${codec_sources} serialize/file.cpp image/decode.cpp image/exif.cpp
            image/float_levels.cpp image/image_file.cpp image/image_formats.cpp image/image_header.cpp image/metadata_in.cpp)
target_link_libraries(sumi_codecs PRIVATE ${codec_libraries} ZLIB::ZLIB fmt::fmt)
if(NOT SUMI_SANITIZE)  # whose runtime may be the program's alone
  target_link_options(sumi_codecs PRIVATE -Wl,--no-undefined)
endif()
sumi_read_headers_once(sumi_codecs <fmt/format.h>)
target_compile_options(sumi_codecs PRIVATE $<$<CONFIG:Release>:-O2>)
list(APPEND picture_libraries ${CMAKE_DL_LIBS})
