# The module behind engine/graph/onnx.h, included by engine/CMakeLists.txt: protobuf and libonnx_proto, opened when an
# ONNX file is read. SUMI_ONNX=LINK links them into the program instead, for fuzzing.
find_package(Protobuf REQUIRED)
find_path(ONNX_INCLUDE_DIR onnx/onnx_pb.h)
find_library(ONNX_PROTO_LIBRARY onnx_proto)
if(NOT ONNX_INCLUDE_DIR OR NOT ONNX_PROTO_LIBRARY)
  message(FATAL_ERROR "libonnx-dev is missing: third_party/install.sh installs it, -DSUMI_ONNX=OFF builds without")
endif()
add_library(sumi_onnx_library INTERFACE)
target_include_directories(sumi_onnx_library SYSTEM INTERFACE ${ONNX_INCLUDE_DIR})
target_compile_definitions(sumi_onnx_library INTERFACE ONNX_NAMESPACE=onnx ONNX_ML=1)
target_link_libraries(sumi_onnx_library INTERFACE ${ONNX_PROTO_LIBRARY} protobuf::libprotobuf)

if(SUMI_ONNX STREQUAL "LINK")
  target_sources(sumi_graph PRIVATE graph/module/parser.cpp graph/module/tensor_data.cpp)
  target_link_libraries(sumi_graph PRIVATE $<BUILD_INTERFACE:sumi_onnx_library>)  # not installed
  target_compile_definitions(sumi_graph PRIVATE SUMI_ONNX_LINKED)
else()
  add_library(sumi_onnx MODULE graph/module/parser.cpp graph/module/tensor_data.cpp graph/graph.cpp)
  target_link_libraries(sumi_onnx PRIVATE sumi_onnx_library fmt::fmt-header-only)
  set_target_properties(sumi_onnx PROPERTIES UNITY_BUILD OFF)
  sumi_module(sumi_onnx onnx sumi_graph graph/loader.cpp graph/onnx.h graph/graph.h)
endif()
