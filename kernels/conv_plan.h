// Convolution algorithms per geometry on the CPU, for machines where measurements (`sumi tune`)
// replace the built-in rules.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernels/conv.h"

namespace sumi {

// Direct convolution by native kernels or by oneDNN, or Winograd's algorithm.
enum class ConvAlgorithm : std::uint8_t { native, onednn, winograd };
constexpr ConvAlgorithm kConvMethods[] = {ConvAlgorithm::native, ConvAlgorithm::onednn,
                                          ConvAlgorithm::winograd};

inline const char* name_of(ConvAlgorithm m) {
  return m == ConvAlgorithm::native ? "own" : m == ConvAlgorithm::onednn ? "onednn" : "winograd";
}

// One convolution in one direction.
struct ConvCall {
  kernels::ConvDirection direction;
  kernels::ConvGeom geom;
  // "fprop n1h66w66c256k256r3s3u1p0": the key in a plan.
  std::string str() const {
    using kernels::ConvDirection;
    const char* name = direction == ConvDirection::fprop   ? "fprop "
                       : direction == ConvDirection::dgrad ? "dgrad "
                                                           : "wgrad ";
    return name + geom.str();
  }
};

// ConvCall::str() -> algorithm. Convolutions that are not listed follow the rules.
struct ConvPlan {
  std::map<std::string, ConvAlgorithm> methods;
};

// The convolutions that an Exec ran, in order; see Exec::conv_uses.
struct ConvCalls {
  std::vector<ConvCall> uses;
};

namespace kernels::cpu {
// Returns true if the algorithm can compute this convolution: Winograd supports few filter sizes,
// and oneDNN may not be in the build.
bool conv_possible(ConvAlgorithm method, const ConvCall& use);
// Returns true if the algorithm has an implementation of this convolution for operands of `dtype`
// (f32, or bf16, which every implementation can widen to f32). For oneDNN this creates the
// primitive, which is kept for the call.
bool conv_available(ConvAlgorithm method, const ConvCall& use, DType dtype);
// The algorithm that runs: the plan's if it lists one and the policy allows it, else the rules'.
ConvAlgorithm conv_method(const ConvPolicy& policy, const ConvCall& use);
}  // namespace kernels::cpu

}  // namespace sumi
