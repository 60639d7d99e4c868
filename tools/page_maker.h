// The work of sumi comic: images are looked at, pages are planned, panels are drawn.
#pragma once

#include "tools/page_arguments.h"

namespace sumi::cli {

// Writes the pages, or lists their plan (--dry-run). Memory is that of one page. Returns the exit
// code: 0, or 128 plus the signal that stopped it. A PDF is written whole or not at all; pages that
// are images stay if a later one fails.
int make_pages(PageArguments& args);

}  // namespace sumi::cli
