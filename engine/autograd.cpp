#include "engine/autograd.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/export/op_graph.h"
#include "engine/runtime/device.h"
#include "engine/runtime/trace.h"
#include "kernels/elementwise.h"

namespace sumi {
namespace {

thread_local Tape* current_tape = nullptr;
thread_local bool grad_enabled = true;

// The recording mode while a closure runs: off for backward(), on for create_graph.
class GradMode {
 public:
  explicit GradMode(bool on) : old_(grad_enabled) { grad_enabled = on; }
  ~GradMode() { grad_enabled = old_; }

 private:
  bool old_;
};

// The op add for two tensors of one shape, for gradients that are recorded themselves.
Tensor recorded_sum(const Tensor& a, const Tensor& b) {
  Op op(kernels::name_of(kernels::Binary::add), {a, b});
  Tensor y = Tensor::empty(a.shape(), a.dtype(), a.device());
  kernels::binary(exec_on(a.device()), kernels::Binary::add, a.view(), b.view(), y.mutable_view(),
                  Write::overwrite);
  op.done(y);
  return record(op.name(), {a, b}, y, [](const Tensor& dy, Grads& g) {
    for (const int input : {0, 1})
      if (g.wants(input)) g.put(input, dy);
  });
}

// sum += g: in place if `sum` is not shared, as a recorded op if recording is on.
void accumulate(Tensor& sum, const Tensor& g) {
  if (!sum) {
    sum = g;
  } else if (!Tape::recording() && sum.is_unique()) {
    kernels::affine(exec_on(sum.device()), g.view(), 1.0, 0.0, sum.mutable_view(), Write::accumulate);
  } else {
    sum = recorded_sum(sum, g);
  }
}

}  // namespace

// The Grads of one entry during one walk.
class Tape::Walk final : public Grads {
 public:
  Walk(GradMap& map, bool to_leaves) : map_(map), to_leaves_(to_leaves) {}
  void start(const Entry& entry) { entry_ = &entry; }

  bool wants(int i) const override { return entry_->wanted[static_cast<std::size_t>(i)]; }

  GradDest dest(int i) override {
    const Tensor& x = entry_->inputs[static_cast<std::size_t>(i)];
    if (!to_leaves_ || !wants(i) || !x.slot()) return {};
    return {x.slot()->grad, x.slot()->written ? Write::accumulate : Write::overwrite};
  }

  void put(int i, const Tensor& g) override {
    if (!wants(i) || !g) return;
    const Tensor& x = entry_->inputs[static_cast<std::size_t>(i)];
    if (!(g.shape() == x.shape()))
      fail(entry_->op, fmt::format("gradient {} for input {} of {}", g.shape().str(), i, x.shape().str()));
    if (to_leaves_ && x.slot()) {
      GradSlot& slot = *x.slot();
      if (g.id() != slot.grad.id())
        kernels::affine(exec_on(g.device()), g.view(), 1.0, 0.0, slot.grad.mutable_view(),
                        slot.written ? Write::accumulate : Write::overwrite);
      slot.written = true;
      return;
    }
    accumulate(map_[x.id()], g);
  }

 private:
  GradMap& map_;
  bool to_leaves_;
  const Entry* entry_ = nullptr;
};

Tape::Tape() : outer_(current_tape) {
  current_tape = this;
}
Tape::~Tape() {
  current_tape = outer_;
}
Tape* Tape::current() {
  return current_tape;
}
bool Tape::recording() {
  return current_tape && grad_enabled;
}

NoGrad::NoGrad() : old_(grad_enabled) {
  grad_enabled = false;
}
NoGrad::~NoGrad() {
  grad_enabled = old_;
}

void Tape::add(const char* op, std::vector<Tensor> inputs, const Tensor& output, Backward backward) {
  std::vector<bool> wanted;
  for (const Tensor& x : inputs) wanted.push_back(x.requires_grad());
  entries_.push_back(std::make_shared<Entry>(
      Entry{op, module_path(), std::move(inputs), std::move(wanted), output, std::move(backward)}));
}

namespace {
Tensor seed_gradient(const Tensor& y, const Tensor& dy) {
  if (dy) {
    if (!(dy.shape() == y.shape())) fail("backward", "dy " + dy.shape().str() + " for y " + y.shape().str());
    return dy;
  }
  if (y.count() != 1)
    fail("backward", "a result " + y.shape().str() + " is not a single number; give its gradient dy");
  return Tensor::full(y.shape(), 1.0, y.dtype(), y.device());
}
}  // namespace

void Tape::backward(const Tensor& loss, Mark until, const Tensor& dy) {
  if (until > entries_.size()) fail("backward", "the mark lies behind the end of the tape");
  const GradMode mode(false);
  GradMap map;
  Walk walk(map, /*to_leaves=*/true);
  map[loss.id()] = seed_gradient(loss, dy);
  // Leaves are inputs that no entry below produced; they are known only after the walk.
  std::unordered_map<const void*, Tensor> leaves;
  if (loss.requires_grad() && !loss.slot()) leaves.emplace(loss.id(), loss);
  while (entries_.size() > until) {
    const std::shared_ptr<Entry> entry = std::move(entries_.back());
    entries_.pop_back();
    const auto found = map.find(entry->output.id());
    if (found == map.end()) continue;
    const Tensor g = std::move(found->second);
    map.erase(found);
    leaves.erase(entry->output.id());
    const BackwardScope scope(entry->module);
    walk.start(*entry);
    entry->backward(g, walk);
    for (const Tensor& x : entry->inputs)
      if (x.requires_grad() && !x.slot()) leaves.emplace(x.id(), x);
  }
  for (const auto& [id, leaf] : leaves) {
    const auto found = map.find(id);
    if (found == map.end()) continue;
    Tensor sum = leaf.grad();
    accumulate(sum, found->second);
    leaf.set_grad(sum);
  }
}

std::vector<Tensor> Tape::grad(const Tensor& y, const std::vector<Tensor>& xs, bool create_graph,
                               const Tensor& dy, Mark from) {
  const GradMode mode(create_graph);
  GradMap map;
  Walk walk(map, /*to_leaves=*/false);
  map[y.id()] = seed_gradient(y, dy);
  std::unordered_map<const void*, bool> asked;
  for (const Tensor& x : xs) asked[x.id()] = true;
  for (Mark i = entries_.size(); i-- > from;) {
    // the tape may grow and reallocate during the closure
    const std::shared_ptr<Entry> entry = entries_[i];
    const auto found = map.find(entry->output.id());
    if (found == map.end()) continue;
    const Tensor g = found->second;
    if (!asked.count(entry->output.id())) map.erase(found);
    const BackwardScope scope(entry->module);
    walk.start(*entry);
    entry->backward(g, walk);
  }
  std::vector<Tensor> grads;
  for (const Tensor& x : xs) {
    const auto found = map.find(x.id());
    grads.push_back(found == map.end() ? Tensor() : found->second);
  }
  return grads;
}

bool would_record(const std::vector<Tensor>& inputs) {
  return Tape::recording() &&
         std::any_of(inputs.begin(), inputs.end(), [](const Tensor& t) { return t.requires_grad(); });
}

Tensor record(const char* op, std::vector<Tensor> inputs, Tensor y, Backward backward) {
  if (would_record(inputs)) {
    y.set_requires_grad(true);
    Tape::current()->add(op, std::move(inputs), y, std::move(backward));
  } else if (GraphRecorder* const graph = GraphRecorder::current()) {
    graph->other(op, inputs, y);
  }
  return y;
}

}  // namespace sumi
