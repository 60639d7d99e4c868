#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>

#include "tests/tools/program.h"

using namespace program;

TEST_CASE("diagram: models --diagram prints DOT and writes the format of the name") {
  const Folder folder;
  const Result text = run(folder, "models gan --diagram");
  CHECK(text.code == 0);
  CHECK(text.out.starts_with("digraph \"gan\" {\n"));
  CHECK(has(text.out, "1,486,352 parameters"));
  CHECK(run(folder, "models gan --diagram -o gan.dot").code == 0);
  CHECK(read(folder / "gan.dot") == text.out);
  CHECK(!has(run(folder, "models gan --diagram --net d").out, "update of"));
  CHECK(!has(run(folder, "models gan --diagram --step").out, "main.0"));
  const Result drawn = run(folder, "models gan --diagram -o gan.svg");
  if (std::system("command -v dot >/dev/null 2>&1") == 0) {
    CHECK(drawn.code == 0);
    CHECK(has(read(folder / "gan.svg"), "<svg"));
    CHECK(run(folder, "models gan --diagram -o gan.png").code == 0);
    CHECK(read(folder / "gan.png").starts_with("\x89PNG"));
  } else {
    check_error(drawn, 1, "install the package graphviz");
  }
}

TEST_CASE("diagram: errors name the cure") {
  const Folder folder;
  check_error(run(folder, "models --diagram"), 2, "--diagram needs the name of a model");
  check_error(run(folder, "models gan"), 2, "need --diagram");
  check_error(run(folder, "models gna --diagram"), 1, "unknown model 'gna'");
  check_error(run(folder, "models gan --diagram -o gan.jpg"), 2, "ends in .dot, .svg or .png");
  check_error(run(folder, "models gan --diagram --net q"), 1, "gan has no network 'q'; use one of: g, d");
  check_error(run(folder, "models gan --diagram --net g --step"), 2, "--net");
  CHECK_FALSE(std::filesystem::exists(folder / "gan.jpg"));
}
