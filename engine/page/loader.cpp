#include "engine/load_module.h"
#include "engine/page/painter.h"

namespace sumi::page {

const Painter& painter() {
#ifdef SUMI_PAGE_FILE
  static const Painter& painter = load_module<PainterUnavailable, Painter>(  // retried if it throws
      {"page", "SUMI_PAGE", SUMI_PAGE_FILE, SUMI_PAGE_DIR, "sumi_page"}, SUMI_PAGE_STAMP);
  return painter;
#else
  throw PainterUnavailable("[page] this build of sumi was made with SUMI_PAGES=OFF");
#endif
}

}  // namespace sumi::page
