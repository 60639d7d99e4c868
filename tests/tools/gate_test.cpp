// Gates from the command line: attached, asked, and obeyed by convert.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/image/image.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

void write_plain(const fs::path& path, int red, int green, int blue, int side = 20) {
  fs::create_directories(path.parent_path());
  sumi::Image8 image(side, side, 3);
  for (std::size_t i = 0; i < image.data.size(); i += 3) {
    image.data[i] = static_cast<std::uint8_t>(red);
    image.data[i + 1] = static_cast<std::uint8_t>(green);
    image.data[i + 2] = static_cast<std::uint8_t>(blue);
  }
  sumi::save_image(path, image);
}

// A translator without a gate, and a classifier of red, green and blue images.
void train_both(const Folder& folder) {
  for (int i = 0; i < 8; ++i) {
    const std::string name = std::to_string(i) + ".png";
    write_plain(folder / ("kinds/photo/" + name), 255 - 10 * i, 0, 0);
    write_plain(folder / ("kinds/drawing/" + name), 0, 255 - 10 * i, 0);
    write_plain(folder / ("kinds/other/" + name), 0, 0, 255 - 10 * i);
  }
  write_plain(folder / "red.png", 255, 0, 0, 64);
  write_plain(folder / "green.png", 0, 255, 0, 64);
  write_plain(folder / "blue.png", 0, 0, 255, 64);
  Result result =
      run(folder,
          "train classifier --data kinds --size 16 --width 2 --val-every 0 --batch-size 12 --steps "
          "150 --lr 0.01 --sample-every 0 --threads 1 --workers 0 --seed 3 --outdir kinds-run");
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
  result =
      run(folder,
          "train stylizer --data-a kinds/photo --style ink --crop-size 16 --ngf 4 --n-blocks 1 --batch-size "
          "2 --steps 1 --workers 0 --threads 1 --sample-every 0 --seed 1 --outdir run");
  CAPTURE(result.err);
  REQUIRE(result.code == 0);
}

}  // namespace

TEST_CASE("gate: attached, asked and obeyed") {
  const Folder folder;
  train_both(folder);

  check_error(run(folder, "gate -m run -i red.png"), 1, "attach one with sumi gate --attach");
  const Result attached =
      run(folder, "gate -m run --attach kinds-run --calibrate kinds -o gated.safetensors");
  CAPTURE(attached.err);
  REQUIRE(attached.code == 0);
  CHECK(has(attached.out, "24 of 24 calibration images right"));

  const Result table = run(folder, "gate -m gated.safetensors -i red.png kinds/other");
  CHECK(table.code == 0);
  CHECK(count_lines(table.out) == 11);
  CHECK(has(table.out, "drawing"));
  const Result lines = run(folder, "gate -m gated.safetensors -i red.png green.png blue.png --json");
  const std::string first = lines.out.substr(0, lines.out.find('\n'));
  const auto json = nlohmann::json::parse(first);
  CHECK(json["image"] == "red.png");
  CHECK(json["verdict"] == "convert");
  CHECK(json["scores"]["photo"].get<double>() > 0.5);
  CHECK(count_lines(lines.out) == 3);
  CHECK(has(lines.out, "\"already\""));
  CHECK(has(lines.out, "\"unfit\""));
  check_error(run(folder, "gate -m gated.safetensors -i red.png none.png --json"), 1, "none.png");

  check_error(run(folder, "gate -i red.png"), 2, "--model");
  check_error(run(folder, "gate -m gated.safetensors"), 2, "--input");
  check_error(run(folder, "gate -m gated.safetensors -i red.png -o x"), 2, "--attach");
  check_error(run(folder, "gate -m run --attach kinds-run"), 2, "--output");
  check_error(run(folder, "gate -m run --attach kinds-run -o x.safetensors --classes a,b"), 2, "three names");
  check_error(run(folder, "gate -m run --attach kinds-run -o x.safetensors --classes a,b,c"), 1, "classes");
  check_error(run(folder, "gate -m run --attach run -o x.safetensors"), 1, "classifier");
  CHECK(!fs::exists(folder / "x.safetensors"));

  const std::string convert = "convert -m gated.safetensors --threads 1 -i ";
  {  // convert passes on what is in the style
    const Result passed = run(folder, convert + "green.png -o out.png");
    CAPTURE(passed.err);
    CHECK(passed.code == 0);
    CHECK(has(passed.out, "passed through unchanged"));
    CHECK(read(folder / "out.png") == read(folder / "green.png"));
    // Another format: the same levels.
    CHECK(run(folder, convert + "green.png -o out.bmp").code == 0);
    CHECK(sumi::load_image(folder / "out.bmp") == sumi::load_image(folder / "green.png"));
    CHECK(run(folder, convert + "green.png -o out.png --gate off").code == 0);
    CHECK(!(sumi::load_image(folder / "out.png") == sumi::load_image(folder / "green.png")));
    const Result json = run(folder, convert + "green.png -o out.png --json");
    CHECK(has(json.out, "\"passed\""));
  }
  {  // convert refuses what is of another kind, if asked
    CHECK(run(folder, convert + "blue.png -o out.png").code == 0);
    fs::remove(folder / "out.png");
    check_error(run(folder, convert + "blue.png -q -o out.png --gate require"), 3, "not of the kind");
    CHECK(!fs::exists(folder / "out.png"));
    CHECK(run(folder, convert + "red.png -o out.png --gate require").code == 0);
    // The others are done; what failed for another reason counts more.
    CHECK(run(folder, convert + "blue.png red.png -q -o outs/ --gate require").code == 3);
    CHECK(fs::exists(folder / "outs/red.png"));
    write(folder / "broken.png", "no image");
    CHECK(run(folder, convert + "blue.png broken.png -q -o outs/ --gate require").code == 1);
  }
  {  // without a gate
    const std::string plain = "convert -m run --threads 1 -i green.png -o out.png ";
    CHECK(run(folder, plain).code == 0);
    check_error(run(folder, plain + "--gate require"), 1, "has no gate");
    check_error(run(folder, "convert -i green.png -o out.png --gate require"), 2,
                "--gate require is for models with a gate");
    check_error(run(folder, plain + "--gate maybe"), 2, "--gate maybe");
  }
}
