// Which form of convolution the CPU takes for which geometry, where measurements on a machine shall decide instead of the
// rules (`sumi tune`).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/conv.h"

namespace sumi {

// The product of the definition by our own kernels or by oneDNN, or Winograd's form.
enum class ConvAlgorithm : std::uint8_t { own, onednn, winograd };
constexpr ConvAlgorithm kConvMethods[] = {ConvAlgorithm::own, ConvAlgorithm::onednn, ConvAlgorithm::winograd};

inline const char* name_of(ConvAlgorithm m) {
  return m == ConvAlgorithm::own ? "own" : m == ConvAlgorithm::onednn ? "onednn" : "winograd";
}

// One convolution in one direction.
struct ConvCall {
  kernels::ConvDirection direction;
  kernels::ConvGeom geom;
  // "fprop n1h66w66c256k256r3s3u1p0": what it is called in a plan.
  std::string str() const {
    using kernels::ConvDirection;
    const char* name = direction == ConvDirection::fprop   ? "fprop "
                       : direction == ConvDirection::dgrad ? "dgrad "
                                                           : "wgrad ";
    return name + geom.str();
  }
};

// ConvCall::str() -> method. What is not in it is left to the rules.
struct ConvPlan {
  std::map<std::string, ConvAlgorithm> methods;
};

// The convolutions that an Exec ran, in order; see Exec::conv_uses.
struct ConvCalls {
  std::vector<ConvCall> uses;
};

namespace kernels::cpu {
// Whether the method computes this at all: Winograd has few filter sizes, oneDNN may not be in the build.
bool conv_possible(ConvAlgorithm method, const ConvCall& use);
// Returns true if the method has an implementation of this convolution on operands of `dtype` (f32, or bf16, which all of
// them can widen to f32). oneDNN's answer makes its primitive, which is kept for the call.
bool conv_available(ConvAlgorithm method, const ConvCall& use, DType dtype);
// What runs: the plan's choice where it has one and the policy allows it, else the rules'.
ConvAlgorithm conv_method(const ConvPolicy& policy, const ConvCall& use);
}  // namespace kernels::cpu

}  // namespace sumi
