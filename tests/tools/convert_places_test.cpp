// sumi convert: selection of files and preservation of their metadata.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "engine/image/photo.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

const std::string kCall = "convert -m run --threads 1 ";

void train_model(const Folder& folder) {
  write_images(folder, "a", 2, 18);
  write_images(folder, "b", 2, 18);
  REQUIRE(
      run(folder,
          "train cyclegan --data-a a --data-b b --outdir run --load-size 18 --crop-size 16 --ngf 2 --ndf 2 "
          "--n-blocks 1 --n-layers-d 1 --steps 1 --sample-every 0 --threads 1 -q")
          .code == 0);
}

}  // namespace

TEST_CASE("convert: an album whose results lie beside the originals is continued") {
  const Folder folder;
  train_model(folder);
  write_images(folder, "album", 3, 12);
  REQUIRE(run(folder, kCall + "-i album -o album --suffix _x").code == 0);
  const std::string kept = read(folder / "album/000_x.png");
  check_error(run(folder, kCall + "-i album -o album --suffix _x"), 2, "continue that with --skip-existing");
  fs::remove(folder / "album/001_x.png");
  const Result rest = run(folder, kCall + "-i album -o album --suffix _x --skip-existing");
  CAPTURE(rest.err);
  REQUIRE(rest.code == 0);
  CHECK(has(rest.out, "1 of 1 images written, 2 were there already"));
  CHECK(fs::exists(folder / "album/001_x.png"));
  CHECK_FALSE(fs::exists(folder / "album/000_x_x.png"));
  CHECK(read(folder / "album/000_x.png") == kept);
  // Another type, and names that collide.
  fs::copy(folder / "album/000.png", folder / "album/000.tga");
  for (int call = 0; call < 2; ++call) {
    const Result done = run(folder, kCall + "-i album -o album --suffix _y -f tif --skip-existing");
    CAPTURE(done.err);
    CHECK(done.code == 0);
    CHECK(fs::exists(folder / "album/000.tga_y.tif"));
    CHECK_FALSE(fs::exists(folder / "album/000.tga_y_y.tif"));
    CHECK(has(done.out, "7 were there already") == (call == 1));
    CHECK_FALSE(fs::exists(folder / "album/000_y_y.tif"));
    CHECK(fs::exists(folder / "album/000_x_y.tif"));
  }
}

TEST_CASE("convert: quoted patterns are expanded; a missing input is reported before the output") {
  const Folder folder;
  train_model(folder);
  const Result done = run(folder, kCall + "-i 'a/*.png' -o out -q");
  CAPTURE(done.err);
  CHECK(done.code == 0);
  CHECK(fs::exists(folder / "out/001.png"));
  check_error(run(folder, kCall + "-i 'none/*.png' -o result"), 1,
              "[image none/*.png] does not exist; no file matches this pattern");
  check_error(run(folder, kCall + "-i none.png -o result"), 1,
              "[image none.png] does not exist; check the path");
}

TEST_CASE(
    "convert and generate: one table says what can be written, and the same command gives the same bytes") {
  const Folder folder;
  train_model(folder);
  for (const char* format : {"png", "jpg", "webp", "tif", "bmp", "tga", "ppm"}) {
    CAPTURE(std::string(format));
    std::string bytes;
    for (int call = 0; call < 2; ++call) {
      REQUIRE(run(folder, kCall + "-i a/000.png -o out/ -q -f " + format).code == 0);
      const std::string now = read(folder / ("out/000." + std::string(format)));
      CHECK((call == 0 || now == bytes));
      bytes = now;
    }
    CHECK(sumi::load_photo(folder / ("out/000." + std::string(format))).width == 18);
  }
  check_error(run(folder, kCall + "-i a -o out -f exr"), 2, "use png, jpg, webp, tif, bmp, tga or ppm");
  check_error(run(folder, kCall + "-i a/000.png -o x.exr"), 2, "use png, jpg, webp, tif, bmp, tga or ppm");
}

TEST_CASE("convert: EXIF data and the resolution go with an image; --strip leaves them out") {
  const Folder folder;
  train_model(folder);
  sumi::Photo photo = sumi::load_photo(folder / "a/000.png");
  photo.metadata.exif = std::string("II*\0\x08\0\0\0\1\0\x3b\1\2\0\4\0\0\0Ada\0\0\0\0\0", 26);
  photo.metadata.dpi_x = photo.metadata.dpi_y = 300;
  save_photo(folder / "in.jpg", photo);
  for (const char* name : {"out.jpg", "out.png", "out.tif", "out.webp"}) {
    CAPTURE(std::string(name));
    REQUIRE(run(folder, kCall + "-q -i in.jpg -o " + name).code == 0);
    const sumi::Metadata kept = sumi::load_photo(folder / name).metadata;
    CHECK(has(kept.exif, "Ada"));
    REQUIRE(run(folder, kCall + "-q --strip -i in.jpg -o " + name).code == 0);
    const sumi::Metadata none = sumi::load_photo(folder / name).metadata;
    CHECK(none.exif.empty());
    CHECK(std::string(name) + (none.dpi_x == 300 ? " has 300 dpi" : "") == name);
  }
}
