// sumi convert in scripts: pipes, JSON, comparisons, several threads, albums that go on.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "engine/image/photo.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("convert: from standard input and to standard output, of any format") {
  const Folder folder;
  write_images(folder, "in", 1, 30);
  REQUIRE(run(folder, "convert --threads 1 -i in/000.png -o file.png").code == 0);
  const std::string expected = read(folder / "file.png");
  const Result piped = run(folder, "convert --threads 1 -i - -o - < in/000.png");
  CHECK(piped.code == 0);
  CHECK(piped.err.empty());
  CHECK(piped.out == expected);
  // Each alone, and formats.
  CHECK(run(folder, "convert --threads 1 -i in/000.png -o - ").out == expected);
  REQUIRE(run(folder, "convert --threads 1 -i - -o from.png < in/000.png").code == 0);
  CHECK(read(folder / "from.png") == expected);
  for (const char* format : {"jpg", "webp", "tif", "bmp"}) {
    save_photo(folder / ("in." + std::string(format)), sumi::load_photo(folder / "in/000.png"));
    const std::string name = format;
    const Result done = run(folder, "convert --threads 1 -i - -o - -f " + name + " < in." + name);
    CAPTURE(name);
    CHECK(done.code == 0);
    write(folder / ("out." + name), done.out);
    CHECK(sumi::load_photo(folder / ("out." + name)).width == 30);
  }
  // Into a folder, beside files.
  const Result both = run(folder, "convert --threads 1 -i - in/000.png -o many/ < in.jpg");
  CAPTURE(both.err);
  CHECK(both.code == 0);
  CHECK(has(both.out, "1/2 many/stdin.png"));
  CHECK(fs::exists(folder / "many/000.png"));
  CHECK(has(run(folder, "convert --threads 1 -i - -o - --compare slider < in.jpg").out, "<h1>stdin</h1>"));
}

TEST_CASE("convert: what standard streams cannot be") {
  const Folder folder;
  write_images(folder, "in", 2, 12);
  write(folder / "empty", "");
  write(folder / "text", "no image at all, but text of some length");
  check_error(run(folder, "convert -i - -o x.png < empty"), 1, "[image stdin] is empty (0 bytes)");
  check_error(run(folder, "convert -i - -o x.png < text"), 1, "[image stdin] is not an image");
  check_error(run(folder, "convert -i - - -o x/ < text"), 2, "--input - is given twice");
  check_error(run(folder, "convert -i in -o -"), 2, "--output - takes one image");
  check_error(run(folder, "convert -i in/000.png -o - --json"), 2,
              "--json and --output - exclude each other");
  check_error(run(folder, "convert -i in/000.png -o - --dry-run"), 2, "--dry-run lists output files");
  const Result full = run(folder, "convert -i in/000.png -o - > /dev/full");
  CHECK(full.code == 1);
  CHECK(has(full.err, "[write stdout] cannot be written: No space left"));
  CHECK_FALSE(fs::exists(folder / "x.png"));
  CHECK_FALSE(fs::exists(folder / "-"));
}

TEST_CASE("convert: --json prints an object for each picture, whatever became of it") {
  const Folder folder;
  write_images(folder, "in", 3, 20);
  write(folder / "in/001.png", "broken");
  sumi::Photo clear = sumi::load_photo(folder / "in/002.png");
  clear.alpha.assign(clear.pixels(), 30000);
  save_photo(folder / "in/002.png", clear);
  const Result done = run(folder, "convert --threads 1 -i in none.png -o out -f jpg --json");
  CHECK(done.code == 1);
  CHECK(has(done.err, "[image none.png] does not exist"));
  CHECK(has(done.err, "[image in/001.png] is not an image"));
  std::vector<nlohmann::json> lines = json_lines(done.out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0]["status"] == "failed");
  CHECK(has(lines[0]["error"].get<std::string>(), "[image none.png] does not exist"));
  lines.erase(lines.begin());
  CHECK(lines[0]["input"] == "in/000.png");
  CHECK(lines[0]["output"] == "out/000.jpg");
  CHECK(lines[0]["status"] == "written");
  CHECK(lines[0]["width"] == 20);
  CHECK(lines[0]["height"] == 20);
  CHECK(lines[0]["seconds"] >= 0);
  CHECK_FALSE(lines[0].contains("warnings"));
  CHECK(lines[1]["status"] == "failed");
  CHECK(has(lines[1]["error"].get<std::string>(), "is not an image"));
  CHECK_FALSE(lines[1].contains("width"));
  CHECK(has(lines[2]["warnings"][0].get<std::string>(), "does not store transparency"));
  const auto rest =
      json_lines(run(folder, "convert --threads 1 -i in -o out -f jpg --json --skip-existing").out);
  REQUIRE(rest.size() == 3);
  CHECK(rest[0]["status"] == "skipped");
  CHECK(rest[2]["status"] == "failed");
  const auto planned =
      json_lines(run(folder, "convert --threads 1 -i in -o new -f jpg --json --dry-run").out);
  REQUIRE(planned.size() == 3);
  CHECK(planned[1]["status"] == "planned");
  CHECK(planned[1]["output"] == "new/001.jpg");
}

TEST_CASE("convert: comparisons beside, above and as a page") {
  const Folder folder;
  write_images(folder, "in", 2, 20);
  const sumi::Photo photo = sumi::load_photo(folder / "in/000.png");
  REQUIRE(run(folder, "convert --threads 1 -i in/000.png -o plain.png").code == 0);
  const sumi::Photo drawn = sumi::load_photo(folder / "plain.png");
  REQUIRE(run(folder, "convert --threads 1 -i in/000.png -o v.png --compare v").code == 0);
  const sumi::Photo both = sumi::load_photo(folder / "v.png");
  CHECK(both.height == 40);
  CHECK(std::equal(photo.rgb.begin(), photo.rgb.end(), both.rgb.begin()));
  CHECK(std::equal(drawn.rgb.begin(), drawn.rgb.end(), both.rgb.begin() + 20 * 20 * 3));
  const Result pages = run(folder, "convert --threads 1 -i in -o pages --compare slider");
  CAPTURE(pages.err);
  REQUIRE(pages.code == 0);
  const std::string page = read(folder / "pages/001.html");
  CHECK(has(page, "<h1>001.png</h1>"));
  CHECK(has(page, "data:image/jpeg;base64,"));
  CHECK(has(page, "</html>"));
  REQUIRE(run(folder, "convert --threads 1 -i in/000.png -o one.HTML --compare slider -f png").code == 0);
  CHECK(has(read(folder / "one.HTML"), "data:image/png;base64,iVBORw0KGgo"));
  check_error(run(folder, "convert -i in/000.png -o x.png --compare slider"), 2,
              "--output x.png is not the name of a page");
  check_error(run(folder, "convert -i in/000.png -o x.html"), 2, "is not the name of an image");
  check_error(run(folder, "convert -i in/000.png -o x.html --compare slider -f tif"), 2,
              "--format tif cannot be shown by browsers");
  for (const char* option : {"--mask in", "-x", "--keep-color", "--match-brightness", "--compare v"})
    check_error(run(folder, "convert -i in/000.png -o x.png --sheet " + std::string(option)), 2, "--sheet");
}

TEST_CASE("convert: with several threads the results are the same") {
  const Folder folder;
  write_images(folder, "in", 9, 24);
  write(folder / "in/004.png", "broken");
  REQUIRE(run(folder, "convert --threads 1 -i in -o one").code == 1);
  for (const char* jobs : {"4", "2:3:2", "1:2:1"}) {
    CAPTURE(std::string(jobs));
    fs::remove_all(folder / "many");
    const Result done = run(folder, "convert --threads 2 -i in -o many -j " + std::string(jobs));
    check_error(done, 1, "[image in/004.png]");
    CHECK(has(done.out, "8 of 9 images written, 1 failed, "));
    for (const auto& entry : fs::directory_iterator(folder / "one"))
      CHECK(read(folder / "many" / entry.path().filename()) == read(entry.path()));
  }
  const std::string call = "convert -i in -o x -j ";
  check_error(run(folder, call + "0"), 2, "--jobs 0 is out of range; give numbers from 1 to 64");
  check_error(run(folder, call + "1:2"), 2, "--jobs 1:2 has two numbers");
  check_error(run(folder, call + "1:x:1"), 2, "--jobs");
  check_error(run(folder, call + "1:2:1 -m nowhere"), 2, "a model computes one image at a time");
  CHECK_FALSE(fs::exists(folder / "x"));
}

TEST_CASE("convert: an album beside its results goes on after a failure, and after it is mended") {
  const Folder folder;
  write_images(folder, "album", 4, 16);
  const std::string good = read(folder / "album/002.png");
  write(folder / "album/002.png", good.substr(0, good.size() / 2));
  const std::string call = "convert --threads 1 -i album -o album --suffix -ink --skip-existing";
  const Result first = run(folder, call);
  check_error(first, 1, "[image album/002.png]");
  CHECK(has(first.out, "3 of 4 images written, 1 failed"));
  write(folder / "album/002.png", good);
  const Result second = run(folder, call);
  CHECK(second.code == 0);
  CHECK(has(second.out, "1 of 1 images written, 3 were there already"));
  CHECK(fs::exists(folder / "album/002-ink.png"));
  CHECK(std::distance(fs::directory_iterator(folder / "album"), fs::directory_iterator()) == 8);
}
