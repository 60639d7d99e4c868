# cmake --install: the libraries, their headers, the program, and what find_package(sumi) needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(sumi_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/sumi)

foreach(room kernels engine io stylize page video models)
  set_target_properties(sumi_${room} PROPERTIES EXPORT_NAME ${room})
endforeach()
set_target_properties(sumi_options PROPERTIES EXPORT_NAME options)
if(NOT SUMI_CUDA)
  set_target_properties(sumi_emu PROPERTIES EXPORT_NAME emu)
  install(TARGETS sumi_emu EXPORT sumi-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(TARGETS sumi_options sumi_kernels sumi_engine sumi_graph sumi_io sumi_stylize sumi_page sumi_video sumi_models EXPORT sumi-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS sumi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

# Public headers only, no internal headers of the backends. Paths stay as in the source: #include "engine/tensor.h".
install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/kernels ${CMAKE_CURRENT_SOURCE_DIR}/engine ${CMAKE_CURRENT_SOURCE_DIR}/models
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/sumi
        FILES_MATCHING PATTERN "*.h"
        REGEX "/kernels/(ref|cpu|cuda|emu|peer)$" EXCLUDE)
install(FILES ${CMAKE_CURRENT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

install(EXPORT sumi-targets NAMESPACE sumi:: DESTINATION ${sumi_config_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/sumi-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/sumi-config.cmake
                              INSTALL_DESTINATION ${sumi_config_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/sumi-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/sumi-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/sumi-config-version.cmake
              ${CMAKE_CURRENT_LIST_DIR}/FindOpenImageIO.cmake ${CMAKE_CURRENT_LIST_DIR}/Finddnnl.cmake
              ${CMAKE_CURRENT_LIST_DIR}/Findlcms2.cmake ${CMAKE_CURRENT_LIST_DIR}/FindWebP.cmake
        DESTINATION ${sumi_config_dir})
