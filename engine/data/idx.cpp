#include "engine/data/idx.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "engine/runtime/system_memory.h"
#include "kernels/base/check.h"

namespace sumi {
namespace {

constexpr std::uint32_t kImages = 0x00000803, kLabels = 0x00000801;
constexpr std::uint32_t kZip = 0x504b0304, kSevenZip = 0x377abcaf;  // archive formats of downloads
constexpr std::uint32_t kMaxIdxSide = 4096;
constexpr std::uint64_t kMaxBytes = std::uint64_t{16} << 30;
// gzip compresses zeros by a factor of 1000 and images by about 5: files that claim much more are
// decompression bombs.
constexpr std::uint64_t kMaxRatio = 100, kAnyway = std::uint64_t{64} << 20;
constexpr std::size_t kChunk = 1 << 20;

struct CloseGz {
  void operator()(gzFile_s* file) const { gzclose_r(file); }
};

// gzread passes files that are not gzipped through unchanged.
class GzReader {
 public:
  explicit GzReader(const std::filesystem::path& path)
      : where_("data " + path.string()), file_(gzopen(path.c_str(), "rb")) {
    if (!file_) fail(where_, fmt::format("cannot be opened ({}); check the path", std::strerror(errno)));
    gzbuffer(file_.get(), 1 << 17);
  }

  // Reads up to `bytes` bytes and returns their number.
  std::size_t read(void* to, std::size_t bytes) {
    const int n = gzread(file_.get(), to, static_cast<unsigned>(bytes));
    int code = Z_OK;
    const char* message = gzerror(file_.get(), &code);
    if (n < 0 || code == Z_BUF_ERROR)
      fail(where_, fmt::format("is truncated or damaged ({}); download it again",
                               n < 0 ? message : "unexpected end"));
    return static_cast<std::size_t>(n);
  }
  std::uint32_t read_u32() {
    std::array<unsigned char, 4> b{};
    if (read(b.data(), 4) != 4) fail(where_, "is too short for an idx file; download it again");
    return (std::uint32_t{b[0]} << 24) | (std::uint32_t{b[1]} << 16) | (std::uint32_t{b[2]} << 8) | b[3];
  }
  const std::string& where() const { return where_; }
  // Returns true if the file is compressed; known once something was read.
  bool packed() const { return gzdirect(file_.get()) == 0; }

 private:
  std::string where_;
  std::unique_ptr<gzFile_s, CloseGz> file_;
};

struct ImagesHeader {
  std::uint32_t count, rows, cols;
};

ImagesHeader read_images_header(GzReader& file) {
  const auto& where = file.where();
  const auto magic = file.read_u32();
  if (magic == kLabels) fail(where, "holds labels, not images; give the images file (its name has idx3)");
  if ((magic >> 16) == 0 && magic != kImages && (magic >> 8 & 0xff) >= 8 && (magic >> 8 & 0xff) <= 14)
    fail(where, fmt::format("is an idx file of another kind (magic 0x{:08x}); images of bytes have 0x{:08x}",
                            magic, kImages));
  if (magic == kZip || magic == kSevenZip)
    fail(where, "is an archive; unpack it, and give the folder of images");
  if (magic != kImages)
    fail(where, "is a file, but not idx images; give a folder of images or an idx file (.idx.gz)");
  const std::uint32_t count = file.read_u32(), rows = file.read_u32(), cols = file.read_u32();
  if (count == 0 || rows == 0 || cols == 0 || rows > kMaxIdxSide || cols > kMaxIdxSide)
    fail(where, fmt::format("claims {} images of {}x{}; it is damaged or not for this", count, cols, rows));
  return {count, rows, cols};
}

// Returns the next `want` bytes, in memory that grows with the data. Fewer if the file ends.
std::vector<std::uint8_t> read_bytes(GzReader& file, std::uint64_t want) {
  std::vector<std::uint8_t> bytes;
  while (bytes.size() < want) {
    const auto had = bytes.size();
    const auto chunk = std::min<std::uint64_t>(kChunk, want - had);
    bytes.resize(had + chunk);
    const auto got = file.read(bytes.data() + had, chunk);
    bytes.resize(had + got);
    if (got < chunk) break;
  }
  return bytes;
}

void refuse_more(GzReader& file, std::uint32_t count, const char* what) {
  char extra;
  if (file.read(&extra, 1) != 0)
    fail(file.where(),
         fmt::format("has more bytes than the {} {} that its header names; it is damaged: download it again",
                     count, what));
}

}  // namespace

std::int64_t idx_image_count(const std::filesystem::path& path) {
  GzReader file(path);
  return read_images_header(file).count;
}

std::vector<std::uint8_t> load_idx_labels(const std::filesystem::path& path) {
  GzReader file(path);
  const auto& where = file.where();
  if (file.read_u32() != kLabels)
    fail(where,
         fmt::format("is not an idx file of labels (their magic number is 0x{:08x}); download it again",
                     kLabels));
  const std::uint32_t count = file.read_u32();
  if (count == 0 || count > kAnyway)
    fail(where, fmt::format("claims {} labels; it is damaged or not for this", count));
  auto labels = read_bytes(file, count);
  if (labels.size() < count)
    fail(where,
         fmt::format("ends after {} of {} labels; it is truncated: download it again", labels.size(), count));
  refuse_more(file, count, "labels");
  return labels;
}

IdxImages load_idx(const std::filesystem::path& path, std::int64_t max_items) {
  GzReader file(path);
  const auto& where = file.where();
  const ImagesHeader header = read_images_header(file);
  const std::uint32_t count = header.count, rows = header.rows, cols = header.cols;
  const std::uint64_t item = std::uint64_t{rows} * cols;
  const std::uint64_t keep =
      max_items > 0 ? std::min<std::uint64_t>(count, static_cast<std::uint64_t>(max_items)) : count;
  const std::uint64_t want = item * keep;
  const auto fits = [&](std::uint64_t memory) {
    if (want > memory)
      fail(where, fmt::format("claims {} images of {}x{}, more than fits in memory; limit them (max items)",
                              keep, cols, rows));
  };
  fits(kMaxBytes);

  std::error_code ec;
  const auto stored = std::filesystem::file_size(path, ec);
  const bool large = want > kAnyway;
  if (!ec && large && file.packed() && want / kMaxRatio > stored)
    fail(where,
         fmt::format(
             "has {} bytes but claims {} images of {}x{}, which no data set packs so small; download it "
             "again, from a source that you trust",
             stored, keep, cols, rows));
  // A plain file that is too short for its claim is read to the end, for a better message.
  const bool may_hold = ec || file.packed() || stored >= want;
  if (const std::uint64_t left = large && may_hold ? available_host_memory() : 0; left > 0) fits(left);

  IdxImages result{static_cast<std::int64_t>(keep), static_cast<int>(rows), static_cast<int>(cols),
                   read_bytes(file, want)};
  if (result.pixels.size() < want)
    fail(where, fmt::format("ends after {} of {} images; it is truncated: download it again",
                            result.pixels.size() / item, count));
  if (keep == count) refuse_more(file, count, "images");
  return result;
}

}  // namespace sumi
