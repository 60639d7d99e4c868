// Untrusted JSON: excessive input is rejected before it is parsed.
#include "models/options/json_text.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "engine/error.h"

using namespace sumi;

namespace {

std::string problem(const std::string& text, int max_depth = 16) {
  try {
    parse_json(text, "x", "cure", max_depth);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("json: files written by sumi are read") {
  const auto json = parse_json(R"({"b":[1,{"c":"[[[[,,"}],"a":"\"{"})", "x", "cure", 3);
  CHECK(json.begin().key() == "b");  // in the file's order
  CHECK(json["b"][1]["c"] == "[[[[,,");
  CHECK(parse_json("7", "x", "cure") == 7);
}

TEST_CASE("json: deep, long, duplicate and broken text is one error") {
  CHECK(problem("[[1]]", 1) == "[x] is nested deeper than 1 levels; cure");
  CHECK(problem(std::string(500'000, '[')) == "[x] is nested deeper than 16 levels; cure");
  CHECK(problem(R"({"a":{"b":1,"b":2}})") == R"([x] names "b" twice; cure)");
  CHECK(problem(R"([{"a":1},{"a":2}])").empty());
  CHECK(problem("{") == "[x] is not valid JSON; cure");
  CHECK(problem("").find("not valid") != std::string::npos);
  CHECK(problem("1e999").find("not valid") != std::string::npos);
  std::string many = "[0";
  for (int i = 1; i < 20'000; ++i) many += ",0";
  CHECK(problem(many + "]").empty());
  CHECK(problem(many + ",0]") == "[x] holds more than 20000 values; cure");
  CHECK(problem("\"" + std::string(1 << 20, 'a') + "\"").find("more than 1048576") != std::string::npos);
}

TEST_CASE("json: values in messages are short, also if they are not UTF-8") {
  CHECK(short_text("text") == "\"text\"");
  CHECK(short_text("\xff") == "\"\xEF\xBF\xBD\"");
  const std::string text = short_text(std::string(100, 'a'));
  CHECK(text.size() == 63);
  CHECK(text.ends_with("..."));
  for (int shift = 0; shift < 3; ++shift) {  // characters are never cut in half
    std::string wide(static_cast<std::size_t>(shift), 'a');
    for (int i = 0; i < 50; ++i) wide += "漢";
    const std::string cut = short_text(wide);
    CHECK(nlohmann::json::accept(cut.substr(0, cut.size() - 3) + "\""));
  }
}

TEST_CASE("error: a message is one line that a terminal can show") {
  CHECK(std::string(Error("a\nb\tc\x1b[2J\x7f").what()) == "a b c?[2J?");
  CHECK(std::string(Error("\xC2\x9B"
                          "2J \xC2\xA7 \xE6\xBC\xA2")
                        .what()) == "??2J \xC2\xA7 \xE6\xBC\xA2");
  const std::string what = Error("begin " + std::string(100'000, 'x') + " end").what();
  CHECK(what.size() < 2100);
  CHECK(what.starts_with("begin x"));
  CHECK(what.ends_with("x end"));
  for (int shift = 0; shift < 3; ++shift) {
    std::string wide(static_cast<std::size_t>(shift), 'a');
    for (int i = 0; i < 2000; ++i) wide += "漢";
    CHECK(nlohmann::json::accept("\"" + printable(wide) + "\""));
  }
}
