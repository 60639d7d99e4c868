#include "engine/page/module/text.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace sumi::page {
namespace {

// Letters are measured at this size and scaled, so that a text has the same line breaks at every
// resolution and in a PDF.
constexpr double kUnits = PANGO_SCALE;

FontDescription description_of(const Typeface& typeface, double size) {
  FontDescription font(pango_font_description_new());
  pango_font_description_set_family(font.get(), typeface.family.c_str());
  pango_font_description_set_weight(font.get(), typeface.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
  pango_font_description_set_absolute_size(font.get(), size * kUnits);
  return font;
}

// One context for all texts: making one costs as much as setting a text. Metrics are not hinted,
// and glyphs stand at fractions of pixels.
PangoContext* context_of(const Typeface& typeface, bool vertical) {
  static const Object<PangoContext> context = [] {
    Object<PangoContext> made(pango_font_map_create_context(pango_cairo_font_map_get_default()));
    cairo_font_options_t* options = cairo_font_options_create();
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    pango_cairo_context_set_font_options(made.get(), options);
    cairo_font_options_destroy(options);
    pango_context_set_round_glyph_positions(made.get(), FALSE);
    return made;
  }();
  pango_context_set_base_gravity(context.get(), vertical ? PANGO_GRAVITY_EAST : PANGO_GRAVITY_SOUTH);
  pango_context_set_gravity_hint(context.get(), PANGO_GRAVITY_HINT_NATURAL);
  pango_context_set_language(context.get(), typeface.language.empty()
                                                ? pango_language_get_default()
                                                : pango_language_from_string(typeface.language.c_str()));
  return context.get();
}

Object<PangoLayout> layout_of(const Typeface& typeface, const TextRun& run) {
  Object<PangoLayout> layout(pango_layout_new(context_of(typeface, run.vertical)));
  const FontDescription font = description_of(typeface, run.size);
  pango_layout_set_font_description(layout.get(), font.get());
  pango_layout_set_text(layout.get(), run.text.data(), static_cast<int>(run.text.size()));
  pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD);
  if (std::isfinite(run.wrap))
    pango_layout_set_width(layout.get(), static_cast<int>(std::lround(run.wrap * kUnits)));
  pango_layout_set_alignment(layout.get(), run.centered ? PANGO_ALIGN_CENTER : PANGO_ALIGN_LEFT);
  pango_layout_set_line_spacing(layout.get(), 0.95F);
  return layout;
}

// A line's ink and letters: from its logical box, which leaves room for accents.
Box line_box(PangoLayoutIter* iterator) {
  PangoRectangle ink, logical;
  pango_layout_iter_get_line_extents(iterator, &ink, &logical);
  const double left = std::min(ink.x, logical.x), top = std::min(ink.y, logical.y);
  const double right = std::max(ink.x + ink.width, logical.x + logical.width);
  const double bottom = std::max(ink.y + ink.height, logical.y + logical.height);
  return {left / kUnits, top / kUnits, (right - left) / kUnits, (bottom - top) / kUnits};
}

// Boxes of the lines of a layout, and the box around them.
struct Lines {
  std::vector<Box> boxes;
  Box around;
};

Lines lines_of(PangoLayout* layout) {
  Lines lines;
  PangoLayoutIter* iterator = pango_layout_get_iter(layout);
  do {
    lines.boxes.push_back(line_box(iterator));
    lines.around = lines.boxes.size() == 1 ? lines.boxes[0] : joined(lines.around, lines.boxes.back());
  } while (pango_layout_iter_next_line(iterator));
  pango_layout_iter_free(iterator);
  return lines;
}

// The first character that alone has no glyph.
std::string missing_character(const Typeface& typeface, const TextRun& run, PangoLayout* layout) {
  if (pango_layout_get_unknown_glyphs_count(layout) == 0) return "";
  for (const char* at = run.text.c_str(); *at != '\0'; at = g_utf8_next_char(at)) {
    const std::string character(at, static_cast<std::size_t>(g_utf8_next_char(at) - at));
    const Object<PangoLayout> one = layout_of(typeface, {character, run.size, HUGE_VAL, false, false});
    if (pango_layout_get_unknown_glyphs_count(one.get()) > 0) return character;
  }
  return run.text.substr(0, run.text.find(' '));  // a combination of characters
}

}  // namespace

void check_typeface(const Typeface& typeface) {
  PangoFontFamily** families = nullptr;
  int count = 0;
  pango_font_map_list_families(pango_cairo_font_map_get_default(), &families, &count);
  bool found = false;
  std::string rest = typeface.family;
  while (!rest.empty() && !found) {
    const std::size_t comma = rest.find(',');
    std::string name = rest.substr(0, comma);
    name.erase(0, name.find_first_not_of(' '));
    name.erase(name.find_last_not_of(' ') + 1);
    for (int i = 0; i < count && !found; ++i)
      found = g_ascii_strcasecmp(name.c_str(), pango_font_family_get_name(families[i])) == 0;
    rest = comma == std::string::npos ? "" : rest.substr(comma + 1);
  }
  g_free(families);
  if (count == 0) throw Error("[font] this system has no fonts; install fonts-dejavu-core");
  if (!found)
    throw Error("[font] no font is called " + typeface.family +
                "; install it (fc-list lists what is installed)");
}

TextExtents measure(const Typeface& typeface, const TextRun& run) {
  const Object<PangoLayout> layout = layout_of(typeface, run);
  const Lines lines = lines_of(layout.get());
  TextExtents extents;
  extents.missing = missing_character(typeface, run, layout.get());
  extents.width = run.vertical ? lines.around.height : lines.around.width;
  extents.height = run.vertical ? lines.around.width : lines.around.height;
  for (const Box& line : lines.boxes) {
    const Box within{line.x - lines.around.x, line.y - lines.around.y, line.width, line.height};
    // Turned by a quarter, the first line is at the right.
    extents.lines.push_back(
        run.vertical ? Box{extents.width - within.bottom(), within.x, within.height, within.width} : within);
  }
  return extents;
}

void show_text(cairo_t* cairo, const Typeface& typeface, const PaintedText& text) {
  const Object<PangoLayout> layout = layout_of(typeface, text.run);
  const Box around = lines_of(layout.get()).around;
  cairo_save(cairo);
  cairo_set_source_rgb(cairo, text.color.red, text.color.green, text.color.blue);
  if (text.run.vertical) {
    cairo_translate(cairo, text.block.right(), text.block.y);
    cairo_rotate(cairo, G_PI / 2);
  } else {
    cairo_translate(cairo, text.block.x, text.block.y);
  }
  cairo_move_to(cairo, -around.x, -around.y);
  pango_cairo_show_layout(cairo, layout.get());
  cairo_restore(cairo);
}

}  // namespace sumi::page
