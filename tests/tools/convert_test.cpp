// sumi convert: input files and folders, output images of the same size.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/photo.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

// folder/run: a barely trained cyclegan, whose two directions and averages differ.
void train_tiny(const Folder& folder) {
  write_images(folder, "a", 3, 20);
  write_images(folder, "b", 2, 20);
  const Result trained =
      run(folder,
          "train cyclegan --data-a a --data-b b --outdir run --load-size 18 --crop-size 16 --ngf 2 --ndf 2 "
          "--n-blocks 1 --n-layers-d 1 --steps 3 --ema 0.5 --init-gain 0.3 --sample-every 0 --threads 1 -q");
  CAPTURE(trained.err);
  REQUIRE(trained.code == 0);
}

sumi::Photo make_photo(int w, int h, int depth = 8, bool alpha = false) {
  sumi::Photo photo{w, h, depth, {}, {}, ""};
  for (std::size_t i = 0; i < photo.pixels() * 3; ++i)
    photo.rgb.push_back(static_cast<std::uint16_t>((i * i + 7 * i) % 256 * 257));
  if (alpha) photo.alpha.assign(photo.pixels(), 100 * 257);
  return photo;
}

// The names below a folder, "a.png sub/b.png".
std::string names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (!entry.is_directory()) names.push_back(entry.path().lexically_relative(folder).string());
  std::sort(names.begin(), names.end());
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return text;
}

const std::string kConvert = "convert -m run --threads 1 ";

}  // namespace

TEST_CASE("convert: one image keeps its size, bits and alpha where the format can hold them") {
  const Folder folder;
  train_tiny(folder);
  for (const auto& [w, h] : {std::pair{1, 1}, {23, 41}, {64, 48}}) {
    save_photo(folder / "in.png", make_photo(w, h, 16, true));
    for (const char* name : {"out.png", "out.tif", "out.jpg", "out.webp", "out.bmp", "out.tga"}) {
      CAPTURE(std::string(name));
      const Result done = run(folder, kConvert + "-i in.png -o " + name);
      CAPTURE(done.err);
      REQUIRE(done.code == 0);
      const bool opaque = fs::path(name).extension() == ".jpg";
      CHECK(done.err.empty() != opaque);
      CHECK(has(done.err, "does not store transparency") == opaque);
      CHECK(has(done.out, std::string("1/1 ") + name));
      CHECK(has(done.out, "1 of 1 images written"));
      const sumi::Photo out = sumi::load_photo(folder / name);
      CHECK(out.width == w);
      CHECK(out.height == h);
      const std::string extension = fs::path(name).extension().string();
      CHECK(out.depth == (extension == ".png" || extension == ".tif" ? 16 : 8));
      CHECK(out.alpha.empty() == opaque);
    }
  }
  // The network has an effect: the result is neither the input nor flat, and differs by direction.
  save_photo(folder / "in.png", make_photo(32, 32));
  for (const char* options : {"-o ab.png", "--direction AtoB -o ab2.png", "--direction BtoA -o ba.png",
                              "--raw -o raw.png", "--quiet -o quiet.png"})
    REQUIRE(run(folder, kConvert + "-i in.png " + options).code == 0);
  const std::string ab = read(folder / "ab.png");
  CHECK(read(folder / "ab2.png") == ab);
  CHECK(read(folder / "ba.png") != ab);
  CHECK(read(folder / "raw.png") != ab);
  CHECK(sumi::load_photo(folder / "ab.png").rgb != make_photo(32, 32).rgb);
  CHECK(run(folder, kConvert + "-i in.png -o q.png -q").out.empty());
}

TEST_CASE("convert: folders keep their tree; equal names are made distinct; existing files can be kept") {
  const Folder folder;
  train_tiny(folder);
  fs::create_directories(folder / "in/sub/deep");
  for (const char* name : {"in/a.jpg", "in/a.png", "in/sub/b.webp", "in/sub/deep/c.tif", "in/x.ppm"})
    save_photo(folder / name, make_photo(12, 9));
  write(folder / "in/notes.txt", "no image");
  const Result planned = run(folder, kConvert + "-i in -o out -f png --dry-run");
  CHECK(planned.code == 0);
  CHECK(has(planned.out, "in/a.png -> out/a.png.png\n"));
  CHECK(has(planned.out, "5 images would be written, 0 are there already"));
  CHECK_FALSE(fs::exists(folder / "out"));
  const Result done = run(folder, kConvert + "-i in -o out --format png -r");
  CAPTURE(done.err);
  REQUIRE(done.code == 0);
  CHECK(names_in(folder / "out") == "a.png a.png.png sub/b.png sub/deep/c.png x.png");
  REQUIRE(run(folder, kConvert + "-i in -o same --suffix -new").code == 0);
  CHECK(names_in(folder / "same") == "a-new.jpg a-new.png sub/b-new.webp sub/deep/c-new.tif x-new.ppm");

  write(folder / "out/a.png", "mine");
  fs::remove(folder / "out/x.png");
  const Result rest = run(folder, kConvert + "-i in -o out -f png --skip_existing");
  CHECK(rest.code == 0);
  CHECK(has(rest.out, "1 of 1 images written, 4 were there already"));
  CHECK(read(folder / "out/a.png") == "mine");
  CHECK(run(folder, kConvert + "-i in -o out -f png").code == 0);
  CHECK(read(folder / "out/a.png") != "mine");

  // Several inputs, one folder inside another: results are not converted again.
  REQUIRE(run(folder, kConvert + "-i in/a.jpg in/sub -i in/x.ppm -o in/results").code == 0);
  CHECK(names_in(folder / "in/results") == "a.jpg b.webp deep/c.tif x.ppm");
  CHECK(has(run(folder, kConvert + "-i in -o in/results --dry-run").out, "5 images would be written"));
}

TEST_CASE("convert: broken images are named, the others are done") {
  const Folder folder;
  train_tiny(folder);
  fs::create_directories(folder / "in");
  save_photo(folder / "in/a.png", make_photo(8, 8));
  write(folder / "in/b.png", "broken");
  save_photo(folder / "in/c.png", make_photo(8, 8));
  check_error(run(folder, kConvert + "-i in -o out"), 1, "[image in/b.png] is not an image");
  CHECK(names_in(folder / "out") == "a.png c.png");
  write(folder / "film.mp4", "x");
  check_error(run(folder, kConvert + "-i in/a.png film.mp4 -o films/"), 2, "in two calls");
  check_error(run(folder, kConvert + "-i in/a.png none.png -o nones/"), 1, "[image none.png] does not exist");
  CHECK(names_in(folder / "nones") == "a.png");
  fs::create_directories(folder / "empty");
  check_error(run(folder, kConvert + "-i empty -o out"), 1, "[folder empty] holds no images");
}

TEST_CASE("convert: large images are shrunk, or refused with the cure") {
  const Folder folder;
  train_tiny(folder);
  save_photo(folder / "in.png", make_photo(400, 200));
  REQUIRE(run(folder, kConvert + "-i in.png -o small.png --max-size 50").code == 0);
  CHECK(sumi::load_photo(folder / "small.png").width == 50);
  CHECK(sumi::load_photo(folder / "small.png").height == 25);
  check_error(run(folder, kConvert + "-i in.png -o no.png --max-memory 0.002"), 1,
              "[image in.png] [convert] an image of 400x200 needs about");
  CHECK_FALSE(fs::exists(folder / "no.png"));
  const Result tiled = run(folder, kConvert + "-i in.png -o tiled.png --tile 96");
  REQUIRE(tiled.code == 0);
  CHECK(has(tiled.err, "400x200 in tiles of 96 pixels (15), about "));
  REQUIRE(run(folder, kConvert + "-i in.png -o whole.png").code == 0);
  const sumi::Photo whole = sumi::load_photo(folder / "whole.png"),
                    parts = sumi::load_photo(folder / "tiled.png");
  REQUIRE(parts.rgb.size() == whole.rgb.size());
  for (std::size_t i = 0; i < whole.rgb.size(); ++i) CHECK(std::abs(parts.rgb[i] - whole.rgb[i]) <= 257);
  check_error(run(folder, kConvert + "-i in.png -o no.png --tile 7"), 2, "--tile 7 is out of range");
  check_error(run(folder, kConvert + "-i in.png -o no.png --tile-statistics none"), 2,
              "--tile-statistics none is unknown; use auto, exact or sampled");
  check_error(run(folder, "convert --style ink -i in.png -o no.png --tile 64"), 2, "--tile is for models");
  save_photo(folder / "wide.png", make_photo(40'000, 1));
  check_error(run(folder, kConvert + "-i wide.png -o wide.jpg --compare h"), 1, ".jpg holds 65500 a side");
  check_error(run(folder, kConvert + "-i wide.png -o wide.webp"), 1, ".webp holds 16383 a side");
  CHECK(names_in(folder / "").find("tmp") == std::string::npos);
  REQUIRE(run(folder, kConvert + "-i in.png -o both.png --compare h").code == 0);
  const sumi::Photo both = sumi::load_photo(folder / "both.png");
  CHECK(both.width == 800);
  CHECK(both.rgb[5] == make_photo(400, 200).rgb[5]);
}

TEST_CASE("convert: half-transparent colors are composited over white once") {
  const Folder folder;
  train_tiny(folder);
  sumi::Photo red{6, 4, 8, {}, std::vector<std::uint16_t>(24, 127 * 257), ""};
  for (int i = 0; i < 24; ++i)
    red.rgb.insert(red.rgb.end(), {255 * 257, 128 * 257, 128 * 257});  // over white
  save_photo(folder / "in.png", red);
  for (const char* name : {"x.ppm", "x.bmp", "x.png"}) {
    CAPTURE(std::string(name));
    REQUIRE(run(folder, kConvert + "--compare h -i in.png -o " + name).code == 0);
    const sumi::Image8 both = sumi::load_image(folder / name);
    REQUIRE(both.width == 12);
    for (int x = 0; x < 6; ++x)
      CHECK(std::vector<int>(both.at(x, 2), both.at(x, 2) + 3) == std::vector<int>{255, 128, 128});
  }
}

TEST_CASE("convert: a network of NaN writes nothing") {
  const Folder folder;
  train_tiny(folder);
  write_images(folder, "in", 2, 16);
  const fs::path checkpoint = folder / "run/checkpoints/3.safetensors";
  std::string file = read(checkpoint);
  std::uint64_t header = 0;
  std::memcpy(&header, file.data(), 8);
  std::fill(file.begin() + 8 + static_cast<std::ptrdiff_t>(header), file.end(), '\xff');  // NaN in f32
  write(folder / "nan.safetensors", file);
  const Result failed = run(folder, "convert -m nan.safetensors --threads 1 -i in/000.png -o out.png");
  check_error(failed, 1, "[checkpoint nan.safetensors] g_ab.");
  check_error(failed, 1, "holds NaN or infinity; ");
  CHECK_FALSE(fs::exists(folder / "out.png"));
  CHECK(run(folder, "convert -m nan.safetensors --threads 1 -i in -o out").code == 1);
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("convert: Ctrl-C ends after the current image and leaves whole files only") {
  const Folder folder;
  train_tiny(folder);
  fs::create_directories(folder / "in");
  for (int i = 0; i < 200; ++i)
    save_photo(folder / "in" / (std::to_string(i) + ".png"), make_photo(120, 120));
  const Result stopped = run_and_signal(folder, kConvert + "-i in -o out", SIGINT,
                                        [&] { return fs::exists(folder / "out/0.png"); });
  CAPTURE(stopped.err);
  CHECK(stopped.code == 130);
  CHECK(has(stopped.err, "finishing this image"));
  int count = 0;
  for (const auto& entry : fs::directory_iterator(folder / "out")) {
    CHECK(entry.path().filename().string()[0] != '.');
    CHECK(sumi::load_photo(entry.path()).width == 120);
    ++count;
  }
  CHECK(count >= 1);
  CHECK(count < 200);
  const Result rest = run(folder, kConvert + "-i in -o out --skip-existing");
  CHECK(rest.code == 0);
  CHECK(has(rest.out, std::to_string(count) + " were there already"));
}

TEST_CASE("convert: invalid options are reported before anything is written") {
  const Folder folder;
  train_tiny(folder);
  save_photo(folder / "in.png", make_photo(8, 8));
  check_error(run(folder, "convert -i in.png -o out.png --raw"), 2, "--no-ema is for models");
  check_error(run(folder, "convert -i in.png -o out.png --direction AtoB"), 2, "--direction is for models");
  check_error(run(folder, "convert -m run -o out.png"), 2, "--input is missing");
  check_error(run(folder, "convert -m run -i in.png"), 2, "--output is missing");
  check_error(run(folder, kConvert + "-i in.png -o out.gif"), 2, "is not the name of an image");
  check_error(run(folder, kConvert + "-i in.png -o out.png -f gif"), 2, "--format gif cannot be written");
  check_error(run(folder, kConvert + "-i a -o out.png"), 2, "needs a folder");
  check_error(run(folder, kConvert + "-i in.png a/000.png -o out.png"), 2, "needs a folder");
  check_error(run(folder, kConvert + "-i in.png -o in.png"), 2, "would overwrite an input");
  check_error(run(folder, kConvert + "-i a -o a"), 2, "would overwrite an input");
  check_error(run(folder, kConvert + "-i in.png -o out.png --quality 0"), 2, "--quality");
  check_error(run(folder, kConvert + "-i in.png -o out.png --compare d"), 2, "--compare d is unknown; use h");
  check_error(run(folder, kConvert + "-i in.png -o out.png --max-memory -1"), 2, "--max-memory");
  check_error(run(folder, kConvert + "-i in.png -o out.png -g 0"), 2, "--gpu 0");
  check_error(run(folder, kConvert + "-i in.png -o out.png --direction CtoD"), 2, "use AtoB or BtoA");
  check_error(run(folder, "convert -m none -i in.png -o out.png"), 1, "[model none] does not exist");
  CHECK_FALSE(fs::exists(folder / "out.png"));
  CHECK(run(folder, kConvert + "-i a -o a --suffix 2").code == 0);

  write_images(folder, "pictures", 5, 16);
  REQUIRE(run(folder, kTiny + "--outdir noise --steps 1 -q").code == 0);
  check_error(run(folder, "convert -m noise -i in.png -o out.png"), 1, "cannot translate any");
}

TEST_CASE("convert: a pix2pix that fills holes takes them from alpha or --mask; one for superres enlarges") {
  const Folder folder;
  write_images(folder, "a", 3, 20);
  for (const std::string task : {"inpaint", "superres --factor 3"}) {
    const Result trained =
        run(folder, "train pix2pix --data a --outdir " + task.substr(0, 7) + " --task " + task +
                        " --net-g resnet_6blocks --load-size 18 --crop-size 16 --ngf 2 --ndf 2 --n-blocks 1 "
                        "--n-layers-d 1 --steps 2 --sample-every 0 --threads 1 -q");
    CAPTURE(trained.err);
    REQUIRE(trained.code == 0);
  }
  sumi::Photo holed = make_photo(20, 12, 8, true), mask = make_photo(20, 12);
  for (std::size_t i = 0; i < holed.pixels(); ++i) {
    holed.alpha[i] = i % 20 < 15 ? 65535 : 0;
    std::fill_n(mask.rgb.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, i % 20 < 15 ? 0 : 65535);
  }
  save_photo(folder / "holed.png", holed);
  save_photo(folder / "whole.png", make_photo(20, 12));
  save_photo(folder / "mask.png", mask);
  REQUIRE(run(folder, "convert -m inpaint --threads 1 -i holed.png -o 1.png").code == 0);
  REQUIRE(run(folder, "convert -m inpaint --threads 1 -i whole.png --mask mask.png -o 2.png").code == 0);
  const sumi::Photo filled = sumi::load_photo(folder / "1.png");
  CHECK(filled.rgb == sumi::load_photo(folder / "2.png").rgb);
  CHECK(filled.alpha.empty());
  const Result none = run(folder, "convert -m inpaint --threads 1 -i whole.png -o 3.png");
  CHECK(none.code == 1);
  CHECK(has(none.err, "whole.png"));
  CHECK(has(none.err, "no hole to fill"));
  REQUIRE(run(folder, "convert -m superre --threads 1 -i whole.png -o 4.png --compare h").code == 0);
  const sumi::Photo larger = sumi::load_photo(folder / "4.png");
  CHECK(larger.width == 120);
  CHECK(larger.height == 36);
}
