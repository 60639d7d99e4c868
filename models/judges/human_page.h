// The page of blind pairs, which the build makes from human_page.html; the data goes to
// "@SHEET_DATA@".
#pragma once

namespace sumi {

extern const char* const kHumanPage;

}  // namespace sumi
