# The module behind engine/image/faces/face_finder.h, included by engine/CMakeLists.txt: OpenCV's cascades, opened when a picture is
# looked at for faces.
find_path(SUMI_OPENCV_INCLUDE opencv2/objdetect.hpp PATH_SUFFIXES opencv4)
find_path(SUMI_CASCADES_DIR haarcascade_frontalface_alt2.xml PATH_SUFFIXES share/opencv4/haarcascades share/opencv/haarcascades)
set(opencv_libraries)
foreach(part objdetect imgproc core)
  find_library(SUMI_OPENCV_${part} opencv_${part})
  list(APPEND opencv_libraries ${SUMI_OPENCV_${part}})
endforeach()
if(NOT SUMI_OPENCV_INCLUDE OR NOT SUMI_CASCADES_DIR OR opencv_libraries MATCHES "NOTFOUND")
  message(FATAL_ERROR "OpenCV's objdetect and its cascades are missing: third_party/install.sh installs them, "
                      "-DSUMI_FACES=OFF builds without")
endif()

file(GLOB face_sources CONFIGURE_DEPENDS image/faces/module/*.cpp)
add_library(sumi_faces MODULE ${face_sources})
target_include_directories(sumi_faces SYSTEM PRIVATE ${SUMI_OPENCV_INCLUDE})
target_link_libraries(sumi_faces PRIVATE ${opencv_libraries})
target_compile_definitions(sumi_faces PRIVATE SUMI_CASCADES_DIR="${SUMI_CASCADES_DIR}")
sumi_module(sumi_faces faces sumi_stylize image/faces/loader.cpp image/faces/face_finder.h image/faces/face_box.h)
