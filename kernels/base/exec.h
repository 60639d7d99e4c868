// Exec: the device and resources that a kernel function runs with. It is the first argument of
// every kernel function; there is no global state.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/base/view.h"

struct CUstream_st;  // CUDA's stream type

namespace sumi {

// Selects whether a kernel replaces its output or adds to it.
enum class Write : std::uint8_t { overwrite, accumulate };

// Where scratch memory comes from.
struct ScratchAllocator {
  void* (*allocate)(std::size_t bytes);  // never returns null: throws
  void (*release)(void*);                // waits for work that still uses the memory
  bool release_after_use = false;        // releases large blocks after each use
};

// Scratch memory of one Exec, on the host by default. A pointer is valid until the next get() or
// end_use(), for work on the Exec's stream.
class Scratch {
 public:
  static ScratchAllocator host() { return {&host_allocate, &host_release}; }

  Scratch() : Scratch(host()) {}
  explicit Scratch(ScratchAllocator allocator) : allocator_(allocator) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { release(); }

  void* get(std::size_t bytes) {
    if (bytes > size_) {
      release();
      data_ = allocator_.allocate(bytes);
      size_ = bytes;
    }
    return data_;
  }
  std::size_t size() const { return size_; }
  // Ends the use of the memory that get() returned.
  void end_use() {
    if (allocator_.release_after_use && size_ > kKept) release();
  }
  // Returns the memory; the next get() allocates again.
  void release() {
    if (data_) allocator_.release(data_);
    data_ = nullptr;
    size_ = 0;
  }

 private:
  static constexpr std::size_t kKept = std::size_t{1} << 20;
  static void* host_allocate(std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); }
  static void host_release(void* data) { ::operator delete (data, std::align_val_t{64}); }

  ScratchAllocator allocator_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

// How products of f32 operands are computed. Products of bf16 operands are exact in every mode.
// Sums are f32 or wider; tensor cores truncate them instead of rounding.
//   f32     multiply-adds in f32
//   tf32    operands are rounded to 11 mantissa bits, the input format of tensor cores: products
//           are accurate to 2^-11
//   tf32x3  ("3xtf32") each operand is split into a sum of two such values, and three of the four
//           products are added on tensor cores: as accurate as f32 at any depth, because sums of 8
//           products are accumulated in f32
// A kernel may be more accurate than requested: f32 runs where no tensor-core variant fits.
enum class MatmulPrecision : std::uint8_t { automatic, f32, tf32x3, tf32 };

constexpr const char* name_of(MatmulPrecision m) {
  constexpr const char* names[] = {"auto", "f32", "3xtf32", "tf32"};
  return names[static_cast<int>(m)];
}
// The mode that `automatic` selects on a device: tf32 on CUDA, f32 elsewhere.
constexpr MatmulPrecision resolved(MatmulPrecision m, const Device& device) {
  if (m != MatmulPrecision::automatic) return m;
  return device.kind == Device::Kind::cuda ? MatmulPrecision::tf32 : MatmulPrecision::f32;
}

// Names of the implementations that ran, for --explain. Kernel functions append to it if it is
// given.
using KernelLog = std::vector<std::string>;

struct ConvPlan;  // kernels/conv_plan.h
struct ConvCalls;

// The library that computes convolutions on the CPU. automatic: the one expected to be faster.
enum class ConvBackend : std::uint8_t { automatic, native, onednn };

// The convolution algorithms that the CPU may use.
struct ConvPolicy {
  ConvBackend backend = ConvBackend::automatic;
  bool exact = false;  // only algorithms that sum the products of the definition: no Winograd
  std::shared_ptr<const ConvPlan> plan = nullptr;  // may be null
  bool operator==(const ConvPolicy&) const = default;
};

// One Exec serves one thread at a time.
struct Exec {
  Device device;
  // non-null for kernels whose comments require it; engine and tests set it
  Scratch* scratch = nullptr;
  KernelLog* log = nullptr;
  CUstream_st* stream = nullptr;  // of CUDA devices
  ConvPolicy conv = {};
  ConvCalls* conv_uses = nullptr;  // if given, CPU convolutions append themselves
  MatmulPrecision multiply = MatmulPrecision::automatic;
  // Forces a CUDA kernel variant by name (see kernels/variants.h); null selects automatically.
  // Error if the variant does not support the problem.
  const char* variant = nullptr;

  // Records the implementation that a kernel chose: "onednn jit:avx2", "own gemm".
  void ran(const char* implementation) const {
    if (log) log->emplace_back(implementation);
  }
};

// Throws Error unless every view lives on the kernel's device and none has a halo. Absent optional
// operands are skipped.
inline void check_on_device(const char* kernel, const Exec& exec, std::initializer_list<View> views) {
  for (const View& v : views) {
    if (!v) continue;
    if (!(v.device == exec.device))
      fail(kernel, "an operand " + v.shape.str() + " lives on " + v.device.str() + ", the kernel runs on " +
                       exec.device.str());
    if (v.halo != 0)
      fail(kernel, "an operand " + v.shape.str() + " has a halo, which this kernel does not read");
  }
}

inline void check_same_dtype(const char* kernel, std::initializer_list<View> views) {
  const View* first = nullptr;
  for (const View& v : views) {
    if (!v) continue;
    if (!first) first = &v;
    if (v.dtype != first->dtype)
      fail(kernel,
           std::string("operands of two types: ") + name_of(first->dtype) + " and " + name_of(v.dtype));
  }
}

inline void check_shape(const char* kernel, const char* operand, const Shape& got, const Shape& want) {
  if (!(got == want)) fail(kernel, std::string(operand) + " is " + got.str() + ", expected " + want.str());
}

// Calls the backend of exec's device. A kernel's header passes one lambda per backend.
template <class Ref, class Cpu, class Cuda>
void on_device(const char*, const Exec& exec, Ref&& ref, Cpu&& cpu, Cuda&& cuda) {
  switch (exec.device.kind) {
    case Device::Kind::ref:
      return ref();
    case Device::Kind::cpu:
      return cpu();
    case Device::Kind::cuda:
      return cuda();
  }
}
template <class Ref, class Cpu>
void on_device(const char* kernel, const Exec& exec, Ref&& ref, Cpu&& cpu) {
  on_device(kernel, exec, ref, cpu, [&] { fail(kernel, "has no CUDA kernel; use --device cpu"); });
}

}  // namespace sumi
