# The module behind engine/video/video_module.h, included by engine/CMakeLists.txt: FFmpeg's libraries, OpenCV's optical flow and libwebp's
# animations, opened when a clip is read or written.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SUMI_FFMPEG QUIET IMPORTED_TARGET libavformat libavcodec libavfilter libswscale libavutil)
find_path(SUMI_OPENCV_VIDEO_INCLUDE opencv2/video/tracking.hpp PATH_SUFFIXES opencv4)
set(video_libraries)
foreach(part opencv_video opencv_core webpdemux webp)
  find_library(SUMI_VIDEO_${part} ${part})
  list(APPEND video_libraries ${SUMI_VIDEO_${part}})
endforeach()
if(NOT SUMI_FFMPEG_FOUND OR NOT SUMI_OPENCV_VIDEO_INCLUDE OR video_libraries MATCHES "NOTFOUND")
  message(FATAL_ERROR "FFmpeg's libraries, OpenCV's video or libwebpdemux are missing: third_party/install.sh installs them, "
                      "-DSUMI_VIDEO=OFF builds without")
endif()

file(GLOB module_sources CONFIGURE_DEPENDS video/module/*.cpp)
add_library(sumi_video_module MODULE ${module_sources})
target_include_directories(sumi_video_module SYSTEM PRIVATE ${SUMI_OPENCV_VIDEO_INCLUDE})
target_link_libraries(sumi_video_module PRIVATE PkgConfig::SUMI_FFMPEG ${video_libraries} fmt::fmt)
sumi_read_headers_once(sumi_video_module <fmt/format.h>)
target_compile_options(sumi_video_module PRIVATE $<$<CONFIG:Release>:-O2>)
target_compile_definitions(sumi_video_module PRIVATE __STDC_CONSTANT_MACROS)
sumi_module(sumi_video_module video sumi_video video/loader.cpp video/clip.h video/video_module.h)
