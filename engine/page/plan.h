// Plan of a page: panels, crops and texts, before anything is drawn.
#pragma once

#include <string>
#include <vector>

#include "engine/page/balloon.h"
#include "engine/page/layout.h"
#include "engine/page/lettering.h"
#include "engine/page/painter.h"
#include "engine/page/subject.h"

namespace sumi::page {

struct PanelInput {
  Subject subject;
  std::vector<Lettering> letterings;
};

struct PlannedPanel {
  PanelBox box;  // on the page
  Box crop;      // in fractions of the image
  std::vector<PlacedLettering> letterings;
};

// The run of a text: lines from top to bottom if `vertical` and the text is Chinese, Japanese or
// Korean; centered in balloons.
TextRun run_of(LetteringKind kind, const std::string& text, double size, double wrap, bool vertical);

// Measures with the painter. Throws Error "[font] ..." for a character that no installed font has.
TextExtents set_text(const Typeface& typeface, const TextRun& run);

// A layout in which the texts have room: panels whose text does not fit become larger. `first` is
// the number of the first panel, for errors. Throws the errors of lay_out_page and
// place_letterings, which then name the panel.
std::vector<PlannedPanel> plan_page(const std::vector<PanelInput>& panels, const PageGeometry& page,
                                    const LetteringStyle& style, const MeasureText& measure, int first);

// Looks of a page. Lengths are in pixels.
struct PageLook {
  Typeface typeface;
  bool vertical = false;
  double border = 0;  // width of the panels' lines; 0: none
  std::string title;  // above the panels of this page; "": none
  double title_size = 0;
};

// The drawing of a planned page. `images`: [box.height, box.width, 3] sRGB of each panel.
Drawing draw_page(const std::vector<PlannedPanel>& panels, std::vector<std::vector<std::uint8_t>> images,
                  const PageGeometry& page, const PageLook& look);

// Height of the title's band, which PageGeometry::header reserves.
int title_height(double title_size);

}  // namespace sumi::page
