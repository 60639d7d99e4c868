#include "tools/foreign_weights.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "engine/error.h"
#include "engine/torch_layout.h"
#include "tools/cli.h"

namespace sumi::cli {
namespace {

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

using Foreign = std::map<std::string, ForeignTensor>;

// Names as the networks know them: "g.main.0.weight".
Foreign read_weights(const std::string& file, const std::string& net,
                     const std::vector<Model::Network>& networks) {
  const auto tensors = read_foreign_tensors(file);
  // DataParallel puts "module." before every name.
  const std::string wrapper = "module.";
  const bool wrapped = std::all_of(tensors.begin(), tensors.end(),
                                   [&](const ForeignTensor& t) { return t.name.rfind(wrapper, 0) == 0; });
  const auto network_of = [&](const std::string& name) -> std::string {
    for (const Model::Network& n : networks)
      if (name.rfind(n.name + ".", 0) == 0) return n.name;
    return "";
  };
  Foreign result;
  bool prefixed = false;
  for (ForeignTensor t : tensors) {
    if (wrapped) t.name = t.name.substr(wrapper.size());
    if (t.name.ends_with("num_batches_tracked")) continue;
    prefixed = prefixed || !network_of(t.name).empty();
    result.emplace(t.name, std::move(t));
  }
  if (result.empty()) fail("import " + file, "holds no floating-point tensors; give a file of weights");
  if (net.empty()) {
    if (!prefixed)
      throw UsageError(
          "sumi import",
          fmt::format("the names in {} do not say which network they belong to; add --net {}",
                      file, networks.front().name));
    return result;
  }
  Foreign chosen;
  for (auto& [name, t] : result) {
    const std::string network = network_of(name);
    if (network.empty())
      chosen.emplace(net + "." + name, std::move(t));
    else if (network == net)  // of a file with both, one is taken
      chosen.emplace(name, std::move(t));
  }
  return chosen;
}

void assign(const Parameter& p, const std::string& name, Foreign& foreign, Problems& problems) {
  const auto found = foreign.find(name);
  if (found == foreign.end()) {
    problems.add(name + " is missing");
    return;
  }
  if (found->second.values.empty()) {
    problems.add(fmt::format("{} is {}; convert it to F32 first", name, found->second.dtype));
    foreign.erase(found);
    return;
  }
  const auto want = torch_shape(p.value.shape(), p.layout);
  if (found->second.shape != want)
    problems.add(fmt::format("{} has shape [{}] instead of [{}]", name, fmt::join(found->second.shape, ", "),
                             fmt::join(want, ", ")));
  else
    p.value.assign(from_torch(found->second.values, p.value.shape(), p.layout));
  foreign.erase(found);
}

}  // namespace

std::int64_t take_weights(const std::string& file, const std::string& net,
                          const std::vector<Model::Network>& networks) {
  Foreign foreign = read_weights(file, net, networks);
  Problems problems;
  std::int64_t count = 0;
  bool model_without_buffers = true;
  for (const Model::Network& network : networks) {
    model_without_buffers = model_without_buffers && network.module->buffers().empty();
    if (!net.empty() && network.name != net) continue;
    for (const auto& list : {network.module->parameters(), network.module->buffers()})
      for (const Parameter& p : list) {
        assign(p, network.name + "." + p.name, foreign, problems);
        ++count;
      }
  }
  // Old instance norms came with running statistics that nothing reads.
  const auto stale = [&](const std::string& name) {
    return model_without_buffers && (name.ends_with(".running_mean") || name.ends_with(".running_var"));
  };
  for (const auto& [extra, tensor] : foreign)
    if (!stale(extra)) problems.add(extra + " is not in the model");
  problems.raise("import " + file);
  return count;
}

}  // namespace sumi::cli
