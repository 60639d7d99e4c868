// The idx format of MNIST and its successors: a big-endian header, then bytes; usually gzipped.
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

// Reads images of unsigned bytes (magic 0x00000803), gzipped or not; with max_items > 0 only the
// first ones. Every length is checked, and memory grows with the data, not with the header's
// claims. Throws Error "[data PATH] ..." for labels, other idx files, truncated or damaged files,
// and for files that unpack to more than a hundred times their size (beyond 64 MiB) or than fits in
// memory.
IdxImages load_idx(const std::filesystem::path& path, std::int64_t max_items = 0);

// Returns the number of images in the header of an idx file; nothing after the header is read.
// Errors as load_idx.
std::int64_t idx_image_count(const std::filesystem::path& path);

// Reads labels of unsigned bytes (magic 0x00000801), gzipped or not: at least one, at most 64 Mi.
// Throws Error "[data PATH] ..." for other, truncated or damaged files.
std::vector<std::uint8_t> load_idx_labels(const std::filesystem::path& path);

}  // namespace sumi
