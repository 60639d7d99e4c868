// Texts set by pango. Private to the module.
#pragma once

#include "engine/page/module/handles.h"
#include "engine/page/painter.h"

namespace sumi::page {

void check_typeface(const Typeface& typeface);
TextExtents measure(const Typeface& typeface, const TextRun& run);
// Shows a text whose block is at `block`.
void show_text(cairo_t* cairo, const Typeface& typeface, const PaintedText& text);

}  // namespace sumi::page
