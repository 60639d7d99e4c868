// Invalid values for every option of every model are rejected with one line that names the option
// and the valid values. Driven by the option table, so that new options are tested automatically.
#include "models/options/options.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "models/registry.h"
#include "models/settings.h"

using namespace sumi;
using Json = nlohmann::ordered_json;

namespace {

// Options for which every value of their type is valid.
bool takes_anything(const Option& option) {
  return option.name == "seed";
}

// The message of validate(), or "".
std::string refusal(const TrainOptions& o) {
  try {
    validate(o);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

void check_names(const std::string& text, const Option& info) {
  CAPTURE(text);
  CHECK(text.find("[--" + info.name + "] ") == 0);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.size() > info.name.size() + 15);  // and says more
}

// Calls visit(info, options with the member set) for each option of type T of each model.
template <class T, class Visit>
void with_each(const std::string& model, T value, Visit&& visit) {
  for (const Option* option : option_table(model).rows()) {
    TrainOptions changed = default_options(model);
    option->visit(changed, [&](auto& member) {
      if constexpr (std::is_same_v<std::decay_t<decltype(member)>, T>) {
        member = value;
        visit(*option, changed);
      }
    });
  }
}

}  // namespace

TEST_CASE("options: NaN, infinite, negative or far too large are refused by name") {
  int tried = 0;
  // -1 selects the weight of --style-preset.
  const std::set<std::string> stand_for_presets{"lambda-adv", "lambda-content", "lambda-style",
                                                "lambda-color", "lambda-tv"};
  for (const ModelSpec* model : model_specs()) {
    const auto refused = [&](const Option& info, const TrainOptions& o) {
      if (takes_anything(info)) return;
      ++tried;
      CAPTURE(model->name);
      CAPTURE(info.name);
      check_names(refusal(o), info);
    };
    using Limits = std::numeric_limits<double>;
    for (const double value : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity(), -1.0, 1e300})
      with_each<double>(model->name, value, [&](const Option& info, const TrainOptions& o) {
        if (value != -1 || !stand_for_presets.contains(info.name)) refused(info, o);
      });
    for (const int value : {std::numeric_limits<int>::min(), -1, std::numeric_limits<int>::max()})
      with_each<int>(model->name, value, refused);
    for (const std::int64_t value : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                     std::numeric_limits<std::int64_t>::max()})
      with_each<std::int64_t>(model->name, value, refused);
  }
  CHECK(tried > 200);  // the table was traversed
}

TEST_CASE("options: unknown choices are rejected with the valid ones") {
  // Paths may be any text; choices may not.
  const std::set<std::string> paths{
      "data",      "data-a",       "data-b",          "outdir",          "cache",
      "init",      "dump-batches", "conv-plan",       "feature-network", "styles",
      "add-style", "drawings",     "metrics-features"};
  const std::set<std::string> may_be_empty{"freeze", "diffaugment", "classes", "metrics"};
  for (const ModelSpec* model : model_specs())
    for (const std::string& value : {std::string("nonsense"), std::string(), std::string(300, 'x')})
      with_each<std::string>(model->name, value, [&](const Option& info, const TrainOptions& o) {
        if (paths.contains(info.name) || (value.empty() && may_be_empty.contains(info.name))) return;
        CAPTURE(model->name);
        CAPTURE(info.name);
        const std::string text = refusal(o);
        if (info.name == "device")
          CHECK(text.find("[device] ") == 0);
        else
          check_names(text, info);
        CHECK(text.size() < 600);
      });
}

TEST_CASE("options: a file's numbers of the wrong kind are refused with the file's name") {
  for (const ModelSpec* model : model_specs()) {
    TrainOptions plain = default_options(model->name);
    for (const Option* option : option_table(model->name).rows()) {
      const std::string& name = option->name;
      option->visit(plain, [&](auto& member) {
        using T = std::decay_t<decltype(member)>;
        std::vector<Json> wrong{Json::array(), Json::object(), nullptr};
        if constexpr (std::is_same_v<T, std::string>)
          wrong.push_back(5);
        else
          wrong.push_back("many");
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          wrong.push_back(1.5);
          wrong.push_back(1e300);
        }
        for (const Json& value : wrong) {
          TrainOptions o = plain;
          std::string text;
          try {
            update_from_json(o, Json{{name, value}}, "config some.json");
          } catch (const Error& error) {
            text = error.what();
          }
          CAPTURE(name);
          CAPTURE(value.dump());
          CHECK(text.find("[config some.json] ") == 0);
          CHECK(text.find(name) != std::string::npos);
          CHECK(text.find('\n') == std::string::npos);
        }
      });
    }
  }
}

TEST_CASE("options: contradictions are rejected with the cure") {
  const auto refused = [](const char* model, const std::function<void(TrainOptions&)>& change,
                          const char* option, const char* cure) {
    TrainOptions o = default_options(model);
    REQUIRE(refusal(o).empty());
    change(o);
    const std::string text = refusal(o);
    CAPTURE(text);
    CHECK(text.find(option) == 0);
    CHECK(text.find(cure) != std::string::npos);
  };
  using O = TrainOptions;
  refused(
      "dcgan", [](O& o) { o.epochs = 0; }, "[--epochs]", "--steps");
  refused(
      "dcgan", [](O& o) { o.lr_policy = "linear"; }, "[--lr-policy]", "--epochs-decay");
  refused(
      "dcgan", [](O& o) { o.lr_policy = "step"; }, "[--lr-policy]", "--epochs-decay");
  refused(
      "dcgan", [](O& o) { o.precision = "f64"; }, "[--precision]", "--device ref");
  refused(
      "dcgan", [](O& o) { o.precision = "tf32"; }, "[--precision]", "cpu has none");
  refused(
      "dcgan", [](O& o) { o.precision = "f16"; }, "[--precision]", "3xtf32");
  refused(
      "dcgan", [](O& o) { o.size = 50; }, "[--size]", "64");
  refused(
      "dcgan", [](O& o) { o.channels = 2; }, "[--channels]", "one of: 1, 3");
  refused(
      "cyclegan", [](O& o) { o.load_size = 100; }, "[--load-size]", "--crop-size");
  refused(
      "cyclegan", [](O& o) { o.crop_size = 254; }, "[--crop-size]", "multiple of 4");
  refused(
      "cyclegan", [](O& o) { o.net_g = "unet_256", o.crop_size = 128; }, "[--crop-size]", "256");
}

TEST_CASE("options: an image size is a side or width x height, in text and in files") {
  ImageSize size;
  CHECK(parse_image_size("64x48", size));
  CHECK(size == ImageSize(64, 48));
  CHECK(size.str() == "64x48");
  CHECK(parse_image_size("28", size));
  CHECK(size == ImageSize(28, 28));
  CHECK(size.str() == "28");
  for (const char* wrong :
       {"", "x", "64x", "x64", "64x48x3", "0", "64x0", "-8", "4097", "8 x 8", "64X48", "1e2"})
    CHECK_FALSE(parse_image_size(wrong, size));
  CHECK(size == ImageSize(28, 28));  // unchanged

  TrainOptions o = default_options("dcgan");
  update_from_json(o, Json{{"size", "48x32"}}, "x");
  CHECK(o.size == ImageSize(48, 32));
  CHECK(to_json(o).at("size") == "48x32");
  update_from_json(o, Json{{"size", 32}}, "x");
  CHECK(to_json(o).at("size") == 32);
  CHECK_THROWS(update_from_json(o, Json{{"size", "48x"}}, "x"));
  for (const int side : {std::numeric_limits<int>::min(), -1, 0, 4097, std::numeric_limits<int>::max()}) {
    o.size = {side, 64};
    CHECK(refusal(o).starts_with("[--size] value "));
  }
}
