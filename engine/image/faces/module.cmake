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

# Which module belongs to which program.
set(stamp ${PROJECT_VERSION}${CMAKE_CXX_COMPILER_ID}${CMAKE_CXX_COMPILER_VERSION})
foreach(header face_finder face_box)
  file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/image/faces/${header}.h sum)
  string(APPEND stamp ${sum})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/image/faces/${header}.h)
endforeach()
string(SHA256 stamp ${stamp})
string(SUBSTRING ${stamp} 0 12 stamp)

file(GLOB face_sources CONFIGURE_DEPENDS image/faces/module/*.cpp)
add_library(sumi_faces MODULE ${face_sources})
target_include_directories(sumi_faces SYSTEM PRIVATE ${SUMI_OPENCV_INCLUDE})
target_link_libraries(sumi_faces PRIVATE sumi_options ${opencv_libraries})
target_compile_definitions(sumi_faces PRIVATE SUMI_FACES_STAMP="${PROJECT_VERSION}-${stamp}" SUMI_CASCADES_DIR="${SUMI_CASCADES_DIR}")
set_target_properties(sumi_faces PROPERTIES PREFIX "" CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

include(GNUInstallDirs)
install(TARGETS sumi_faces LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sumi)
file(RELATIVE_PATH faces_dir ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/sumi)
set_property(SOURCE image/faces/loader.cpp APPEND PROPERTY COMPILE_DEFINITIONS SUMI_FACES_STAMP="${PROJECT_VERSION}-${stamp}"
             SUMI_FACES_FILE="sumi_faces${CMAKE_SHARED_MODULE_SUFFIX}" SUMI_FACES_DIR="${faces_dir}")
add_dependencies(sumi_stylize sumi_faces)
