#ifdef SUMI_ONEDNN
#include "kernels/cpu/onednn_plan.h"

#include <list>
#include <mutex>
#include <unordered_map>

namespace sumi::kernels::cpu::onednn {
namespace {

struct Descs {
  Desc x, w, y, bias;
  dnnl::memory::dims strides, dilates, pads_before, pads_after;
};

Descs describe(const ConvGeom& g, Type type, Type weight_type, bool any_activations, bool any_weights,
               bool plain) {
  const Tag activations = any_activations ? Tag::any : Tag::nhwc;
  const i64 groups = g.o.groups;
  const dnnl::memory::dims weights = groups == 1
                                         ? dnnl::memory::dims{g.k, g.c, g.r, g.s}
                                         : dnnl::memory::dims{groups, g.k / groups, g.c / groups, g.r, g.s};
  const Tag weight_tag = any_weights && !plain ? Tag::any : groups == 1 ? Tag::ohwi : Tag::gohwi;
  return {{{g.n, g.c, g.h, g.w}, type, plain ? Tag::nhwc : activations},
          {weights, weight_type, weight_tag},
          {{g.n, g.k, g.p, g.q}, type, plain ? Tag::nhwc : activations},
          {{g.k}, type, Tag::x},
          {g.o.stride, g.o.stride},
          {g.o.dilation - 1, g.o.dilation - 1},
          {g.o.pad_top, g.o.pad_left},
          // The rows that the floor in p's formula drops are not padding: specify exactly what is
          // read.
          {(g.p - 1) * g.o.stride + g.o.dilation * (g.r - 1) + 1 - g.h - g.o.pad_top,
           (g.q - 1) * g.o.stride + g.o.dilation * (g.s - 1) + 1 - g.w - g.o.pad_left}};
}

template <class PrimitiveDesc, class Primitive>
void fill_plan(Plan& plan, const PrimitiveDesc& pd, const Desc& x, const Desc& w, const Desc& y, Direction d,
               const Descs& ours, bool blocked) {
  const std::string implementation = pd.impl_info_str();
  if (implementation.find("ref") != std::string::npos) return;
  plan.name = "onednn " + implementation + (blocked ? " blocked" : " nhwc");
  plan.x.set(ours.x, x, d == Direction::dgrad);
  plan.w.set(ours.w, w, d == Direction::wgrad);
  plan.y.set(ours.y, y, d == Direction::fprop);
  plan.scratchpad =
      std::max({pd.scratchpad_desc().get_size(), plan.x.scratchpad, plan.w.scratchpad, plan.y.scratchpad});
  plan.primitive = Primitive(pd);
}

void make_plan(Plan& plan, Direction d, const ConvGeom& g, Type type, bool with_bias, bool blocked) {
  const Type weight_type = d == Direction::wgrad ? Type::f32 : type;  // pieces are added in f32
  const Descs a = describe(g, type, weight_type, blocked, true, false),
              ours = describe(g, type, weight_type, false, false, true);
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const auto direct = dnnl::algorithm::convolution_direct;
  using Forward = dnnl::convolution_forward;
  using Data = dnnl::convolution_backward_data;
  using Weights = dnnl::convolution_backward_weights;
  const auto kind = dnnl::prop_kind::forward_training;
  const Forward::desc forward =
      d == Direction::fprop && with_bias
          ? Forward::desc(kind, direct, a.x, a.w, a.bias, a.y, a.strides, a.dilates, a.pads_before,
                          a.pads_after)
          : Forward::desc(kind, direct, a.x, a.w, a.y, a.strides, a.dilates, a.pads_before, a.pads_after);
  const Forward::primitive_desc fpd(forward, attr, engine());
  if (d == Direction::fprop) {
    fill_plan<Forward::primitive_desc, Forward>(plan, fpd, fpd.src_desc(), fpd.weights_desc(), fpd.dst_desc(),
                                                d, ours, blocked);
  } else if (d == Direction::dgrad) {
    const Data::primitive_desc pd(
        Data::desc(direct, a.x, a.w, a.y, a.strides, a.dilates, a.pads_before, a.pads_after), attr, engine(),
        fpd);
    fill_plan<Data::primitive_desc, Data>(plan, pd, pd.diff_src_desc(), pd.weights_desc(), pd.diff_dst_desc(),
                                          d, ours, blocked);
  } else {
    const Weights::primitive_desc pd(
        Weights::desc(direct, a.x, a.w, a.y, a.strides, a.dilates, a.pads_before, a.pads_after), attr,
        engine(), fpd);
    fill_plan<Weights::primitive_desc, Weights>(plan, pd, pd.src_desc(), pd.diff_weights_desc(),
                                                pd.diff_dst_desc(), d, ours, blocked);
  }
}

// A full cache evicts the least recently used plan. A plan in use stays alive.
class Cache {
 public:
  template <class Make>
  std::shared_ptr<const Plan> get(const std::string& key, const Make& make) {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(key); found != index_.end()) {
      plans_.splice(plans_.begin(), plans_, found->second);
      return found->second->second;
    }
    auto plan = std::make_shared<Plan>();
    try {
      make(*plan);
    } catch (const dnnl::error&) {
      *plan = Plan{};  // oneDNN does not support this geometry: the native algorithm runs
    }
    plans_.emplace_front(key, plan);
    index_[key] = plans_.begin();
    if (plans_.size() > capacity) {
      index_.erase(plans_.back().first);
      plans_.pop_back();
    }
    return plan;
  }

 private:
  static constexpr std::size_t capacity = 512;
  using Entry = std::pair<std::string, std::shared_ptr<const Plan>>;
  std::mutex mutex_;
  std::list<Entry> plans_;
  std::unordered_map<std::string, std::list<Entry>::iterator> index_;
};

Cache& cache() {
  static Cache plans;
  return plans;
}

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

void Operand::set(const Desc& mine, const Desc& wanted, bool is_output) {
  ours = mine;
  theirs = wanted;
  differs = !(ours == theirs);
  if (!differs) return;
  const Desc &from = is_output ? theirs : ours, &to = is_output ? ours : theirs;
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  const dnnl::reorder::primitive_desc pd(engine(), from, engine(), to, attr);
  scratchpad = pd.scratchpad_desc().get_size();
  reorder = dnnl::reorder(pd);
}

std::shared_ptr<const Plan> plan_of(Direction d, const ConvGeom& g, Type type, bool with_bias) {
  const bool blocked = prefers_blocked(g);
  const std::string key = g.str() + "h" + std::to_string(g.h) + "x" + std::to_string(g.p) + "x" +
                          std::to_string(g.q) + "d" + std::to_string(static_cast<int>(d)) +
                          (with_bias ? "b" : "") + (type == Type::bf16 ? "bf16" : "f32");
  return cache().get(key, [&](Plan& p) {
    const OneThread one;
    make_plan(p, d, g, type, with_bias, blocked);
  });
}

}  // namespace sumi::kernels::cpu::onednn
#endif
