// The idx format of MNIST and its successors: big-endian header, then bytes; usually gzipped.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace sumi {

struct IdxImages {
  std::int64_t count = 0;
  int rows = 0, cols = 0;
  std::vector<std::uint8_t> pixels;  // [count, rows, cols]
};

// Reads images of unsigned bytes (magic 0x00000803), gzipped or not; with max_items > 0 only the first so
// many. Every length is checked and memory grows with the data, not with what the header claims. Error "[data
// PATH] ..." for labels, other idx files, truncated or damaged ones, and for what unpacks to more than a hundred times its
// size (beyond 64 MiB) or than fits in memory.
IdxImages load_idx(const std::filesystem::path& path, std::int64_t max_items = 0);

// How many pictures the header of an idx file of images names; nothing behind it is read. Errors as of load_idx.
std::int64_t idx_image_count(const std::filesystem::path& path);

// Reads labels of unsigned bytes (magic 0x00000801), gzipped or not: at least one, at most 64 Mi. Errors "[data PATH] ..." for
// other files, truncated or damaged ones.
std::vector<std::uint8_t> load_idx_labels(const std::filesystem::path& path);

}  // namespace sumi
