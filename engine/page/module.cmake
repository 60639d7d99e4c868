# The module behind engine/page/painter.h, included by engine/CMakeLists.txt: cairo and pango, opened when a page is made.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SUMI_PANGO IMPORTED_TARGET pangocairo cairo-pdf)
if(NOT SUMI_PANGO_FOUND)
  message(FATAL_ERROR "cairo and pango are missing: third_party/install.sh installs them, -DSUMI_PAGES=OFF builds without")
endif()

file(GLOB painter_sources CONFIGURE_DEPENDS page/module/*.cpp)
add_library(sumi_page_module MODULE ${painter_sources})
target_link_libraries(sumi_page_module PRIVATE PkgConfig::SUMI_PANGO)
sumi_module(sumi_page_module page sumi_page page/loader.cpp page/painter.h page/box.h)
