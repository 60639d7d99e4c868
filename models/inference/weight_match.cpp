#include "models/inference/weight_match.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "engine/error.h"
#include "engine/natural_order.h"
#include "engine/serialize/torch_layout.h"

namespace sumi {
namespace {

using WeightEntry = WeightFile::Entry;

// The last part of a dotted name: "weight".
std::string last_part(const std::string& name) {
  return name.substr(name.rfind('.') + 1);
}

// Counts of batches of PyTorch's batch norms; of operations and parameters that profilers leave.
bool is_counter(const std::string& name) {
  const std::string last = last_part(name);
  return last == "num_batches_tracked" || last == "total_ops" || last == "total_params";
}

bool is_running_statistic(const std::string& name) {
  const std::string last = last_part(name);
  return last == "running_mean" || last == "running_var";
}

bool begins_all(const std::string& prefix, const std::vector<WeightEntry>& entries, std::size_t from) {
  return std::all_of(entries.begin(), entries.end(), [&](const WeightEntry& entry) {
    return is_counter(entry.name) || entry.name.compare(from, prefix.size(), prefix) == 0;
  });
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
    if (!begins_all(prefix, file.entries(), length)) break;
    const bool wrapper = prefix == "module." || prefix == "_orig_mod.";
    if (!wrapper && net.empty()) break;
    if (wrapper && plain == length) plain += prefix.size();
    length += prefix.size();
  }
  return plain;  // the rest belongs to no network
}

// The tensors of the file by the networks' names, "g.main.0.weight".
using Foreign = std::map<std::string, const WeightEntry*>;

Foreign name_weights(const WeightFile& file, const std::string& path, const std::string& net,
                     const std::vector<NamedModule>& networks, WeightMatch& match, WeightProblems& problems) {
  const std::size_t wrapper = wrapper_length(file, net, networks);
  const auto network_of = [&](const std::string& name) -> std::string {
    for (const NamedModule& n : networks)
      if (name.starts_with(n.name + ".")) return n.name;
    return "";
  };
  Foreign named;
  bool prefixed = false, any = false;
  for (const WeightEntry& entry : file.entries()) {
    if (is_counter(entry.name)) {
      ++match.counters;
      continue;
    }
    std::string name = entry.name.substr(std::min(wrapper, entry.name.size()));
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

void match_by_name(const NamedModule& network, Foreign& foreign, WeightMatch& match,
                   WeightProblems& problems) {
  for (const auto& list : {network.module->parameters(), network.module->buffers()})
    for (const Parameter& p : list) {
      const std::string name = network.name + "." + p.name;
      const auto found = foreign.find(name);
      if (found == foreign.end()) {
        problems.add(name + " is missing");
        continue;
      }
      const WeightEntry& entry = *found->second;
      foreign.erase(found);
      const auto want = torch_shape(p.value.shape(), p.layout);
      if (entry.shape != want)
        problems.add(fmt::format("{} has shape [{}] instead of [{}]", name, fmt::join(entry.shape, ", "),
                                 fmt::join(want, ", ")));
      else
        match.pairs.push_back({p, name, entry.name});
    }
}

// Safetensors files are sorted as text: "model.10" before "model.4".
bool natural_entry_less(const WeightEntry& a, const WeightEntry& b) {
  // weight before bias, as modules define them
  const std::string x = a.name.substr(0, a.name.rfind('.') + 1), y = b.name.substr(0, b.name.rfind('.') + 1);
  if (x != y) return natural_less(x, y);
  return natural_less(last_part(b.name), last_part(a.name));
}

// Pairs parameters with entries in order. A bias that the file lacks is zero: that is what its
// network computes.
void pair_in_order(const NamedModule& network, const std::vector<Parameter>& list,
                   const std::vector<WeightEntry>& entries, WeightMatch& match, WeightProblems& problems) {
  std::size_t next = 0;
  for (const Parameter& p : list) {
    const std::string name = network.name + "." + p.name;
    const bool same = next < entries.size() && last_part(entries[next].name) == last_part(p.name) &&
                      entries[next].shape == torch_shape(p.value.shape(), p.layout);
    if (!same && last_part(p.name) == "bias" && p.layout.kind == TorchLayout::Kind::vector) {
      match.pairs.push_back({p, name, ""});
      ++match.zero_biases;
      continue;
    }
    if (!same)
      return problems.add(next < entries.size()
                              ? fmt::format("{} has shape [{}] where {} of [{}] follows", entries[next].name,
                                            fmt::join(entries[next].shape, ", "), name,
                                            fmt::join(torch_shape(p.value.shape(), p.layout), ", "))
                              : name + " is missing");
    match.pairs.push_back({p, name, entries[next++].name});
  }
  if (next < entries.size()) problems.add(entries[next].name + " is not in the model");
}

}  // namespace

std::vector<WeightFile::Entry> in_order(const WeightFile& file) {
  std::vector<WeightFile::Entry> entries = file.entries();
  if (file.format() == WeightFormat::safetensors)
    std::stable_sort(entries.begin(), entries.end(), natural_entry_less);
  return entries;
}

namespace {

void match_by_order(const WeightFile& file, const NamedModule& network, WeightMatch& match,
                    WeightProblems& problems) {
  match.rule = NameRule::by_order;
  std::vector<WeightEntry> trained, running;
  for (const WeightEntry& entry : in_order(file)) {
    if (is_counter(entry.name))
      ++match.counters;
    else
      (is_running_statistic(entry.name) ? running : trained).push_back(entry);
  }
  const auto buffers = network.module->buffers();
  pair_in_order(network, network.module->parameters(), trained, match, problems);
  if (buffers.empty())
    match.stale = static_cast<std::int64_t>(running.size());
  else
    pair_in_order(network, buffers, running, match, problems);
}

}  // namespace

std::string WeightMatch::notes() const {
  std::string text;
  if (rule == NameRule::by_order) text += "; names differ from the model's, taken in their order";
  if (zero_biases > 0) text += fmt::format("; {} biases that it lacks are zero", zero_biases);
  if (counters > 0) text += fmt::format("; {} counters ignored", counters);
  if (stale > 0) text += fmt::format("; {} unused running statistics of instance norms ignored", stale);
  return text;
}

void WeightProblems::add(const std::string& text) {
  constexpr std::size_t kShown = 10;
  if (list_.size() < kShown) list_.push_back(text);
  ++count_;
}

void WeightProblems::raise(const std::string& where, const std::string& advice) const {
  if (count_ == 0) return;
  std::string text =
      fmt::format("{} of its tensors do not fit the model: {}", count_, fmt::join(list_, "; "));
  if (count_ > list_.size()) text += fmt::format("; and {} more", count_ - list_.size());
  fail(where, text + advice);
}

WeightMatch match_weights(const WeightFile& file, const std::string& path, const std::string& net,
                          const std::vector<NamedModule>& networks, NameRule rule, WeightProblems& problems) {
  WeightMatch match;
  if (rule == NameRule::by_order) {
    for (const NamedModule& network : networks)
      if (network.name == net) match_by_order(file, network, match, problems);
    return match;
  }
  Foreign foreign = name_weights(file, path, net, networks, match, problems);
  bool model_without_buffers = true;
  for (const NamedModule& network : networks) {
    model_without_buffers = model_without_buffers && network.module->buffers().empty();
    if (net.empty() || network.name == net) match_by_name(network, foreign, match, problems);
  }
  for (const auto& [extra, unused] : foreign) {
    if (model_without_buffers && is_running_statistic(extra))
      ++match.stale;
    else
      problems.add(extra + " is not in the model");
  }
  return match;
}

}  // namespace sumi
