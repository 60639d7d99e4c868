#include "models/inference/weight_import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "engine/error.h"
#include "engine/serialize/torch_layout.h"
#include "models/make_model.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/settings.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kLargest = std::numeric_limits<float>::max();

// Collects all mismatches, so that one error can name them all.
class Problems {
 public:
  void add(const std::string& text) {
    if (list_.size() < kShown) list_.push_back(text);
    ++count_;
  }
  void raise(const std::string& where) const {
    if (count_ == 0) return;
    std::string text =
        fmt::format("{} of its tensors do not fit the model: {}", count_, fmt::join(list_, "; "));
    if (count_ > list_.size()) text += fmt::format("; and {} more", count_ - list_.size());
    fail(where, text + " (check --model, --net and the network options: sumi import --help)");
  }

 private:
  static constexpr std::size_t kShown = 10;
  std::vector<std::string> list_;
  std::size_t count_ = 0;
};

// A network by its name.
struct NamedModule {
  std::string name;
  const Module* module;
};

template <class Networks>
std::vector<NamedModule> modules_of(const Networks& networks) {
  std::vector<NamedModule> all;
  for (const auto& network : networks) all.push_back({network.name, &*network.module});
  return all;
}

bool is_prefix_of_all(const std::string& prefix, const std::vector<WeightFile::Entry>& entries,
                      std::size_t from) {
  return std::all_of(entries.begin(), entries.end(),
                     [&](const auto& entry) { return entry.name.compare(from, prefix.size(), prefix) == 0; });
}

// Length of a common prefix that does not belong to the network: "module." of DataParallel,
// "_orig_mod." of torch.compile, and for a single network one shared by all names, "netG." or
// "generator.", in any order.
std::size_t wrapper_length(const WeightFile& file, const std::string& net,
                           const std::vector<NamedModule>& networks) {
  const auto is_known = [&](const std::string& prefix) {
    return std::any_of(networks.begin(), networks.end(), [&](const NamedModule& n) {
      const auto parameters = n.module->parameters();
      return prefix == n.name + "." ||
             std::any_of(parameters.begin(), parameters.end(),
                         [&](const Parameter& p) { return p.name.starts_with(prefix); });
    });
  };
  std::size_t length = 0, plain = 0;  // plain: up to the first prefix that is not a known wrapper
  while (!file.entries().empty()) {
    const std::string& name = file.entries()[0].name;
    const std::size_t dot = name.find('.', length);
    if (dot == std::string::npos) break;
    const std::string prefix = name.substr(length, dot + 1 - length);
    if (is_known(prefix)) return length;
    if (!is_prefix_of_all(prefix, file.entries(), length)) break;
    const bool wrapper = prefix == "module." || prefix == "_orig_mod.";
    if (!wrapper && net.empty()) break;
    if (wrapper && plain == length) plain += prefix.size();
    length += prefix.size();
  }
  return plain;  // the rest belongs to no network
}

// The tensors of the file by the networks' names, "g.main.0.weight".
using Foreign = std::map<std::string, const WeightFile::Entry*>;

Foreign name_weights(const std::string& path, const WeightFile& file, const std::string& net,
                     const std::vector<NamedModule>& networks, Problems& problems) {
  const std::size_t wrapper = wrapper_length(file, net, networks);
  const auto network_of = [&](const std::string& name) -> std::string {
    for (const NamedModule& n : networks)
      if (name.starts_with(n.name + ".")) return n.name;
    return "";
  };
  Foreign named;
  bool prefixed = false, any = false;
  for (const WeightFile::Entry& entry : file.entries()) {
    std::string name = entry.name.substr(wrapper);
    if (name.ends_with("num_batches_tracked")) continue;
    any = true;
    const std::string network = network_of(name);
    prefixed = prefixed || !network.empty();
    if (!net.empty() && network.empty()) name = net + "." + name;
    if (!net.empty() && !network.empty() && network != net) continue;  // if the file has both, one is taken
    if (!named.emplace(name, &entry).second) problems.add(name + " is there twice");
  }
  if (!any) fail("import " + path, "holds no floating-point tensors; give a file of weights");
  if (net.empty() && !prefixed)
    throw std::invalid_argument(
        fmt::format("the names in {} do not say which network they belong to; add --net {}", path,
                    networks.front().name));
  return named;
}

// `write`: copies the values; otherwise only name and shape are compared.
void assign(const Parameter& p, const std::string& name, const WeightFile& file, bool write, Foreign& foreign,
            Problems& problems) {
  const auto found = foreign.find(name);
  if (found == foreign.end()) {
    problems.add(name + " is missing");
    return;
  }
  const WeightFile::Entry& entry = *found->second;
  foreign.erase(found);
  const auto want = torch_shape(p.value.shape(), p.layout);
  if (entry.shape != want) {
    problems.add(fmt::format("{} has shape [{}] instead of [{}]", name, fmt::join(entry.shape, ", "),
                             fmt::join(want, ", ")));
    return;
  }
  if (!write) return;
  const std::vector<double> values = file.values(entry.name);
  if (values.empty()) {
    problems.add(fmt::format("{} is {}; convert it to F32 first", name, entry.dtype));
    return;
  }
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::abs(v) < kLargest; })) {
    problems.add(name + " holds NaN, infinity or numbers beyond 32-bit floats");
    return;
  }
  p.value.assign(from_torch(values, p.value.shape(), p.layout));
}

std::int64_t match(const std::string& file, const std::string& net, const std::vector<NamedModule>& networks,
                   bool write, Problems& problems) {
  const WeightFile stored(file);
  Foreign foreign = name_weights(file, stored, net, networks, problems);
  std::int64_t count = 0;
  bool model_without_buffers = true;
  for (const NamedModule& network : networks) {
    model_without_buffers = model_without_buffers && network.module->buffers().empty();
    if (!net.empty() && network.name != net) continue;
    for (const auto& list : {network.module->parameters(), network.module->buffers()})
      for (const Parameter& p : list) {
        assign(p, network.name + "." + p.name, stored, write, foreign, problems);
        ++count;
      }
  }
  // Old instance norms stored running statistics that are never read.
  const auto stale = [&](const std::string& name) {
    return model_without_buffers && (name.ends_with(".running_mean") || name.ends_with(".running_var"));
  };
  for (const auto& [extra, unused] : foreign)
    if (!stale(extra)) problems.add(extra + " is not in the model");
  return count;
}

// Alternative option values with which the file's network may have been built.
std::vector<std::pair<std::string, Json>> other_settings(const TrainOptions& o) {
  std::vector<std::pair<std::string, Json>> all;
  const auto add = [&](const char* name, const Json& values) {
    for (const Json& value : values) all.emplace_back(name, value);
  };
  for (const char* flag : {"no-dropout", "spectral-norm", "virtual-batch-norm"}) add(flag, {true, false});
  for (const char* name : {"norm", "upsample", "net-g", "net-d", "variant"})
    if (const Option* option = option_table(o.model).find(name))
      for (const std::string& word : option->words) all.emplace_back(name, word);
  add("channels", {1, 3});
  for (const char* width : {"ngf", "ndf", "nz", "size"})
    add(width, {2, 3, 4, 8, 10, 16, 20, 24, 28, 32, 48, 62, 64, 96, 100, 128, 256, 512});
  for (const char* depth : {"n-blocks", "n-layers-d"}) add(depth, {1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16});
  return all;
}

std::string as_option(const std::string& name, const Json& value) {
  if (value.is_boolean())
    return "--" + (value.get<bool>() ? name : name.starts_with("no-") ? name.substr(3) : "no-" + name);
  return fmt::format("--{} {}", name, value.is_string() ? value.get<std::string>() : value.dump());
}

}  // namespace

std::int64_t take_weights(const std::string& file, const std::string& net,
                          const std::vector<Model::Network>& networks) {
  Problems problems;
  const std::int64_t count = match(file, net, modules_of(networks), true, problems);
  problems.raise("import " + file);
  return count;
}

void check_weights_fit(const std::string& file, const std::string& net,
                       const std::vector<PlannedNetwork>& networks) {
  Problems problems;
  match(file, net, modules_of(networks), false, problems);
  problems.raise("import " + file);
}

std::string fitting_option(const std::string& file, const std::string& net, const TrainOptions& options) {
  for (const auto& [name, value] : other_settings(options)) {
    try {
      TrainOptions other = options;
      update_from_json(other, Json{{name, value}}, "");  // throws if the model does not have the option
      check_weights_fit(file, net, plan_networks(other));
      return as_option(name, value);
    } catch (const std::exception&) {
    }
  }
  return "";
}

}  // namespace sumi
