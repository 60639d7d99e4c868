// A blind comparison by people: a page of pairs, and the votes that it exports.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "models/judges/image_set.h"
#include "models/judges/set_scores.h"

namespace sumi {

// Two sets whose images are shown in pairs, image i of both beside each other in a random order,
// and optionally above them image i of a third.
struct HumanSheet {
  std::string title, question;
  std::string a, b;  // names, which the page shows at the end only
  ImageSet images_a, images_b, above = {};
  std::size_t pairs = 40;
  std::uint64_t seed = 0;
};

// The page, self-contained HTML: one pair at a time, votes by button or key (left, right, neither),
// the tally at the end, the votes as a file. Throws Error for sets with fewer images than pairs.
std::string human_page(const HumanSheet& sheet);

// Votes of one or several persons on one comparison.
struct Votes {
  std::string a, b, question;
  std::size_t for_a = 0, for_b = 0, neither = 0;
  std::size_t left = 0, right = 0;  // of the decided ones
  std::size_t voters = 0;           // files

  std::size_t decided() const { return for_a + for_b; }
  // Of the decided votes, with its interval at 95 %. 0 and [0, 1] without any.
  double share_a() const;
  Interval interval() const {
    return wilson_interval(static_cast<double>(for_a), static_cast<double>(decided()));
  }
};

// Reads files that the page exported. Throws Error "[votes FILE] ..." for another file, for damaged
// ones, and for files of different comparisons.
Votes read_votes(const std::vector<std::filesystem::path>& files);

}  // namespace sumi
