// Exec: where and with what a kernel function runs. The first argument of each of them; there is no global
// state.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "kernels/base/view.h"

struct CUstream_st;  // what CUDA's stream handle points to

namespace sumi {

// Whether a kernel replaces its output or adds to it.
enum class Write : std::uint8_t { overwrite, accumulate };

// Scratch memory of one Exec, on the host unless it is given other functions. A pointer is valid until the next get() or
// done(), for work on the Exec's stream.
class Scratch {
 public:
  struct Memory {
    void* (*allocate)(std::size_t bytes);  // never null: throws
    void (*release)(void*);                // waits for work that still uses it
    bool lends = false;  // a large block goes back after each use: others need the memory in between
  };

  static Memory host() { return {&host_allocate, &host_release}; }

  Scratch() : Scratch(host()) {}
  explicit Scratch(Memory memory) : memory_(memory) {}
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { release(); }

  void* get(std::size_t bytes) {
    if (bytes > size_) {
      release();
      data_ = memory_.allocate(bytes);
      size_ = bytes;
    }
    return data_;
  }
  std::size_t size() const { return size_; }
  // Nobody uses what get() gave any more.
  void done() {
    if (memory_.lends && size_ > kKept) release();
  }
  // Gives the memory back; the next get() takes new.
  void release() {
    if (data_) memory_.release(data_);
    data_ = nullptr;
    size_ = 0;
  }

 private:
  static constexpr std::size_t kKept = std::size_t{1} << 20;
  static void* host_allocate(std::size_t bytes) { return ::operator new (bytes, std::align_val_t{64}); }
  static void host_release(void* data) { ::operator delete (data, std::align_val_t{64}); }

  Memory memory_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

// How products of f32 operands are computed; bf16 operands are exact in all of them. Sums are f32 or wider; tensor cores cut them off, unrounded.
//   f32     multiply-adds in f32
//   tf32    operands are rounded to 11 bits of mantissa first, as tensor cores take them: products are right to 2^-11
//   tf32x3  each operand is split into the sum of two such numbers and three of the four products are added ("3xtf32"):
//           as exact as f32 whatever the depth, on tensor cores, whose sums of 8 such products are added in f32 outside
// A kernel may always be more exact than asked: where no variant on tensor cores fits, f32 runs.
enum class MatmulPrecision : std::uint8_t { automatic, f32, tf32x3, tf32 };

constexpr const char* name_of(MatmulPrecision m) {
  constexpr const char* names[] = {"auto", "f32", "3xtf32", "tf32"};
  return names[static_cast<int>(m)];
}
// What `automatic` means on a device: tf32 on CUDA, f32 elsewhere.
constexpr MatmulPrecision resolved(MatmulPrecision m, const Device& device) {
  if (m != MatmulPrecision::automatic) return m;
  return device.kind == Device::Kind::cuda ? MatmulPrecision::tf32 : MatmulPrecision::f32;
}

// Names of the implementations that ran, for --explain. Kernel functions append to it when it is there.
using KernelLog = std::vector<std::string>;

struct ConvPlan;  // kernels/conv_plan.h
struct ConvCalls;

// Which forms of convolution the CPU may take.
struct ConvPolicy {
  enum class By : std::uint8_t { any, own, onednn };
  By by = By::any;
  bool exact = false;  // only forms that add the products of the definition, so no Winograd
  std::shared_ptr<const ConvPlan> plan = nullptr;  // may be null
  bool operator==(const ConvPolicy&) const = default;
};

// One Exec serves one thread at a time.
struct Exec {
  Device device;
  Scratch* scratch = nullptr;  // never null for kernels that say they need it; engine and tests set it
  KernelLog* log = nullptr;
  CUstream_st* stream = nullptr;  // of CUDA devices
  ConvPolicy conv = {};
  ConvCalls* conv_uses = nullptr;  // CPU convolutions append themselves to it when it is there
  MatmulPrecision multiply = MatmulPrecision::automatic;
  // Of the CUDA kernels that have several (kernels/variants.h): the one that shall run, an Error where it does not fit.
  // Null: their rule chooses.
  const char* variant = nullptr;

  // A kernel says which implementation it chose: "onednn jit:avx2", "own gemm".
  void ran(const char* implementation) const {
    if (log) log->emplace_back(implementation);
  }
};

// Every view must live on the device that runs the kernel, in the same dtype as the first unless a kernel
// says otherwise. Absent optional operands are skipped.
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

// Chooses the backend. A kernel's header calls it with one lambda per backend.
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
