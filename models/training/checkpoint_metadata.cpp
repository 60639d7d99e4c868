#include "models/training/checkpoint_metadata.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/error.h"
#include "models/options/json_text.h"
#include "models/settings.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kCure = "the file is damaged: use another checkpoint";
constexpr std::uint64_t kMostSteps = std::uint64_t{1} << 40;  // the limit of --steps

class StateReader {
 public:
  StateReader(const Json& json, const std::string& where) : json_(json), where_(where) {}

  const Json& member(const std::string& name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) fail(where_, fmt::format("has no {}; {}", name, kCure));
    return *found;
  }
  std::uint64_t whole(const std::string& name, std::uint64_t most) const {
    return whole(name, member(name), most);
  }
  std::uint64_t whole(const std::string& name, const Json& value, std::uint64_t most) const {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most)
      fail(where_,
           fmt::format("has {} as {}, not a number from 0 to {}; {}", name, short_text(value), most, kCure));
    return value.get<std::uint64_t>();
  }

 private:
  const Json& json_;
  std::string where_;
};

BestScore best_score(const Json& json, const std::string& where) {
  if (!json.is_object())
    fail(where, fmt::format("has best as {}, not an object; {}", short_text(json), kCure));
  const StateReader reader(json, where);
  const Json &metric = reader.member("metric"), &value = reader.member("value");
  if (!metric.is_string() || !value.is_number() || !std::isfinite(value.get<double>()))
    fail(where, fmt::format("has best as {}, not a score; {}", short_text(json), kCure));
  return {metric.get<std::string>(), static_cast<std::int64_t>(reader.whole("step", kMostSteps)),
          value.get<double>(), static_cast<std::int64_t>(reader.whole("without_improvement", kMostSteps))};
}

}  // namespace

TrainOptions stored_options(const CheckpointFile& file) {
  const std::string where = "options of checkpoint " + file.path().string();
  const std::string& model = file.header().model;
  const Json json = parse_json(file.header().options, where, kCure);
  return stored_options(model, json, where, kCure);
}

TrainingState stored_state(const CheckpointFile& file) {
  const std::string where = "state of checkpoint " + file.path().string();
  const Json json = parse_json(file.header().state, where, kCure);
  if (!json.is_object()) fail(where, fmt::format("is {}, not an object; {}", short_text(json), kCure));
  const StateReader reader(json, where);
  TrainingState state;
  state.step = static_cast<std::int64_t>(reader.whole("step", kMostSteps));
  state.batch = static_cast<std::int64_t>(reader.whole("batch", kMostSteps));
  const Json& seconds = reader.member("seconds");
  if (!seconds.is_number() || !(seconds.get<double>() >= 0 && seconds.get<double>() < 1e12))
    fail(where, fmt::format("has seconds as {}, not a time; {}", short_text(seconds), kCure));
  state.seconds = seconds.get<double>();
  state.data_key = reader.whole("data_key", ~std::uint64_t{0});
  if (json.contains("data_content")) state.data_content = reader.whole("data_content", ~std::uint64_t{0});
  if (json.contains("data_count"))
    state.data_count = static_cast<std::int64_t>(reader.whole("data_count", kMostSteps));
  state.threads = static_cast<int>(reader.whole("threads", 4096));
  if (const auto kernels = json.find("kernels"); kernels != json.end()) {
    if (!kernels->is_string())
      fail(where, fmt::format("has kernels as {}, not text; {}", short_text(*kernels), kCure));
    state.kernels = kernels->get<std::string>();
  }
  if (const auto plan = json.find("plan"); plan != json.end())
    state.plan = plan_from_json(*plan, "plan in the " + where, kCure);
  if (const auto best = json.find("best"); best != json.end()) state.best = best_score(*best, where);
  const Json& counters = reader.member("counters");
  if (!counters.is_object())
    fail(where, fmt::format("has counters as {}, not an object; {}", short_text(counters), kCure));
  for (const auto& [name, value] : counters.items())  // counts of updates, or positions in random streams
    state.counters[name] =
        reader.whole(name, value, name.starts_with("adam.") ? kMostSteps : ~std::uint64_t{0});
  return state;
}

}  // namespace sumi
