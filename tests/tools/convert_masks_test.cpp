// sumi convert: masks, strength, colors and brightness, the same for styles, stylizers and other
// networks.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/photo.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

constexpr int kSide = 24;

void train_kinds(const Folder& folder) {
  write_images(folder, "a", 3, 24);
  write_images(folder, "b", 2, 24);
  const std::string tiny =
      " --load-size 18 --crop-size 16 --ngf 2 --ndf 2 --n-blocks 1 --n-layers-d 1 --steps 1 --sample-every 0 "
      "--threads 1 -q";
  REQUIRE(run(folder, "train cyclegan --data-a a --data-b b --outdir cycle" + tiny).code == 0);
  REQUIRE(
      run(folder, "train pix2pix --data a --outdir fill --task inpaint --net-g resnet_6blocks" + tiny).code ==
      0);
  REQUIRE(run(folder,
              "train pix2pix --data a --outdir grow --task superres --factor 2 --net-g resnet_6blocks" + tiny)
              .code == 0);
  const Result comic =
      run(folder,
          "train stylizer --data-a a --style ink --crop-size 16 --ngf 4 --n-blocks 1 --batch-size 2 "
          "--steps 1 --workers 0 --threads 1 --sample-every 0 --outdir comic -q");
  CAPTURE(comic.err);
  REQUIRE(comic.code == 0);
}

// White in the columns below `from`.
sumi::Photo half_mask(int from) {
  sumi::Photo mask{kSide, kSide, 8, {}, {}, ""};
  for (int i = 0; i < kSide * kSide * 3; ++i)
    mask.rgb.push_back(i / 3 % kSide < from ? std::uint16_t{65535} : std::uint16_t{0});
  return mask;
}

sumi::Photo made(const Folder& folder, const std::string& arguments) {
  const Result result = run(folder, "convert --threads 1 -o out.png " + arguments);
  CAPTURE(arguments);
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  return sumi::load_photo(folder / "out.png");
}

double luma_at(const sumi::Photo& p, std::size_t i) {
  return 0.299 * p.rgb[3 * i] + 0.587 * p.rgb[3 * i + 1] + 0.114 * p.rgb[3 * i + 2];
}

double mean_luma(const sumi::Photo& p) {
  double sum = 0;
  for (std::size_t i = 0; i < p.pixels(); ++i) sum += luma_at(p, i);
  return sum / static_cast<double>(p.pixels());
}

}  // namespace

TEST_CASE(
    "convert: mask, strength, colors, brightness and symmetries mean the same for every kind of model") {
  const Folder folder;
  train_kinds(folder);
  save_photo(folder / "mask.png", half_mask(10));
  const sumi::Photo photo = sumi::load_photo(folder / "a/000.png");
  for (const std::string kind : {"--style wash", "-m comic", "-m cycle"}) {
    CAPTURE(kind);
    const std::string call = kind + " -i a/000.png ";
    const sumi::Photo whole = made(folder, call), left = made(folder, call + "--mask mask.png"),
                      half = made(folder, call + "-s 0.5"), none = made(folder, call + "-s 0");
    CHECK(none.rgb == photo.rgb);
    int differing = 0;
    for (std::size_t i = 0; i < whole.rgb.size(); ++i) {
      CHECK(left.rgb[i] == (i / 3 % kSide < 10 ? whole : photo).rgb[i]);
      CHECK(std::abs(2 * half.rgb[i] - whole.rgb[i] - photo.rgb[i]) <= 4 * 257);
      differing += whole.rgb[i] != photo.rgb[i];
    }
    CHECK(differing > 200);
    const sumi::Photo colors = made(folder, call + "--keep-color");
    for (std::size_t i = 0; i < whole.pixels(); ++i)
      CHECK(std::abs(luma_at(colors, i) - luma_at(whole, i)) < 400);
    CHECK(colors.rgb != whole.rgb);
    const sumi::Photo bright = made(folder, call + "--match-brightness");
    CHECK(std::abs(mean_luma(bright) - mean_luma(photo)) <=
          std::max(400.0, 0.3 * std::abs(mean_luma(whole) - mean_luma(photo))));
    const sumi::Photo mean = made(folder, call + "-x");
    CHECK(mean.rgb != whole.rgb);
    CHECK(mean.width == kSide);
    // Of a mirrored image the mean is the mirrored mean.
    sumi::Photo mirrored = photo, expected = mean;
    for (int y = 0; y < kSide; ++y)
      for (int x = 0; x < kSide; ++x)
        for (int c = 0; c < 3; ++c) {
          const auto to = static_cast<std::size_t>(3 * (y * kSide + x) + c),
                     from = static_cast<std::size_t>(3 * (y * kSide + kSide - 1 - x) + c);
          mirrored.rgb[to] = photo.rgb[from];
          expected.rgb[to] = mean.rgb[from];
        }
    save_photo(folder / "mirrored.png", mirrored);
    const sumi::Photo back = made(folder, kind + " -i mirrored.png --tta");
    for (std::size_t i = 0; i < back.rgb.size(); ++i) CHECK(std::abs(back.rgb[i] - expected.rgb[i]) <= 257);
  }
  // A network that enlarges: the photograph and the mask are enlarged, too.
  const sumi::Photo large = made(folder, "-m grow -i a/000.png --mask mask.png --keep-color -s 0.9");
  CHECK(large.width == 2 * kSide);
  // With --max-size the mask is shrunk like the image.
  CHECK(made(folder, "--style wash -i a/000.png --mask mask.png --max-size 12").width == 12);
}

TEST_CASE("convert: a folder of masks has one for each picture, for every kind of model") {
  const Folder folder;
  train_kinds(folder);
  fs::create_directories(folder / "in/sub");
  fs::create_directories(folder / "masks/sub");
  const sumi::Photo photo = sumi::load_photo(folder / "a/000.png");
  for (const char* name : {"in/one.jpg", "in/two.png", "in/three.png", "in/sub/one.png"})
    save_photo(folder / name, photo);
  save_photo(folder / "masks/one.png", half_mask(4));       // another extension
  save_photo(folder / "masks/two_mask.png", half_mask(8));  // an ending
  save_photo(folder / "masks/three.png", half_mask(12));    // before the ending
  save_photo(folder / "masks/three-mask.png", half_mask(1));
  save_photo(folder / "masks/sub/one.bmp", half_mask(16));
  const sumi::Photo plain = sumi::load_photo(folder / "in/two.png");
  for (const std::string kind : {"--style wash", "-m comic", "-m cycle"}) {
    CAPTURE(kind);
    const sumi::Photo whole = made(folder, kind + " -i in/two.png");
    const Result done = run(folder, "convert --threads 1 " + kind + " -i in -o out --mask masks -f png");
    CAPTURE(done.err);
    REQUIRE(done.code == 0);
    for (const auto& [name, from] : {std::pair{"two.png", 8}, {"three.png", 12}, {"sub/one.png", 16}}) {
      const sumi::Photo out = sumi::load_photo(folder / ("out/" + std::string(name)));
      for (std::size_t i = 0; i < out.rgb.size(); ++i)
        CHECK(out.rgb[i] == (static_cast<int>(i / 3) % kSide < from ? whole : plain).rgb[i]);
    }
  }
  // Holes of a model that fills them: outside of each image's own mask all stays.
  REQUIRE(run(folder, "convert --threads 1 -m fill -i in -o filled --mask masks -f png").code == 0);
  const sumi::Photo filled = sumi::load_photo(folder / "filled/two.png");
  int changed = 0;
  for (std::size_t i = 0; i < filled.rgb.size(); ++i) {
    if (i / 3 % kSide >= 8) CHECK(filled.rgb[i] == plain.rgb[i]);
    changed += filled.rgb[i] != plain.rgb[i];
  }
  CHECK(changed > 100);

  // What is missing is named, and the others are converted.
  fs::remove(folder / "masks/sub/one.bmp");
  const Result rest = run(folder, "convert --threads 1 -m cycle -i in -o rest --mask masks");
  check_error(rest, 1, "[image in/sub/one.png] has no mask: masks holds no sub/one of any image format");
  CHECK(has(rest.out, "3 of 3 images written, 1 failed"));
  CHECK_FALSE(fs::exists(folder / "rest/sub"));
  save_photo(folder / "masks/sub/one.png", sumi::Photo{1, 1, 8, {0, 0, 0}, {}, ""});
  check_error(run(folder, "convert --threads 1 -m cycle -i in -o rest --mask masks"), 1,
              "[image in/sub/one.png] [--mask] is 1x1, but the image 24x24");
  check_error(run(folder, "convert -i in/two.png -o x.png --mask none.png"), 1,
              "[image none.png] does not exist");
}

TEST_CASE("convert: --judge asks the discriminator of the direction, where there is one") {
  const Folder folder;
  train_kinds(folder);
  const auto judged = [&](const std::string& arguments) {
    const Result result = run(folder, "convert --threads 1 -o out.png --judge " + arguments);
    CAPTURE(arguments);
    CAPTURE(result.err);
    REQUIRE(result.code == 0);
    const std::size_t at = result.out.find(", judge ");
    REQUIRE(at != std::string::npos);
    return std::stod(result.out.substr(at + 8));
  };
  const double forth = judged("-m cycle -i a/000.png"),
               back = judged("-m cycle -i a/000.png --direction BtoA");
  CHECK(forth != back);
  CHECK(std::abs(forth) < 10);
  const double grown = judged("-m grow -i a/000.png");
  CHECK(grown > 0);  // vanilla: a probability
  CHECK(grown < 1);
  save_photo(folder / "thin.png", sumi::Photo{1, 300, 8, std::vector<std::uint16_t>(900, 7000), {}, ""});
  judged("-m cycle -i thin.png");
  const Result json = run(folder, "convert --threads 1 -m cycle -i a/000.png -o out.png --judge --json");
  CHECK(has(json.out, "\"judge\":{\"score\":"));
  CHECK(has(json.out, "\"real_share\":"));
  const std::string call = "convert -i a/000.png -o no.png --judge ";
  check_error(run(folder, call), 2, "--judge is for models with a discriminator");
  check_error(run(folder, call + "-m comic"), 2, "a stylizer has none");
  check_error(run(folder, call + "-m fill"), 1, "[--judge] is not for --task inpaint");
  REQUIRE(run(folder, "export -m cycle --net g_ab --layout torch -o g.safetensors -q").code == 0);
  check_error(run(folder, call + "-m g.safetensors"), 1, "[--judge] the file holds no d_b");
  CHECK_FALSE(fs::exists(folder / "no.png"));
}

TEST_CASE("convert: masks inside the folder of the pictures are no pictures") {
  const Folder folder;
  write_images(folder, "in", 2, kSide);
  fs::create_directories(folder / "in/masks");
  for (const char* name : {"in/masks/000.png", "in/masks/001.png"}) save_photo(folder / name, half_mask(3));
  const Result done = run(folder, "convert --threads 1 -i in -o out --mask in/masks");
  CAPTURE(done.err);
  CHECK(done.code == 0);
  CHECK(has(done.out, "2 of 2 images written"));
  CHECK_FALSE(fs::exists(folder / "out/masks"));
}
