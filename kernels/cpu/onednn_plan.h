// oneDNN's convolution primitives and their reorders, in a bounded cache.
#pragma once

#include <omp.h>

#include <dnnl.hpp>
#include <memory>
#include <string>
#include <type_traits>

#include "kernels/cpu/conv_own.h"

namespace sumi::kernels::cpu::onednn {

using Desc = dnnl::memory::desc;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;
template <class T>
constexpr Type type_of = std::is_same_v<T, bf16> ? Type::bf16 : Type::f32;

const dnnl::engine& engine();

// Restricts oneDNN to the calling thread while it lives.
class OneThread {
 public:
  OneThread() { omp_set_num_threads(1); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { omp_set_num_threads(before_); }

 private:
  const int before_ = omp_get_max_threads();
};

// One of the three operands: our layout, the primitive's, and the reorder between them if they
// differ.
struct Operand {
  Desc ours, theirs;
  dnnl::reorder reorder;
  bool differs = false;

  std::size_t scratchpad = 0;

  void set(const Desc& mine, const Desc& wanted, bool is_output);
};

struct Plan {
  dnnl::primitive primitive;  // empty: oneDNN has no fast implementation
  Operand x, w, y;
  std::size_t scratchpad = 0;
  std::string name;
};

// Activations in oneDNN's blocked layout, with reorders, or unchanged. Blocks pay wherever there
// are enough channels to fill them; see the table at prefers_onednn.
inline bool prefers_blocked(const ConvGeom& g) {
  return g.c >= 16 && g.k >= 16;
}

// For f32 or bf16 operands, for one thread; wgrad's dw is always f32. The primitive is empty if
// oneDNN has only a reference loop.
std::shared_ptr<const Plan> plan_of(ConvDirection, const ConvGeom&, Type, bool with_bias);

}  // namespace sumi::kernels::cpu::onednn
