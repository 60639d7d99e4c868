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

}  // namespace sumi
