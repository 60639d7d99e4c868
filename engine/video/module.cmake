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

# Which module belongs to which program.
set(stamp ${PROJECT_VERSION}${CMAKE_CXX_COMPILER_ID}${CMAKE_CXX_COMPILER_VERSION})
foreach(header clip video_module)
  file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/video/${header}.h sum)
  string(APPEND stamp ${sum})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/video/${header}.h)
endforeach()
string(SHA256 stamp ${stamp})
string(SUBSTRING ${stamp} 0 12 stamp)

file(GLOB module_sources CONFIGURE_DEPENDS video/module/*.cpp)
add_library(sumi_video_module MODULE ${module_sources})
target_include_directories(sumi_video_module SYSTEM PRIVATE ${SUMI_OPENCV_VIDEO_INCLUDE})
target_link_libraries(sumi_video_module PRIVATE sumi_options PkgConfig::SUMI_FFMPEG ${video_libraries} fmt::fmt)
sumi_read_headers_once(sumi_video_module <fmt/format.h>)
target_compile_options(sumi_video_module PRIVATE $<$<CONFIG:Release>:-O2>)
target_compile_definitions(sumi_video_module PRIVATE __STDC_CONSTANT_MACROS SUMI_VIDEO_STAMP="${PROJECT_VERSION}-${stamp}")
set_target_properties(sumi_video_module PROPERTIES OUTPUT_NAME sumi_video PREFIX "" CXX_VISIBILITY_PRESET hidden
                      VISIBILITY_INLINES_HIDDEN ON LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

include(GNUInstallDirs)
install(TARGETS sumi_video_module LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sumi)
file(RELATIVE_PATH video_dir ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/sumi)
set_property(SOURCE video/loader.cpp APPEND PROPERTY COMPILE_DEFINITIONS SUMI_VIDEO_STAMP="${PROJECT_VERSION}-${stamp}"
             SUMI_VIDEO_FILE="sumi_video${CMAKE_SHARED_MODULE_SUFFIX}" SUMI_VIDEO_DIR="${video_dir}")
add_dependencies(sumi_video sumi_video_module)
