#include "engine/page/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <utility>

#include "engine/error.h"

namespace sumi::page {
namespace {

constexpr int kAttempts = 5;
constexpr double kMoreRoom = 1.5;        // factor of the weight of a panel whose text does not fit
constexpr double kLettersPerShare = 90;  // letters that are worth as much area as the image
constexpr Color kInk{0.06, 0.05, 0.08}, kWhite{1, 1, 1}, kCaption{1, 0.965, 0.82}, kBurst{1, 0.95, 0.55};

// Characters, of which a Chinese one takes the room of two letters.
double letters_in(const std::vector<Lettering>& letterings) {
  double count = 0;
  for (const Lettering& lettering : letterings)
    for (const char c : lettering.text) {
      const auto byte = static_cast<unsigned char>(c);
      count += byte >= 0xE0 ? 2 : byte < 0x80 || byte >= 0xC0 ? 1 : 0;
    }
  return count;
}

// The tile, or the largest part in its middle whose shape can hold all faces.
PanelBox panel_in(const PanelBox& tile, const Subject& subject) {
  const double aspect = double(tile.width) / tile.height;
  const double wanted = std::min(std::max(aspect, subject.least_aspect()), subject.most_aspect());
  if (wanted == aspect) return tile;
  PanelBox box = tile;
  // Rounded toward the tile's shape: by the others' tolerance no face is cut.
  if (wanted > aspect)
    box.height = std::max(1, static_cast<int>(std::floor(tile.width / wanted)));
  else
    box.width = std::max(1, static_cast<int>(std::floor(tile.height * wanted)));
  box.x += (tile.width - box.width) / 2;
  box.y += (tile.height - box.height) / 2;
  return box;
}

// From fractions of the image to pixels of the page.
Box on_page(const Box& part, const PanelBox& panel, const Box& crop) {
  const double scale_x = panel.width / crop.width, scale_y = panel.height / crop.height;
  return {panel.x + (part.x - crop.x) * scale_x, panel.y + (part.y - crop.y) * scale_y, part.width * scale_x,
          part.height * scale_y};
}

PanelScene scene_of(const PlannedPanel& panel, const Subject& subject, bool right_to_left) {
  PanelScene scene;
  const PanelBox& box = panel.box;
  scene.panel = {double(box.x), double(box.y), double(box.width), double(box.height)};
  scene.right_to_left = right_to_left;
  for (const Box& face : subject.faces) scene.faces.push_back(on_page(face, box, panel.crop));
  const double whole = std::max(1e-9, subject.importance.inside(panel.crop));
  scene.importance = [&subject, panel_box = scene.panel, crop = panel.crop, whole](const Box& part) {
    return subject.importance.inside({crop.x + (part.x - panel_box.x) / panel_box.width * crop.width,
                                      crop.y + (part.y - panel_box.y) / panel_box.height * crop.height,
                                      part.width / panel_box.width * crop.width,
                                      part.height / panel_box.height * crop.height}) /
           whole;
  };
  return scene;
}

PaintedShape balloon(const PlacedLettering& placed, double line) {
  PaintedShape shape;
  shape.outlines = balloon_outlines(placed);
  shape.fill = placed.kind == LetteringKind::caption ? kCaption
               : placed.kind == LetteringKind::burst ? kBurst
                                                     : kWhite;
  shape.line = kInk;
  shape.line_width = line;
  return shape;
}

// The code point of the first character.
std::uint32_t first_character(const std::string& text) {
  const auto byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  if (byte(0) < 0xE0) return byte(0) < 0x80 ? byte(0) : (byte(0) & 0x1FU) << 6 | (byte(1) & 0x3FU);
  if (byte(0) < 0xF0) return (byte(0) & 0xFU) << 12 | (byte(1) & 0x3FU) << 6 | (byte(2) & 0x3FU);
  return (byte(0) & 7U) << 18 | (byte(1) & 0x3FU) << 12 | (byte(2) & 0x3FU) << 6 | (byte(3) & 0x3FU);
}

}  // namespace

TextRun run_of(LetteringKind kind, const std::string& text, double size, double wrap, bool vertical) {
  const std::uint32_t code = first_character(text);
  const bool down = vertical && (code >= 0x2E80 && code < 0x30000) && !(code >= 0x10000 && code < 0x20000);
  return {text, size, wrap, kind != LetteringKind::caption && !down, down};
}

TextExtents set_text(const Typeface& typeface, const TextRun& run) {
  TextExtents extents = painter().measure(typeface, run);
  if (extents.missing.empty()) return extents;
  std::array<char, 16> code{};
  std::snprintf(code.data(), code.size(), "U+%04X", static_cast<unsigned>(first_character(extents.missing)));
  fail("font", "no installed font has the character " + extents.missing + " (" + code.data() +
                   "); install one, such as fonts-noto-cjk for Chinese, Japanese and Korean");
}

std::vector<PlannedPanel> plan_page(const std::vector<PanelInput>& panels, const PageGeometry& page,
                                    const LetteringStyle& style, const MeasureText& measure, int first) {
  std::vector<PanelShape> shapes;
  for (const PanelInput& panel : panels) {
    const double text = letters_in(panel.letterings) / kLettersPerShare;
    shapes.push_back(
        {[&panel](double aspect) { return crop_loss(panel.subject, aspect); },
         1 + 0.15 * std::min<double>(2, panel.subject.faces.size()) + 0.6 * std::min(1.5, text)});
  }
  for (int attempt = 1;; ++attempt) {
    const std::vector<PanelBox> boxes = lay_out_page(shapes, page);
    std::vector<PlannedPanel> planned;
    bool fits = true;
    for (std::size_t i = 0; i < panels.size(); ++i) {
      PlannedPanel panel;
      panel.box = panel_in(boxes[i], panels[i].subject);
      panel.crop = best_crop(panels[i].subject, double(panel.box.width) / panel.box.height);
      try {
        panel.letterings = place_letterings(scene_of(panel, panels[i].subject, page.right_to_left),
                                            panels[i].letterings, measure, style);
      } catch (const TextDoesNotFit& error) {
        if (attempt == kAttempts)
          fail("text", "panel " + std::to_string(first + static_cast<int>(i)) + ": " + error.what());
        shapes[i].weight *= kMoreRoom;
        fits = false;
      }
      planned.push_back(std::move(panel));
    }
    if (fits) return planned;
  }
}

Drawing draw_page(const std::vector<PlannedPanel>& panels, std::vector<std::vector<std::uint8_t>> images,
                  const PageGeometry& page, const PageLook& look) {
  Drawing drawing;
  drawing.width = page.width;
  drawing.height = page.height;
  drawing.typeface = look.typeface;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    const PanelBox& box = panels[i].box;
    const Box at{double(box.x), double(box.y), double(box.width), double(box.height)};
    drawing.items.emplace_back(PaintedImage{at, box.width, box.height, std::move(images[i])});
    if (look.border <= 0) continue;
    PaintedShape border;
    border.outlines = {{{at.x, at.y}, {at.right(), at.y}, {at.right(), at.bottom()}, {at.x, at.bottom()}}};
    border.line = kInk;
    border.line_width = look.border;
    border.filled = false;
    drawing.items.emplace_back(std::move(border));
  }
  // Behind all panels: no tail and no line of a balloon is under a neighbor.
  for (const PlannedPanel& panel : panels)
    for (const PlacedLettering& placed : panel.letterings) {
      drawing.items.emplace_back(balloon(placed, std::max(1.0, 0.085 * placed.size)));
      drawing.items.emplace_back(PaintedText{
          run_of(placed.kind, placed.text, placed.size, placed.wrap, look.vertical), placed.block, kInk});
    }
  if (!look.title.empty()) {
    TextRun run{look.title, look.title_size, std::numeric_limits<double>::infinity(), false, false};
    const double room = page.width - 2.0 * page.margin;
    TextExtents extents = set_text(look.typeface, run);
    if (extents.width > room) {
      run.size *= room / extents.width;
      extents = set_text(look.typeface, run);
    }
    const double left = page.right_to_left ? page.width - page.margin - extents.width : page.margin;
    const double above =
        std::max(0.0, (title_height(look.title_size) - extents.height) / 2 - 0.2 * look.title_size);
    drawing.items.emplace_back(
        PaintedText{run, {left, page.margin + above, extents.width, extents.height}, kInk});
  }
  return drawing;
}

int title_height(double title_size) {
  return static_cast<int>(std::lround(1.5 * title_size));
}

}  // namespace sumi::page
