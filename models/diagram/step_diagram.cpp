// The flow of data through one training step, from the ops of a recorded step.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "engine/runtime/trace.h"
#include "models/diagram/diagram.h"
#include "models/make_model.h"
#include "models/model.h"
#include "models/planned_network.h"
#include "models/settings.h"
#include "models/training/random_batch.h"
#include "models/training/step_cost.h"

namespace sumi {
namespace {

using Nodes = std::set<std::size_t>;

const void* storage_of(const Tensor& t) {
  return t ? t.view().data : nullptr;
}

// Follows tensors through the records of a step. An update is one cluster of the graph; within it
// every network is one node, however often it runs.
class StepFlow {
 public:
  StepFlow(DotGraph& graph, const TrainOptions& options, const Model& model,
           const std::vector<Tensor>& inputs)
      : graph_(graph) {
    for (const PlannedNetwork& network : plan_networks(options))
      counts_[network.name] = network.module->parameter_count();
    for (const Model::Network& network : model.networks()) {
      for (const Parameter& p : network.module->parameters()) parameters_.insert(storage_of(p.value));
      for (const Parameter& p : network.module->buffers()) parameters_.insert(storage_of(p.value));
    }
    for (const auto& [name, tensor] : model.debug_tensors())
      names_.insert({storage_of(tensor), {name, tensor.shape()}});
    for (std::size_t i = 0; i < inputs.size(); ++i)
      names_.insert({storage_of(inputs[i]), {fmt::format("batch {}", i + 1), inputs[i].shape()}});
  }

  void add(const std::vector<OpRecord>& records) {
    clusters_ = titles(records);
    for (const OpRecord& record : records) {
      if (record.phase == "update") {
        ++update_;
        continue;
      }
      Nodes from = sources(record);
      const std::string network = record.module.substr(0, record.module.find('.'));
      if (record.phase == "backward") {
        // A gradient that is an operand again belongs to a penalty on the network's slope.
        if (const auto known = networks_.find({network, cluster()}); known != networks_.end())
          from = {known->second};
        from_.insert({storage_of(record.result), from});
        continue;
      }
      if (record.call != 0) {
        const std::size_t node = network_node(network);
        for (const std::size_t source : from) graph_.add_edge(source, node);
        from = {node};
      }
      produced(record, from);
    }
  }

  // The losses among `statistics`, the operands of the concatenation that ends a step.
  void add_losses(const StepStats& statistics, const std::vector<Tensor>& values) {
    std::map<std::size_t, std::size_t> totals;  // by update
    std::vector<std::pair<std::size_t, std::size_t>> losses;
    for (std::size_t i = 0; i < statistics.size() && i < values.size(); ++i) {
      const std::string& name = statistics[i].first;
      const void* const address = storage_of(values[i]);
      if (!name.starts_with("loss") || !from_.contains(address)) continue;
      const std::size_t update = std::min(made_in_[address], clusters_.size() - 1);
      std::string label = name;
      for (const std::string& op : reducers_[address]) label += (label == name ? "\n" : ", ") + op;
      const std::size_t node = graph_.add_node(DotGraph::Kind::loss, label, clusters_[update]);
      for (const std::size_t source : from_[address]) graph_.add_edge(source, node);
      if (name == "loss") totals[update] = node;
      losses.emplace_back(update, node);
    }
    for (const auto& [update, node] : losses) {
      // "loss" is the sum of the others.
      if (totals.contains(update) && totals[update] != node) {
        graph_.add_edge(node, totals[update]);
        continue;
      }
      if (!updates_.contains(update))
        updates_[update] =
            graph_.add_node(DotGraph::Kind::update, "update of " + updated_[update], clusters_[update]);
      graph_.add_edge(node, updates_[update]);
    }
  }

 private:
  // One cluster for each update.
  std::vector<std::size_t> titles(const std::vector<OpRecord>& records) {
    std::vector<std::size_t> clusters;
    for (const OpRecord& record : records)
      if (record.phase == "update") {
        updated_.push_back(record.module);
        clusters.push_back(
            graph_.add_cluster(fmt::format("{}. update of {}", updated_.size(), record.module)));
      }
    if (clusters.empty()) clusters.push_back(graph_.add_cluster("step"));
    updated_.resize(clusters.size());
    return clusters;
  }

  std::size_t cluster() const { return clusters_[std::min(update_, clusters_.size() - 1)]; }

  std::size_t network_node(const std::string& network) {
    const auto [found, is_new] = networks_.insert({{network, cluster()}, 0});
    if (is_new) {
      const auto count = counts_.find(network);
      const std::string label = count == counts_.end()
                                    ? network + "\nfrozen"
                                    : network + "\n" + grouped(count->second) + " parameters";
      found->second = graph_.add_node(DotGraph::Kind::network, label, cluster());
    }
    return found->second;
  }

  // The nodes that a record's operands come from.
  Nodes sources(const OpRecord& record) {
    Nodes all;
    for (const Tensor& t : record.reads) {
      const void* const address = storage_of(t);
      if (parameters_.contains(address)) continue;
      if (const auto made = call_of_.find(address);
          record.call != 0 && made != call_of_.end() && made->second == record.call)
        continue;  // inside of a network
      auto known = from_.find(address);
      if (known == from_.end()) {
        const auto named = names_.find(address);
        if (named == names_.end()) continue;
        const std::size_t node = graph_.add_node(
            DotGraph::Kind::data, named->second.first + "\n" + sample_shape(named->second.second),
            DotGraph::kNoCluster);
        known = from_.insert({address, {node}}).first;
      }
      all.insert(known->second.begin(), known->second.end());
    }
    return all;
  }

  void produced(const OpRecord& record, const Nodes& from) {
    const void* const address = storage_of(record.result);
    const auto named = names_.find(address);
    if (named != names_.end() && !from.empty() && !from_.contains(address)) {
      const std::size_t node = graph_.add_node(
          DotGraph::Kind::tensor, named->second.first + "\n" + sample_shape(named->second.second), cluster());
      for (const std::size_t source : from) graph_.add_edge(source, node);
      from_[address] = {node};
    } else if (!from_.contains(address) && !from.empty()) {
      from_[address] = from;
    }
    made_in_[address] = update_;
    call_of_[address] = record.call;
    if (record.call != 0 || record.output.count() != 1) return;
    std::set<std::string>& reducers = reducers_[address];
    for (const Tensor& t : record.reads) {
      if (t && t.count() > 1) {
        reducers.insert(record.op);
      } else if (const auto of = reducers_.find(storage_of(t)); of != reducers_.end()) {
        const std::set<std::string> copied = of->second;
        reducers.insert(copied.begin(), copied.end());
      }
    }
  }

  DotGraph& graph_;
  std::map<std::string, std::int64_t> counts_;
  std::set<const void*> parameters_;
  std::unordered_map<const void*, std::pair<std::string, Shape>> names_;
  std::unordered_map<const void*, Nodes> from_;
  std::unordered_map<const void*, std::size_t> made_in_;                 // number of the update
  std::unordered_map<const void*, std::size_t> call_of_;                 // number of the network's call
  std::unordered_map<const void*, std::set<std::string>> reducers_;      // ops from many values to one
  std::map<std::pair<std::string, std::size_t>, std::size_t> networks_;  // by name and cluster
  std::map<std::size_t, std::size_t> updates_;                           // nodes
  std::vector<std::string> updated_;                                     // networks of each update
  std::vector<std::size_t> clusters_;
  std::size_t update_ = 0;
};

}  // namespace

void add_step_diagram(DotGraph& graph, const TrainOptions& options) {
  const TrainOptions narrow = narrowed(options, 1, 1);
  const std::unique_ptr<Model> model = make_model(narrow);
  const std::vector<Tensor> inputs = random_batch(*model, narrow);
  Trace trace(true);
  const StepStats statistics = model->step(inputs, model->warm_up_epochs());
  StepFlow flow(graph, options, *model, inputs);
  flow.add(trace.records);
  const auto last = std::find_if(trace.records.rbegin(), trace.records.rend(),
                                 [](const OpRecord& r) { return r.op == "concat"; });
  if (last != trace.records.rend()) flow.add_losses(statistics, last->reads);
}

}  // namespace sumi
