// sumi comic: pages from images.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "engine/image/image.h"
#include "tests/tools/program.h"

using namespace program;
using namespace sumi::test;
namespace fs = std::filesystem;

namespace {

const std::string kPage = "comic --threads 1 --faces off -i in --page 40x60 --dpi 50 --margin 2 --gutter 1 ";

}  // namespace

TEST_CASE("comic page: images become panels of a page of the size asked for") {
  const Folder folder;
  write_images(folder, "in", 4, 48);
  write(folder / "story.txt", "1: A caption\n2: \"Hi\"\n");
  const Result planned = run(folder, kPage + "-o page.png --text story.txt --font-size 4 --dry-run");
  CHECK(planned.code == 0);
  CHECK_FALSE(fs::exists(folder / "page.png"));
  const Result made = run(folder, kPage + "-o page.png --text story.txt --font-size 4");
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  CHECK(has(made.out, "4 panels on 1 page"));
  const sumi::Image8 page = sumi::load_image(folder / "page.png");
  CHECK(page.width == 79);    // 40 mm at 50 dots an inch
  CHECK(page.height == 118);  // 60 mm
}

TEST_CASE("comic page: two panels a page make two files, or one PDF") {
  const Folder folder;
  write_images(folder, "in", 4, 48);
  CHECK(run(folder, kPage + "-o page.png --per-page 2").code == 0);
  CHECK(fs::exists(folder / "page-1.png"));
  CHECK(fs::exists(folder / "page-2.png"));
  CHECK(run(folder, kPage + "-o page.pdf --per-page 2 --style manga --right-to-left").code == 0);
  CHECK(read(folder / "page.pdf").starts_with("%PDF"));
}

TEST_CASE("comic page: what cannot be is refused with one line") {
  const Folder folder;
  write_images(folder, "in", 2, 32);
  write(folder / "bad.txt", "9: nobody\n");
  check_error(run(folder, "comic -o page.png"), 2, "--input is missing");
  check_error(run(folder, "comic -i in"), 2, "--output");
  check_error(run(folder, kPage + "-o page.txt"), 2, "is not the name of a page");
  check_error(run(folder, "comic -i in -o page.png --page a9"), 2, "--page a9 is not a size");
  check_error(run(folder, "comic -i in -o page.png --dpi 5"), 2, "--dpi 5 is out of range");
  check_error(run(folder, "comic -i in -o page.png --text bad.txt"), 1, "there is no panel 9");
  check_error(run(folder, "comic -i in -o page.png --text none.txt"), 1, "none.txt");
  check_error(run(folder, "comic -i nowhere -o page.png"), 1, "nowhere");
  CHECK_FALSE(fs::exists(folder / "page.png"));
}
