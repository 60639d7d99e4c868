// Convolution by oneDNN. Its own threads never start, because two pools would compete for the
// processors. A convolution is split into pieces, and each thread runs oneDNN on its own pieces.
#ifdef SUMI_ONEDNN
#include "kernels/cpu/onednn.h"

#include <exception>
#include <mutex>
#include <unordered_map>

#include "kernels/cpu/conv_split.h"
#include "kernels/cpu/onednn_plan.h"

namespace sumi::kernels::cpu {
namespace {

using namespace onednn;

void add_bias(float* y, const float* bias, i64 pixels, i64 c) {
  for_range(pixels, c, [=](i64 begin, i64 end) {
    for (i64 i = begin; i < end; ++i)
      for (i64 j = 0; j < c; ++j) y[i * c + j] += bias[j];
  });
}

// One convolution: its pieces, the plan of each, and the whole operands.
template <class Operands>
class Execution {
 public:
  using T = std::remove_pointer_t<decltype(Operands::x)>;

  Execution(Direction d, const ConvGeom& g, const Operands& a, std::vector<ConvPiece> pieces,
            std::vector<std::shared_ptr<const Plan>> plans)
      : direction_(d), geom_(g), a_(a), pieces_(std::move(pieces)), plans_(std::move(plans)) {}

  void run(const Exec& e) {
    Workspace space(e);
    reserve(space);
    space.allocate();
    if (direction_ != Direction::wgrad) reorder_weights(space);
    std::mutex guard;
    std::exception_ptr error;
    parallel_for(static_cast<i64>(pieces_.size()), [&](i64 i, int thread) {
      try {
        run_piece(space, static_cast<std::size_t>(i), static_cast<std::size_t>(thread));
      } catch (...) {
        const std::lock_guard lock(guard);
        if (!error) error = std::current_exception();
      }
    });
    if (error) std::rethrow_exception(error);
    if (direction_ == Direction::wgrad) add_pieces(space);
    if constexpr (std::is_same_v<T, float>)
      if (direction_ == Direction::dgrad && a_.bias)
        add_bias(a_.x, a_.bias, geom_.n * geom_.h * geom_.w, geom_.c);
  }

 private:
  // A thread's temporaries: scratchpad and reordered operands.
  struct Temporaries {
    std::size_t pad, x, w, y;
  };

  static i64 bytes(const Operand& o) { return o.differs ? static_cast<i64>(o.theirs.get_size()) : 0; }

  void reserve(Workspace& space) {
    i64 pad = 0, x = 0, w = 0, y = 0;
    for (const auto& plan : plans_) {
      pad = std::max(pad, static_cast<i64>(plan->scratchpad));
      x = std::max(x, bytes(plan->x));
      w = std::max(w, bytes(plan->w));
      y = std::max(y, bytes(plan->y));
    }
    const bool wgrad = direction_ == Direction::wgrad;
    const std::size_t threads = std::min(pieces_.size(), static_cast<std::size_t>(num_threads()));
    for (std::size_t t = 0; t < threads; ++t)
      temporaries_.push_back(
          {space.add<char>(pad), space.add<char>(x), space.add<char>(wgrad ? w : 0), space.add<char>(y)});
    if (wgrad) sums_ = space.add<float>(static_cast<i64>(pieces_.size()) * geom_.w_shape().count());
    for (const auto& plan : plans_)
      if (!wgrad && !weights_.count(plan.get())) weights_[plan.get()] = space.add<char>(bytes(plan->w));
  }

  static dnnl::memory scratchpad(const Plan& plan, char* at) {
    return {{{static_cast<i64>(plan.scratchpad)}, dnnl::memory::data_type::u8, Tag::x}, engine(), at};
  }

  static void move(dnnl::stream& stream, const Plan& plan, const Operand& o, void* ours, char* theirs,
                   bool back, char* pad) {
    dnnl::memory mine(o.ours, engine(), ours), other(o.theirs, engine(), theirs);
    dnnl::memory &from = back ? other : mine, &to = back ? mine : other;
    o.reorder.execute(
        stream, {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}, {DNNL_ARG_SCRATCHPAD, scratchpad(plan, pad)}});
  }

  // Once for all pieces of a plan.
  void reorder_weights(Workspace& space) {
    const OneThread one;
    dnnl::stream stream(engine());
    for (const auto& [plan, piece] : weights_)
      if (plan->w.differs)
        move(stream, *plan, plan->w, a_.w, space.at<char>(piece), false, space.at<char>(temporaries_[0].pad));
    stream.wait();
  }

  void run_piece(const Workspace& space, std::size_t i, std::size_t thread) {
    const OneThread one;
    const Plan& plan = *plans_[i];
    const Temporaries& mine = temporaries_[thread];
    char* const pad = space.at<char>(mine.pad);
    dnnl::stream stream(engine());
    const bool fprop = direction_ == Direction::fprop, dgrad = direction_ == Direction::dgrad,
               wgrad = direction_ == Direction::wgrad;
    T *const x = a_.x + pieces_[i].x, *const y = a_.y + pieces_[i].y;
    void* w = a_.w;
    if (wgrad) w = space.at<float>(sums_) + static_cast<i64>(i) * geom_.w_shape().count();
    const auto place = [&](const Operand& o, void* ours, char* theirs, bool fill) {
      if (!o.differs) return dnnl::memory(o.ours, engine(), ours);
      if (fill) move(stream, plan, o, ours, theirs, false, pad);
      return dnnl::memory(o.theirs, engine(), theirs);
    };
    char* const w_theirs = space.at<char>(wgrad ? mine.w : weights_.at(&plan));
    std::unordered_map<int, dnnl::memory> args{
        {dgrad ? DNNL_ARG_DIFF_SRC : DNNL_ARG_SRC, place(plan.x, x, space.at<char>(mine.x), !dgrad)},
        {wgrad ? DNNL_ARG_DIFF_WEIGHTS : DNNL_ARG_WEIGHTS, place(plan.w, w, w_theirs, false)},
        {fprop ? DNNL_ARG_DST : DNNL_ARG_DIFF_DST, place(plan.y, y, space.at<char>(mine.y), !fprop)},
        {DNNL_ARG_SCRATCHPAD, scratchpad(plan, pad)}};
    if (fprop && a_.bias)
      args.emplace(DNNL_ARG_BIAS,
                   dnnl::memory({{geom_.k}, type_of<T>, Tag::x}, engine(), const_cast<T*>(a_.bias)));
    plan.primitive.execute(stream, args);
    if (fprop && plan.y.differs) move(stream, plan, plan.y, y, space.at<char>(mine.y), true, pad);
    if (dgrad && plan.x.differs) move(stream, plan, plan.x, x, space.at<char>(mine.x), true, pad);
    if (wgrad && plan.w.differs) move(stream, plan, plan.w, w, w_theirs, true, pad);
    stream.wait();
  }

  // dw (+)= the pieces' sums, in order.
  void add_pieces(const Workspace& space) {
    const i64 count = geom_.w_shape().count(), pieces = static_cast<i64>(pieces_.size());
    const float* const sums = space.at<float>(sums_);
    T* const dw = a_.w;
    const bool accumulate = a_.accumulate;
    for_range(count, pieces, [=](i64 begin, i64 end) {
      for (i64 i = begin; i < end; ++i) {
        float sum = sums[i];
        for (i64 piece = 1; piece < pieces; ++piece) sum += sums[piece * count + i];
        put(accumulate ? static_cast<float>(dw[i]) + sum : sum, dw[i]);
      }
    });
  }

  const Direction direction_;
  const ConvGeom& geom_;
  const Operands& a_;
  const std::vector<ConvPiece> pieces_;
  const std::vector<std::shared_ptr<const Plan>> plans_;  // per piece
  std::vector<Temporaries> temporaries_;                  // per thread
  std::unordered_map<const Plan*, std::size_t> weights_;  // in the layout of a plan
  std::size_t sums_ = 0;                                  // wgrad: dw per piece
};

// The pieces' plans; none if oneDNN has no fast implementation for one of them.
std::vector<std::shared_ptr<const Plan>> plans_of(Direction d, const std::vector<ConvPiece>& pieces,
                                                  Type type, bool with_bias) {
  std::vector<std::shared_ptr<const Plan>> plans;
  plans.reserve(pieces.size());
  for (const ConvPiece& piece : pieces) {
    plans.push_back(plan_of(d, piece.geom, type, with_bias));
    if (!plans.back()->primitive) return {};
  }
  return plans;
}

// Runs the plans of this geometry's pieces; returns false, without writing anything, if there are
// none.
template <class Operands>
bool by_plan(const Exec& e, Direction d, const ConvGeom& g, const Operands& a) {
  using T = std::remove_pointer_t<decltype(a.x)>;
  std::vector<ConvPiece> pieces = split_conv(d, g, num_threads());
  auto plans = plans_of(d, pieces, type_of<T>, d == Direction::fprop && a.bias);
  if (plans.empty()) return false;
  e.ran(plans.front()->name.c_str());
  Execution<Operands>(d, g, a, std::move(pieces), std::move(plans)).run(e);
  return true;
}

// Respects ONEDNN_MAX_CPU_ISA. With AVX-512 alone oneDNN emulates bf16.
bool multiplies_bf16() {
  // included in the bits of AMX
  constexpr auto least = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);
  static const bool can = (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & least) == least;
  return can;
}

}  // namespace

// One thread, milliseconds of CPU time, best of 8; AMD EPYC with AVX2, 512 KiB L2, oneDNN 2.6.3,
// weights `any`, reorders included; "own" is the native algorithm that conv.cpp would choose.
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
// Reordered copies of large activations cost more memory than they save time: with x and y of 24
// MiB fprop is equal and dgrad gains 5-10 %, while the copies are as large as x and y. Therefore
// wgrad is native, whose bits moreover do not depend on the number of threads. The other two use
// oneDNN, except where the weights outweigh the activations (oneDNN must reorder them at every
// step) and for thin outputs or large activations.
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
  const std::vector<ConvPiece> pieces = split_conv(d, g, num_threads());
  if (dtype == DType::bf16 && d != Direction::wgrad && multiplies_bf16() &&
      !plans_of(d, pieces, Type::bf16, false).empty())
    return true;
  return !plans_of(d, pieces, Type::f32, false).empty();
}

bool onednn_conv(const Exec& e, Direction d, const ConvGeom& g, const ConvOperands& a) {
  return by_plan(e, d, g, a);
}

bool onednn_conv(const Exec& e, Direction d, const ConvGeom& g, const ConvOperandsBf16& a) {
  // wgrad in f32 is faster: 2.5 times for a DCGAN-64 step, where AMX is at hand. dgrad's bias would
  // be added to rounded values.
  const bool suits = d == Direction::fprop || (d == Direction::dgrad && !a.bias);
  return multiplies_bf16() && suits && by_plan(e, d, g, a);
}

}  // namespace sumi::kernels::cpu
#endif
