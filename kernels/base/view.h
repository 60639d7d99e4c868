// Non-owning views of tensors: a pointer with a shape.
#pragma once

#include "kernels/base/check.h"
#include "kernels/base/dtype.h"
#include "kernels/base/shape.h"

namespace sumi {

// Where memory lives and which backend computes there. `ref` is the reference backend: plain loops,
// all element types.
struct Device {
  enum class Kind : std::uint8_t { ref, cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;

  bool operator==(const Device&) const = default;
  bool is_ref() const { return kind == Kind::ref; }
  bool is_cpu() const { return kind == Kind::cpu; }
  bool on_host() const { return kind != Kind::cuda; }
  std::string str() const {
    if (kind == Kind::cuda) return "cuda:" + std::to_string(index);
    return kind == Kind::ref ? "ref" : "cpu";
  }
};

// A read-only view. `halo`: rows and columns around h and w that are in memory but not part of
// `shape`. It is 0 except where stated; only the convolution input, the apply kernel, residual
// reads and fold accept another value.
struct View {
  const void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape{0, 0, 0, 0};
  Device device;
  int halo = 0;

  // An absent optional operand (no bias, no gamma) is a View without data.
  explicit operator bool() const { return data != nullptr; }
  std::int64_t count() const { return shape.count(); }

  template <class T>
  const T* as() const {
    if (dtype != dtype_of<T>())
      fail("view", std::string("holds ") + name_of(dtype) + ", read as " + name_of(dtype_of<T>()));
    return static_cast<const T*>(data);
  }
};

struct MutView {
  void* data = nullptr;
  DType dtype = DType::f32;
  Shape shape{0, 0, 0, 0};
  Device device;
  int halo = 0;

  explicit operator bool() const { return data != nullptr; }
  std::int64_t count() const { return shape.count(); }
  operator View() const { return {data, dtype, shape, device, halo}; }

  template <class T>
  T* as() const {
    if (dtype != dtype_of<T>())
      fail("view", std::string("holds ") + name_of(dtype) + ", written as " + name_of(dtype_of<T>()));
    return static_cast<T*>(data);
  }
};

}  // namespace sumi
