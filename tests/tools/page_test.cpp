// sumi comic: pages from images.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "engine/image/image.h"
#include "engine/video/clip.h"
#include "tests/tools/program.h"

using namespace program;
using namespace sumi::test;
namespace fs = std::filesystem;

namespace {

const std::string kPage = "comic --threads 1 --faces off -i in --page 40x60 --dpi 50 --margin 2 --gutter 1 ";

// Three shots of a second each, with two subtitles. Returns false, and says so, where that cannot
// be made or read.
bool make_page_clip(const Folder& folder) {
  write(folder / "in.srt",
        "1\n00:00:00,100 --> 00:00:00,900\nHello <i>there</i>\n\n"
        "2\n00:00:02,100 --> 00:00:02,800\n[a door closes]\n");
  try {
    sumi::video::open_clip("/");
  } catch (const sumi::video::VideoUnavailable&) {
    MESSAGE("skipped: built without SUMI_VIDEO");
    return false;
  } catch (const sumi::Error&) {
  }
  if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) {
    MESSAGE("skipped: there is no ffmpeg (third_party/install.sh test)");
    return false;
  }
  REQUIRE(std::system(("cd '" + folder.path().string() +
                       "' && ffmpeg -nostdin -v error -y -f lavfi -i testsrc=size=96x64:rate=10:duration=1 "
                       "-f lavfi -i color=red:size=96x64:rate=10:duration=1,noise=alls=9 "
                       "-f lavfi -i testsrc2=size=96x64:rate=10:duration=1 -i in.srt -filter_complex "
                       "'[0][1][2]concat=n=3[v]' -map '[v]' -map 3:s -c:v ffv1 -c:s subrip in.mkv")
                          .c_str()) == 0);
  return true;
}

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

TEST_CASE("comic page: --strength mixes the drawing with the photograph") {
  const Folder folder;
  write_images(folder, "in", 1, 48);
  const auto page = [&](const std::string& strength) {
    const std::string file = "page" + strength + ".png";
    REQUIRE(run(folder, kPage + "-o " + file + " -s " + strength).code == 0);
    return sumi::load_image(folder / file);
  };
  const sumi::Image8 none = page("0"), half = page("0.5"), full = page("1");
  // The panel of a photograph: the pixels of the same page without a style.
  long long mixed = 0, off = 0;
  for (std::size_t i = 0; i < none.data.size(); ++i) {
    mixed += none.data[i] != half.data[i] && half.data[i] != full.data[i];
    off += std::abs(2 * half.data[i] - none.data[i] - full.data[i]) > 2;
  }
  CHECK(mixed > static_cast<long long>(none.data.size()) / 4);
  CHECK(off == 0);
  long long colors = 0;  // ink has flats of few colors, the photograph has gradients
  for (std::size_t i = 3; i < none.data.size(); ++i) colors += none.data[i] != none.data[i - 3];
  long long flats = 0;
  for (std::size_t i = 3; i < full.data.size(); ++i) flats += full.data[i] != full.data[i - 3];
  CHECK(colors != flats);
}

TEST_CASE("comic page: a clip's key frames, one of each shot, with its own subtitles") {
  const Folder folder;
  if (!make_page_clip(folder)) return;
  const std::string call = "comic --threads 1 --faces off -i in.mkv --page 60x90 --dpi 50 --font-size 4 ";
  const Result planned = run(folder, call + "-o page.png --frames 3 --dry-run");
  CAPTURE(planned.err);
  REQUIRE(planned.code == 0);
  CHECK(has(planned.out, "in.mkv at 0."));
  CHECK(has(planned.out, "in.mkv at 1."));
  CHECK(has(planned.out, "in.mkv at 2."));
  CHECK(has(planned.out, "Hello there"));
  CHECK(has(planned.out, "a door closes"));
  const Result made = run(folder, call + "-o page.png --frames 3");
  CAPTURE(made.err);
  REQUIRE(made.code == 0);
  CHECK(has(made.out, "3 panels on 1 page"));
  CHECK(fs::exists(folder / "page.png"));
  const Result part = run(folder, call + "-o page.png --frames 2 --start 1 --end 2 --text none --dry-run");
  CHECK(part.code == 0);
  CHECK(has(part.out, "in.mkv at 1."));
  CHECK_FALSE(has(part.out, "in.mkv at 0."));
  CHECK_FALSE(has(part.out, "in.mkv at 2."));
  CHECK_FALSE(has(part.out, "Hello"));
  write_images(folder, "in", 2, 32);
  check_error(run(folder, "comic -i in.mkv in -o p.png"), 2, "one clip or from images");
  check_error(run(folder, "comic -i in -o p.png --start 1"), 2, "--start is for clips");
  check_error(run(folder, call + "-o p.png --start 2 --end 1"), 2, "must be later than");
  check_error(run(folder, call + "-o p.png --start 9"), 1, "check the times");
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
