// Owners of the objects of cairo and pango. Private to the module.
#pragma once

#include <pango/pangocairo.h>

#include <memory>

namespace sumi::page {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
template <class T>
using Object = std::unique_ptr<T, Free<g_object_unref>>;
using Surface = std::unique_ptr<cairo_surface_t, Free<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, Free<cairo_destroy>>;
using FontDescription = std::unique_ptr<PangoFontDescription, Free<pango_font_description_free>>;

}  // namespace sumi::page
