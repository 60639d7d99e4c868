#include "models/foreign_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <stdexcept>

#include "engine/error.h"
#include "engine/torch_layout.h"

namespace sumi {
namespace {

constexpr double kLargest = std::numeric_limits<float>::max();

// Everything that does not fit, so that one error can name it all.
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

// The tensors of the file under the names that the networks know, "g.main.0.weight".
using Foreign = std::map<std::string, const ForeignFile::Entry*>;

Foreign name_weights(const std::string& path, const ForeignFile& file, const std::string& net,
                     const std::vector<Model::Network>& networks, Problems& problems) {
  // DataParallel puts "module." before every name.
  const std::string wrapper = "module.";
  const auto& entries = file.entries();
  const bool wrapped = std::all_of(entries.begin(), entries.end(),
                                   [&](const auto& entry) { return entry.name.starts_with(wrapper); });
  const auto network_of = [&](const std::string& name) -> std::string {
    for (const Model::Network& n : networks)
      if (name.starts_with(n.name + ".")) return n.name;
    return "";
  };
  Foreign named;
  bool prefixed = false, any = false;
  for (const ForeignFile::Entry& entry : entries) {
    std::string name = wrapped ? entry.name.substr(wrapper.size()) : entry.name;
    if (name.ends_with("num_batches_tracked")) continue;
    any = true;
    const std::string network = network_of(name);
    prefixed = prefixed || !network.empty();
    if (!net.empty() && network.empty()) name = net + "." + name;
    if (!net.empty() && !network.empty() && network != net) continue;  // of a file with both, one is taken
    if (!named.emplace(name, &entry).second) problems.add(name + " is there twice");
  }
  if (!any) fail("import " + path, "holds no floating-point tensors; give a file of weights");
  if (net.empty() && !prefixed)
    throw std::invalid_argument(
        fmt::format("the names in {} do not say which network they belong to; add --net {}", path,
                    networks.front().name));
  return named;
}

void assign(const Parameter& p, const std::string& name, const ForeignFile& file, Foreign& foreign,
            Problems& problems) {
  const auto found = foreign.find(name);
  if (found == foreign.end()) {
    problems.add(name + " is missing");
    return;
  }
  const ForeignFile::Entry& entry = *found->second;
  foreign.erase(found);
  const auto want = torch_shape(p.value.shape(), p.layout);
  if (entry.shape != want) {
    problems.add(fmt::format("{} has shape [{}] instead of [{}]", name, fmt::join(entry.shape, ", "),
                             fmt::join(want, ", ")));
    return;
  }
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

}  // namespace

std::int64_t take_weights(const std::string& file, const std::string& net,
                          const std::vector<Model::Network>& networks) {
  const ForeignFile stored(file);
  Problems problems;
  Foreign foreign = name_weights(file, stored, net, networks, problems);
  std::int64_t count = 0;
  bool model_without_buffers = true;
  for (const Model::Network& network : networks) {
    model_without_buffers = model_without_buffers && network.module->buffers().empty();
    if (!net.empty() && network.name != net) continue;
    for (const auto& list : {network.module->parameters(), network.module->buffers()})
      for (const Parameter& p : list) {
        assign(p, network.name + "." + p.name, stored, foreign, problems);
        ++count;
      }
  }
  // Old instance norms came with running statistics that nothing reads.
  const auto stale = [&](const std::string& name) {
    return model_without_buffers && (name.ends_with(".running_mean") || name.ends_with(".running_var"));
  };
  for (const auto& [extra, unused] : foreign)
    if (!stale(extra)) problems.add(extra + " is not in the model");
  problems.raise("import " + file);
  return count;
}

}  // namespace sumi
