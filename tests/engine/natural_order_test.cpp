#include "engine/natural_order.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

using namespace sumi;

TEST_CASE("natural order: numbers in names count as numbers") {
  std::vector<std::string> names{"frame-10",        "frame-9", "frame-",   "model.4.weight",
                                 "model.10.weight", "a",       "frame-09", "\xc3\xa9"};
  const std::vector<std::string> expected{"a",        "frame-",         "frame-09",        "frame-9",
                                          "frame-10", "model.4.weight", "model.10.weight", "\xc3\xa9"};
  std::sort(names.begin(), names.end(), natural_less);
  CHECK(names == expected);
  CHECK_FALSE(natural_less("a1", "a1"));
  CHECK(natural_less("a99999999999999999999", "a100000000000000000000"));
}
