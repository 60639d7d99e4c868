// What combines a translated photo with its original: symmetries, blending, colors, brightness.
// And the sizes that files claim.
#include "engine/image/photo_edits.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/image/image_size.h"
#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

using namespace sumi;

namespace {

Photo counted_photo(int w, int h, int step, bool alpha = false) {
  Photo photo{w, h, 8, {}, {}, ""};
  for (std::size_t i = 0; i < photo.pixels() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint16_t>(i * static_cast<std::size_t>(step) % 256 * 257));
  for (std::size_t i = 0; alpha && i < photo.pixels(); ++i)
    photo.alpha.push_back(static_cast<std::uint16_t>(i * 991));
  return photo;
}

double luma_of(const Photo& photo, std::size_t i) {
  return 0.299 * photo.rgb[3 * i] + 0.587 * photo.rgb[3 * i + 1] + 0.114 * photo.rgb[3 * i + 2];
}

double mean_luma_of(const Photo& photo) {
  double sum = 0;
  for (std::size_t i = 0; i < photo.pixels(); ++i) sum += luma_of(photo, i);
  return sum / static_cast<double>(photo.pixels());
}

}  // namespace

TEST_CASE("photo edits: eight different symmetries, each undone by its inverse") {
  const Photo photo = counted_photo(5, 3, 7, true);
  std::vector<Photo> seen;
  for (int symmetry = 0; symmetry < kSymmetries; ++symmetry) {
    const Photo turned = transformed(photo, symmetry);
    CHECK(turned.width == (symmetry < 4 ? 5 : 3));
    CHECK(turned.height == (symmetry < 4 ? 3 : 5));
    const Photo back = transformed_back(turned, symmetry);
    CHECK(back.width == 5);
    CHECK(back.rgb == photo.rgb);
    CHECK(back.alpha == photo.alpha);
    for (const Photo& other : seen) CHECK_FALSE((other.width == turned.width && other.rgb == turned.rgb));
    seen.push_back(turned);
  }
  CHECK(seen[0].rgb == photo.rgb);
  CHECK(seen[1].rgb[0] == photo.rgb[3 * 4]);        // left and right
  CHECK(seen[2].rgb[0] == photo.rgb[3 * (2 * 5)]);  // top and bottom
  CHECK(seen[4].rgb[3] == photo.rgb[3 * 5]);        // rows and columns
}

TEST_CASE(
    "photo edits: the mean over symmetries is the photo for a filter that keeps it, and symmetric for any") {
  const Photo photo = counted_photo(6, 4, 11);
  int calls = 0;
  const auto same = [&](const Photo& p, const Photo* holes) {
    ++calls;
    CHECK((holes == nullptr || (holes->width == p.width && holes->rgb == p.rgb)));
    return p;
  };
  CHECK(mean_over_symmetries(same, photo, nullptr).rgb == photo.rgb);
  CHECK(mean_over_symmetries(same, photo, &photo).rgb == photo.rgb);
  CHECK(calls == 16);
  // Brightens the left column: the mean has all four sides a little brighter.
  Photo gray{4, 4, 8, std::vector<std::uint16_t>(48, 8000), {}, ""};
  const Photo made = mean_over_symmetries(
      [](const Photo& p, const Photo*) {
        Photo out = p;
        for (int y = 0; y < p.height; ++y)
          for (int c = 0; c < 3; ++c) out.rgb[static_cast<std::size_t>(3 * y * p.width + c)] = 16000;
        return out;
      },
      gray, nullptr);
  for (const int at : {1, 2, 4, 7, 8, 11, 13, 14}) CHECK(made.rgb[static_cast<std::size_t>(3 * at)] == 10000);
  for (const int at : {0, 3, 12, 15}) CHECK(made.rgb[static_cast<std::size_t>(3 * at)] == 12000);
  CHECK(made.rgb[3 * 5] == 8000);
}

TEST_CASE("photo edits: blending goes from the photo to the result, where the mask is light") {
  const Photo photo = counted_photo(40, 30, 5), other = counted_photo(40, 30, 9);
  Photo result = other;
  blend_over(photo, {}, 1, result);
  CHECK(result.rgb == other.rgb);
  blend_over(photo, {}, 0, result);
  CHECK(result.rgb == photo.rgb);
  result = other;
  std::vector<std::uint16_t> coverage(photo.pixels(), 65535);
  coverage[7] = 0;
  coverage[8] = 16384;
  blend_over(photo, coverage, 1, result);
  for (std::size_t k = 0; k < 3; ++k) {
    CHECK(result.rgb[21 + k] == photo.rgb[21 + k]);
    CHECK(std::abs(result.rgb[24 + k] - (0.75 * photo.rgb[24 + k] + 0.25 * other.rgb[24 + k])) < 2);
    CHECK(result.rgb[27 + k] == other.rgb[27 + k]);
  }
  Photo small = counted_photo(4, 4, 3);
  CHECK_THROWS_AS(blend_over(photo, {}, 0.5, small), Error);
  CHECK_THROWS_AS(blend_over(photo, {1, 2}, 0.5, result), Error);
}

TEST_CASE("photo edits: a mask is its luma, or its alpha where it was painted in white on nothing") {
  Photo mask{2, 1, 8, {0, 0, 0, 65535, 65535, 65535}, {}, ""};
  CHECK(mask_coverage(mask) == std::vector<std::uint16_t>{0, 65535});
  mask.rgb.assign(6, 65535);  // white over white
  mask.alpha = {0, 40000};
  CHECK(mask_coverage(mask) == mask.alpha);
  mask.alpha.clear();
  CHECK(mask_coverage(mask) == std::vector<std::uint16_t>{65535, 65535});
}

TEST_CASE("photo edits: kept colors have the photo's hue and the result's luma") {
  const Photo photo = counted_photo(32, 32, 13);
  Photo result = counted_photo(32, 32, 29);
  result.gray = true;
  const Photo before = result;
  keep_color(photo, result);
  CHECK_FALSE(result.gray);
  int colored = 0;
  for (std::size_t i = 0; i < photo.pixels(); ++i) {
    CHECK(std::abs(luma_of(result, i) - luma_of(before, i)) < 2);
    const double red = result.rgb[3 * i] - luma_of(result, i),
                 red_photo = photo.rgb[3 * i] - luma_of(photo, i),
                 blue = result.rgb[3 * i + 2] - luma_of(result, i),
                 blue_photo = photo.rgb[3 * i + 2] - luma_of(photo, i);
    CHECK(std::abs(red * blue_photo - blue * red_photo) < 3e5);  // the same hue, to rounding
    CHECK(std::abs(red) <= std::abs(red_photo) + 2);
    colored += std::abs(red) > 100;
  }
  CHECK(colored > 500);
  Photo same = photo;
  keep_color(photo, same);
  for (std::size_t i = 0; i < same.rgb.size(); ++i) CHECK(std::abs(same.rgb[i] - photo.rgb[i]) <= 1);
}

TEST_CASE("photo edits: the brightness is matched by a curve that keeps black and white") {
  Photo photo{64, 4, 8, {}, {}, ""}, dark = photo;
  for (int i = 0; i < 256; ++i)
    for (int c = 0; c < 3; ++c) {
      photo.rgb.push_back(static_cast<std::uint16_t>(i * 257));
      dark.rgb.push_back(static_cast<std::uint16_t>(i * i / 255 * 257));
    }
  const double wanted = mean_luma_of(photo);
  CHECK(mean_luma_of(dark) < 0.7 * wanted);
  match_brightness(photo, dark);
  CHECK(std::abs(mean_luma_of(dark) - wanted) < 300);
  CHECK(dark.rgb[0] == 0);
  CHECK(dark.rgb.back() == 65535);
  Photo ink{2, 1, 8, {0, 0, 0, 65535, 65535, 65535}, {}, ""};
  const Photo before = ink;
  match_brightness(photo, ink);
  CHECK(ink.rgb == before.rgb);
}

TEST_CASE("photo edits: one above the other") {
  const Photo a = counted_photo(6, 2, 3, true), b = counted_photo(6, 5, 7, true);
  const Photo both = stacked(a, b);
  CHECK(both.width == 6);
  CHECK(both.height == 7);
  CHECK(std::equal(b.rgb.begin(), b.rgb.end(), both.rgb.begin() + 36));
  CHECK(both.alpha.size() == 42);
  CHECK(stacked(a, counted_photo(6, 5, 7)).alpha.empty());
  CHECK_THROWS_AS(stacked(a, counted_photo(5, 5, 7)), Error);
}

TEST_CASE("image size: what files claim, by their bytes") {
  const sumi::test::TempDir folder;
  using Size = std::pair<std::int64_t, std::int64_t>;
  for (const char* extension : {"png", "jpg", "webp", "tif", "bmp", "tga", "ppm"}) {
    CAPTURE(std::string(extension));
    const fs::path file = folder.path / ("a." + std::string(extension));
    save_photo(file, counted_photo(37, 21, 5));
    CHECK(claimed_image_size(file) == Size{37, 21});
    const std::string bytes = read_file(file, 1 << 20);
    for (std::size_t length = 0; length < bytes.size();
         length += 3) {  // of any prefix nothing worse than a guess
      write_file_atomically(folder.path / ("cut." + std::string(extension)), bytes.substr(0, length));
      const auto size = claimed_image_size(folder.path / ("cut." + std::string(extension)));
      CHECK((!size || (size->first > 0 && size->second > 0)));
    }
  }
  CHECK_FALSE(claimed_image_size(folder.path / "none.png"));
  CHECK_FALSE(claimed_image_size(folder.path));
}

TEST_CASE("photo: the bytes of a file are those that are saved") {
  const sumi::test::TempDir folder;
  const Photo photo = counted_photo(9, 7, 5, true);
  for (const char* name : {"a.png", "a.jpg", "a.webp", "a.tif"}) {
    save_photo(folder.path / name, photo, 80);
    CHECK(encode_photo(name, photo, 80) == read_file(folder.path / name, 1 << 20));
  }
  CHECK_THROWS_AS(encode_photo("a.gif", photo), Error);
}
