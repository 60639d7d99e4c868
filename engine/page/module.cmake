# The module behind engine/page/painter.h, included by engine/CMakeLists.txt: cairo and pango, opened when a page is made.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SUMI_PANGO IMPORTED_TARGET pangocairo cairo-pdf)
if(NOT SUMI_PANGO_FOUND)
  message(FATAL_ERROR "cairo and pango are missing: third_party/install.sh installs them, -DSUMI_PAGES=OFF builds without")
endif()

# Which module belongs to which program.
set(stamp ${PROJECT_VERSION}${CMAKE_CXX_COMPILER_ID}${CMAKE_CXX_COMPILER_VERSION})
foreach(header painter box)
  file(SHA256 ${CMAKE_CURRENT_SOURCE_DIR}/page/${header}.h sum)
  string(APPEND stamp ${sum})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/page/${header}.h)
endforeach()
string(SHA256 stamp ${stamp})
string(SUBSTRING ${stamp} 0 12 stamp)

file(GLOB painter_sources CONFIGURE_DEPENDS page/module/*.cpp)
add_library(sumi_page_module MODULE ${painter_sources})
target_link_libraries(sumi_page_module PRIVATE sumi_options PkgConfig::SUMI_PANGO)
target_compile_definitions(sumi_page_module PRIVATE SUMI_PAGE_STAMP="${PROJECT_VERSION}-${stamp}")
set_target_properties(sumi_page_module PROPERTIES PREFIX "" OUTPUT_NAME sumi_page CXX_VISIBILITY_PRESET hidden
                      VISIBILITY_INLINES_HIDDEN ON LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

include(GNUInstallDirs)
install(TARGETS sumi_page_module LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/sumi)
file(RELATIVE_PATH page_dir ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/sumi)
set_property(SOURCE page/loader.cpp APPEND PROPERTY COMPILE_DEFINITIONS SUMI_PAGE_STAMP="${PROJECT_VERSION}-${stamp}"
             SUMI_PAGE_FILE="sumi_page${CMAKE_SHARED_MODULE_SUFFIX}" SUMI_PAGE_DIR="${page_dir}")
add_dependencies(sumi_page sumi_page_module)
