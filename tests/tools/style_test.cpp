// sumi convert with styles: all features that it has for models, without a model.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "engine/image/photo.h"
#include "engine/image/stylize/style.h"
#include "tests/tools/program.h"

using namespace program;

namespace {

sumi::Photo slope_photo(int w, int h, int depth, bool alpha) {
  sumi::Photo photo{w, h, depth, {}, {}, ""};
  for (int i = 0; i < w * h; ++i)
    for (const int level : {i % w * 180 / w + 20, i / w * 200 / h + 30, i % w > w / 2 ? 200 : 60})
      photo.rgb.push_back(static_cast<std::uint16_t>(level * 257));
  if (alpha) photo.alpha.assign(photo.pixels(), 200 * 257);
  return photo;
}

sumi::Photo styled(const Folder& folder, const std::string& arguments, const std::string& out = "out.png") {
  const Result result = run(folder, "convert --threads 1 -o " + out + " " + arguments);
  CAPTURE(arguments);
  CAPTURE(result.err);
  CHECK(result.code == 0);
  return sumi::load_photo(folder / out);
}

}  // namespace

TEST_CASE("style: without a model an image becomes an ink drawing of its size, bits and alpha") {
  const Folder folder;
  for (const auto& [w, h] : {std::pair{1, 1}, {3, 2}, {90, 64}}) {
    save_photo(folder / "in.png", slope_photo(w, h, 16, true));
    const sumi::Photo plain = styled(folder, "-i in.png");
    CHECK(plain.width == w);
    CHECK(plain.height == h);
    CHECK(plain.depth == 16);
    CHECK(plain.alpha == slope_photo(w, h, 16, true).alpha);
    CHECK(styled(folder, "-i in.png --style ink").rgb == plain.rgb);
  }
  save_photo(folder / "in.png", slope_photo(90, 64, 8, false));
  for (const sumi::stylize::StyleInfo& style : sumi::stylize::styles()) {
    const sumi::Photo drawn = styled(folder, "-i in.png -n " + style.name);
    CHECK(drawn.depth == 8);
    bool gray = true;
    for (std::size_t i = 0; i < drawn.rgb.size(); i += 3)
      gray = gray && drawn.rgb[i] == drawn.rgb[i + 1] && drawn.rgb[i] == drawn.rgb[i + 2];
    CHECK(gray == style.gray);
    CHECK(drawn.rgb != sumi::load_photo(folder / "in.png").rgb);
  }
}

TEST_CASE("style: strength blends with the photograph, and a mask says where") {
  const Folder folder;
  const sumi::Photo photo = slope_photo(40, 32, 8, false);
  save_photo(folder / "in.png", photo);
  sumi::Photo mask = slope_photo(40, 32, 8, false);
  for (std::size_t i = 0; i < mask.rgb.size(); ++i) mask.rgb[i] = i / 3 % 40 < 20 ? 65535 : 0;
  save_photo(folder / "mask.png", mask);
  const sumi::Photo whole = styled(folder, "-i in.png"), half = styled(folder, "-i in.png -s 0.5"),
                    left = styled(folder, "-i in.png --mask mask.png");
  CHECK(styled(folder, "-i in.png -s 0 --style manga").rgb == photo.rgb);
  int between = 0;
  for (std::size_t i = 0; i < photo.rgb.size(); ++i) {
    CHECK(std::abs(2 * half.rgb[i] - whole.rgb[i] - photo.rgb[i]) <= 4 * 257);
    between += half.rgb[i] != whole.rgb[i] && half.rgb[i] != photo.rgb[i];
    CHECK(left.rgb[i] == (i / 3 % 40 < 20 ? whole : photo).rgb[i]);
  }
  CHECK(between > 500);
  CHECK(styled(folder, "-i in.png --line-strength 0").rgb ==
        styled(folder, "-i in.png --style-set line=0").rgb);
  CHECK(styled(folder, "-i in.png --style-set levels=2,color=2").rgb != whole.rgb);
}

TEST_CASE("style: the slow form differs, and layers are what a stylizer learns") {
  const Folder folder;
  sumi::Photo photo = slope_photo(90, 64, 8, false);
  for (std::size_t i = 0; i < photo.rgb.size(); i += 3)  // texture in the left half
    if (i / 3 % 90 < 45) photo.rgb[i] = photo.rgb[i + 1] = static_cast<std::uint16_t>(i * 7919 % 256 * 257);
  save_photo(folder / "in.png", photo);
  for (const sumi::stylize::StyleInfo& style : sumi::stylize::styles()) {
    CAPTURE(style.name);
    const std::string name = "-i in.png -n " + style.name;
    CHECK(styled(folder, name + " --filter-quality best").rgb != styled(folder, name).rgb);
    CHECK(styled(folder, name + " --filter-quality fast").rgb == styled(folder, name).rgb);
    const sumi::Photo flat = styled(folder, name + " --layer flat"),
                      line = styled(folder, name + " --layer line");
    CHECK(flat.rgb != line.rgb);
    CHECK(flat.rgb != styled(folder, name).rgb);
    for (std::size_t i = 0; i < line.rgb.size(); i += 3) CHECK(line.rgb[i] == line.rgb[i + 2]);
  }
  check_error(run(folder, "convert -i in.png -o out.png --filter-quality good"), 2,
              "--filter-quality good is unknown");
  check_error(run(folder, "convert -m run -i in.png -o out.png --filter-quality best"), 2,
              "--filter-quality and --model exclude each other");
  check_error(run(folder, "convert -i in.png -o out.png --sheet --layer line"), 2,
              "--layer is for one style");
}

TEST_CASE("style: folders, sheets and comparisons") {
  const Folder folder;
  write_images(folder, "in", 3, 40);
  const Result all = run(folder, "convert --threads 1 -i in -o out -f jpg --style manga");
  CHECK(all.code == 0);
  CHECK(has(all.out, "3 of 3 images written"));
  CHECK(sumi::load_photo(folder / "out/002.jpg").width == 40);
  CHECK(styled(folder, "-i in/000.png --compare h").width == 80);
  const sumi::Photo sheet = styled(folder, "-i in/000.png --sheet");
  const int cells = 1 + static_cast<int>(sumi::stylize::styles().size());
  CHECK(sheet.width >= std::min(cells, 4) * 40);
  CHECK(sheet.height >= (cells + 3) / 4 * 40);
}

TEST_CASE("style: without the face module a drawing is made, with one warning") {
  const Folder folder;
  std::filesystem::create_directories(folder / "in");
  sumi::Photo gray = slope_photo(60, 50, 8, false);  // searched everywhere
  for (std::size_t i = 0; i < gray.rgb.size(); ++i) gray.rgb[i] = gray.rgb[i / 3 * 3];
  for (const char* name : {"in/000.png", "in/001.png"}) save_photo(folder / name, gray);
  const std::string call =
      "SUMI_FACES=" + (folder / "nowhere.so").string() + " $SUMI convert --threads 1 -i in -o ";
  const auto shell = [&](const std::string& words) {
    return std::system(("cd " + folder.path().string() + " && " + call + words + " > said 2>&1").c_str());
  };
  CHECK(shell("out") == 0);
  const std::string said = read(folder / "said");
  CAPTURE(said);
  CHECK(has(said, "warning: faces are not detected: [faces] there is no "));
  CHECK(said.find("warning") == said.rfind("warning"));
  CHECK(shell("plain --faces off") == 0);
  CHECK(!has(read(folder / "said"), "warning"));
  CHECK(read(folder / "out/001.png") == read(folder / "plain/001.png"));
}

TEST_CASE("style: invalid options are reported before anything is written") {
  const Folder folder;
  save_photo(folder / "in.png", slope_photo(8, 8, 8, false));
  const std::string convert = "convert -i in.png -o out.png ";
  check_error(run(folder, convert + "--style cubist"), 2, "--style cubist is unknown; use ink, manga");
  check_error(run(folder, convert + "--style-set pitch=3"), 2,
              "the style ink does not have this parameter; use line");
  check_error(run(folder, convert + "--style-set levels"), 2, "--style-set levels has no value");
  check_error(run(folder, convert + "--style-set levels=x"), 2, "--style-set");
  check_error(run(folder, convert + "--style-set levels=99"), 2, "levels=99 is out of range");
  check_error(run(folder, convert + "--line-strength 9"), 2, "line=9 is out of range");
  check_error(run(folder, convert + "--faces maybe"), 2, "--faces maybe is unknown; use auto or off");
  check_error(run(folder, convert + "-s 1.5"), 2, "--strength 1.5 is out of range");
  check_error(run(folder, convert + "--sheet --compare h"), 2, "--compare and --sheet");
  check_error(run(folder, convert + "--sheet --style-set line=1"), 2, "--style-set is for one style");
  check_error(run(folder, convert + "-m run --style-set line=1"), 2,
              "--style-set and --model exclude each other");
  save_photo(folder / "mask.png", slope_photo(9, 8, 8, false));
  check_error(run(folder, convert + "--mask mask.png"), 1, "make the mask as large as the image");
  CHECK(!std::filesystem::exists(folder / "out.png"));
}
