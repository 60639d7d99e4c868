// Claimed image sizes are checked before a decoder allocates memory for them.
#include "engine/image/image_header.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "engine/error.h"
#include "engine/image/image.h"
#include "engine/image/image_file.h"
#include "tests/engine/image_files.h"

using namespace sumi;

namespace {

std::filesystem::path picture(const std::string& name) {
  const char* root = std::getenv("SUMI_SOURCE_DIR");
  REQUIRE(root);
  return std::filesystem::path(root) / "tests/fuzz/corpus/image" / name;
}

using Size = std::pair<std::int64_t, std::int64_t>;

}  // namespace

TEST_CASE("image size: what is claimed is what is decoded, for the formats that decode when they open") {
  for (const char* name :
       {"rgb.gif", "rgba.gif", "rgb.webp", "rgba.webp", "rgb.jp2", "rgb.heic", "rgb.avif"}) {
    CAPTURE(std::string(name));
    const auto size = io::claimed_size(io::probe_image(picture(name)), picture(name));
    REQUIRE(size);
    const Image8 image = load_image(picture(name));
    // Video codecs encode whole blocks and crop the image from them.
    CHECK(size->first >= image.width);
    CHECK(size->second >= image.height);
    CHECK(size->first <= image.width + 64);
  }
  CHECK(io::claimed_size("gif", picture("bomb.gif")) == Size{65535, 65535});
  CHECK(io::claimed_size("webp", picture("bomb.webp")) == Size{16383, 16383});
  CHECK(io::claimed_size("jpeg2000", picture("bombt.jp2")) == Size{100000, 100000});
  CHECK(io::claimed_size("heif", picture("bomb.avif")) == Size{100000, 100000});
  CHECK_FALSE(io::claimed_size("png", picture("rgb.png")));
}

TEST_CASE("image size: too many pixels, or too many for the file") {
  const auto says = [](std::int64_t w, std::int64_t h, std::uint64_t bytes) -> std::string {
    try {
      io::check_size("x", w, h, bytes, 200'000'000);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(says(4000, 4000, 10).empty());
  CHECK(says(10'000, 10'000, 10'000).empty());
  CHECK(says(10'000, 10'000, 9'999) ==
        "[x] claims 10000x10000 pixels in 9999 bytes; it is damaged: copy it again");
  CHECK(says(20'000, 20'000, 1 << 30).find("more than the limit of 200 million") != std::string::npos);
  CHECK(says(4294967295, 4294967295, 100).find("4294967295x4294967295") != std::string::npos);
}

TEST_CASE("heic and avif hold the image that was put in, and what claims more than it holds is refused") {
  const Image8 expected = load_image(picture("rgb.png"));
  for (const char* name : {"rgb.heic", "rgb.avif"}) {
    CAPTURE(std::string(name));
    const Image8 image = load_image(picture(name));
    REQUIRE(image.data.size() == expected.data.size());
    double difference = 0;
    for (std::size_t i = 0; i < image.data.size(); ++i)
      difference += std::abs(image.data[i] - expected.data[i]);
    CHECK(difference / static_cast<double>(image.data.size()) <
          32);  // squares of two pixels, colors at half the size
  }
  for (const char* name : {"beyond-1.avif", "beyond-2.avif"})
    CHECK_THROWS_AS(load_image(picture(name)), Error);
}
