// oneDNN's convolution primitives with their reorders, in a bounded cache.
#ifdef SUMI_ONEDNN
#include "kernels/cpu/onednn.h"

#include <dnnl.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <type_traits>
#include <unordered_map>

namespace sumi::kernels::cpu {
namespace {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;

const dnnl::engine& engine() {
  static const dnnl::engine cpu(dnnl::engine::kind::cpu, 0);
  return cpu;
}

// One of the three operands: our layout, the primitive's, and the way between them where they differ.
struct Operand {
  Desc ours, theirs;
  dnnl::reorder reorder;
  bool differs = false;

  void set(const Desc& mine, const Desc& wanted, bool is_output) {
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
  std::size_t scratchpad = 0;
};

struct Plan {
  dnnl::primitive primitive;  // empty: oneDNN has nothing good
  Operand x, w, y;
  std::size_t scratchpad = 0;
  std::string name;
};

struct Descs {
  Desc x, w, y, bias;
  dnnl::memory::dims strides, dilates, pads_before, pads_after;
};

using Type = dnnl::memory::data_type;
template <class T>
constexpr Type type_of = std::is_same_v<T, bf16> ? Type::bf16 : Type::f32;

Descs describe(const ConvGeom& g, Type type, bool any_activations, bool any_weights, bool plain) {
  const Tag activations = any_activations ? Tag::any : Tag::nhwc;
  const i64 groups = g.o.groups;
  const dnnl::memory::dims weights = groups == 1
                                         ? dnnl::memory::dims{g.k, g.c, g.r, g.s}
                                         : dnnl::memory::dims{groups, g.k / groups, g.c / groups, g.r, g.s};
  const Tag weight_tag = any_weights && !plain ? Tag::any : groups == 1 ? Tag::ohwi : Tag::gohwi;
  return {{{g.n, g.c, g.h, g.w}, type, plain ? Tag::nhwc : activations},
          {weights, type, weight_tag},
          {{g.n, g.k, g.p, g.q}, type, plain ? Tag::nhwc : activations},
          {{g.k}, type, Tag::x},
          {g.o.stride, g.o.stride},
          {g.o.dilation - 1, g.o.dilation - 1},
          {g.o.pad_top, g.o.pad_left},
          // What the floor in p's formula leaves over is not padding: say exactly what is read.
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
  const Descs a = describe(g, type, blocked, true, false), ours = describe(g, type, false, false, true);
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

// The least recently used plan leaves when a new one finds the cache full. A plan in use stays alive.
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
      *plan = Plan{};  // oneDNN does not know this geometry: our own form runs
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

// Activations in oneDNN's own blocks, with reorders, or as they are. Blocks pay wherever there are channels
// to fill them; see the table at prefers_onednn.
bool prefers_blocked(const ConvGeom& g) {
  return g.c >= 16 && g.k >= 16;
}

void add_to(float* y, const float* x, i64 count) {
  for_range(count, 1, [=](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i) y[i] += x[i];
  });
}

void add_bias(float* y, const float* bias, i64 pixels, i64 c) {
  for_range(pixels, c, [=](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i)
      for (i64 j = 0; j < c; ++j) y[i * c + j] += bias[j];
  });
}

// Runs the plan with its reorders; temporaries and scratchpad are pieces of the Exec's scratch memory.
template <class Operands>
void execute(const Exec& e, const Plan& plan, Direction d, const ConvGeom& g, const Operands& a) {
  using T = std::remove_pointer_t<decltype(a.x)>;
  Workspace space(e);
  const auto pad_piece = space.add<char>(static_cast<i64>(plan.scratchpad));
  const auto bytes = [](const Operand& o) { return o.differs ? static_cast<i64>(o.theirs.get_size()) : 0; };
  const auto x_piece = space.add<char>(bytes(plan.x)), w_piece = space.add<char>(bytes(plan.w)),
             y_piece = space.add<char>(bytes(plan.y));
  const bool adds = d == Direction::wgrad && a.accumulate;
  const i64 weights = g.w_shape().count();
  const auto sum_piece = space.add<T>(adds ? weights : 0);
  space.allocate();
  dnnl::stream stream(engine());
  const dnnl::memory pad({{static_cast<i64>(plan.scratchpad)}, dnnl::memory::data_type::u8, Tag::x}, engine(),
                         space.at<char>(pad_piece));
  T* const w = adds ? space.at<T>(sum_piece) : a.w;
  const auto move = [&](const Operand& o, T* ours, std::size_t piece, bool is_output) {
    dnnl::memory mine(o.ours, engine(), ours), theirs(o.theirs, engine(), space.at<char>(piece));
    dnnl::memory &from = is_output ? theirs : mine, &to = is_output ? mine : theirs;
    o.reorder.execute(stream, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, pad}});
  };
  const auto place = [&](const Operand& o, T* ours, std::size_t piece, bool is_output) {
    if (!o.differs) return dnnl::memory(o.ours, engine(), ours);
    if (!is_output) move(o, ours, piece, false);
    return dnnl::memory(o.theirs, engine(), space.at<char>(piece));
  };
  const bool fprop = d == Direction::fprop, dgrad = d == Direction::dgrad, wgrad = d == Direction::wgrad;
  std::unordered_map<int, dnnl::memory> args{
      {dgrad ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, place(plan.x, a.x, x_piece, dgrad)},
      {wgrad ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, place(plan.w, w, w_piece, wgrad)},
      {fprop ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, place(plan.y, a.y, y_piece, fprop)},
      {DNNL_ARG_SCRATCHPAD, pad}};
  if (fprop && a.bias)
    args.emplace(DNNL_ARG_BIAS, dnnl::memory({{g.k}, type_of<T>, Tag::x}, engine(), const_cast<T*>(a.bias)));
  plan.primitive.execute(stream, args);
  if (fprop && plan.y.differs) move(plan.y, a.y, y_piece, true);
  if (dgrad && plan.x.differs) move(plan.x, a.x, x_piece, true);
  if (wgrad && plan.w.differs) move(plan.w, w, w_piece, true);
  stream.wait();
  if constexpr (std::is_same_v<T, float>) {
    if (dgrad && a.bias) add_bias(a.x, a.bias, g.n * g.h * g.w, g.c);
    if (adds) add_to(a.w, w, weights);
  }
}

// The plan of this geometry, from the cache or made; without a primitive where oneDNN has nothing good.
template <class T>
std::shared_ptr<const Plan> plan_for(Direction d, const ConvGeom& g, bool bias) {
  const bool blocked = prefers_blocked(g);
  const std::string key = g.str() + "h" + std::to_string(g.h) + "x" + std::to_string(g.p) + "x" +
                          std::to_string(g.q) + "d" + std::to_string(static_cast<int>(d)) +
                          (bias ? "b" : "") + "t" + std::to_string(omp_get_max_threads()) +
                          name_of(dtype_of<T>());
  return cache().get(key, [&](Plan& p) { make_plan(p, d, g, type_of<T>, bias, blocked); });
}

// By the plan of this geometry; false, with nothing written, where there is none.
template <class Operands>
bool by_plan(const Exec& e, Direction d, const ConvGeom& g, const Operands& a) {
  using T = std::remove_pointer_t<decltype(a.x)>;
  const auto plan = plan_for<T>(d, g, d == Direction::fprop && a.bias);
  if (!plan->primitive) return false;
  e.ran(plan->name.c_str());
  execute(e, *plan, d, g, a);
  return true;
}

// As far as oneDNN may use it (ONEDNN_MAX_CPU_ISA). With AVX-512 alone its bf16 is emulated.
bool multiplies_bf16() {
  constexpr auto least = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);  // AMX has these bits too
  static const bool can = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & least) == least;
  return can;
}

}  // namespace

// One thread, milliseconds of CPU time, best of 8; AMD EPYC with AVX2, 512 KiB L2, oneDNN 2.6.3, weights
// `any`, reorders included; "own" is the form that conv.cpp would choose.
//                                   fprop                  dgrad                  wgrad
//                             nhwc blocked   own     nhwc blocked   own     nhwc blocked   own
// n16  4x4s2   64x64   3- 64   1.2    1.5    1.8      2.4    3.6    2.4      2.0    1.7    2.1
// n16  4x4s2   32x32  64-128  12.8   13.3   15.0     14.5   12.8   19.4     17.3   15.1   15.5
// n16  4x4s2   16x16 128-256  14.5   13.3   13.9     14.3   13.6   15.0     16.1   15.3   14.6
// n16  4x4s2     8x8 256-512  16.7   16.1   15.0     23.1   22.3   17.7     34.8   31.3   15.1
// n16  4x4     full  512-100   1.6    1.5   0.59      2.4    2.2   0.53      2.5    2.7   0.68
// n16  4x4     full  512-  1  0.23   0.25   0.01     0.07   0.15   0.08     0.14   0.16   0.06
// n1   3x3     64x64 256-256    91     57     76       76     57     80      193     73     67
// n1   7x7   128x128  64-  3  21.5   21.6    7.6      3.5    8.7    8.6     18.7   11.3    5.4
// n1   7x7   128x128   3- 64   3.2    3.6    4.1     13.1   11.0    7.9      5.2    4.9    5.3
// Reordered copies of large activations cost more memory than they save time: with x and y of 24 MiB fprop is
// level and dgrad gains 5-10 %, while the copies are as large as x and y.
// So: wgrad is ours, whose bits moreover do not depend on the number of threads. The other two are oneDNN's,
// except where the weights outweigh the activations (oneDNN must reorder them at every step) and for thin
// outputs or large activations.
bool prefers_onednn(Direction d, const ConvGeom& g) {
  if (d == Direction::wgrad) return false;
  if (g.o.groups > 1) return true;
  const bool thin_output = d == Direction::fprop ? g.o.stride == 1 && g.k <= 8 : g.c <= 8;
  const i64 activations = g.x_shape().count() + g.y_shape().count();
  const bool heavy_weights = g.w_shape().count() > activations;
  const bool large = prefers_blocked(g) && activations > (i64{1} << 22);
  return !thin_output && !heavy_weights && !large;
}

bool onednn_knows(Direction d, const ConvGeom& g, DType dtype) {
  if (dtype == DType::bf16 && multiplies_bf16() && plan_for<bf16>(d, g, false)->primitive) return true;
  return static_cast<bool>(plan_for<float>(d, g, false)->primitive);
}

bool onednn_conv(const Exec& e, Direction d, const ConvGeom& g, const ConvOperands& a) {
  return by_plan(e, d, g, a);
}

bool onednn_conv(const Exec& e, Direction d, const ConvGeom& g, const ConvOperandsBf16& a) {
  // What is added behind the primitive would be rounded twice.
  const bool adds = d != Direction::fprop && (a.bias || a.accumulate);
  return multiplies_bf16() && !adds && by_plan(e, d, g, a);
}

}  // namespace sumi::kernels::cpu
#endif
