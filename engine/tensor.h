// Tensor: the only tensor type. A shared handle on storage with a shape, a dtype, a device and an
// optional gradient.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/runtime/memory.h"

namespace sumi {

class Tensor;

// The destination of a parameter's gradient: its slice of the arena. `written` is false until the
// first gradient since ParamArena::begin(), which overwrites instead of adding.
struct GradSlot;

class Tensor {
 public:
  Tensor() = default;  // no tensor: an absent optional operand

  // Uninitialized memory.
  static Tensor empty(const Shape& shape, DType dtype, const Device& device);
  // A shape without memory, for counting; its views are absent.
  static Tensor unallocated(const Shape& shape, DType dtype, const Device& device);
  static Tensor full(const Shape& shape, double value, DType dtype, const Device& device);
  static Tensor zeros(const Shape& s, DType t, const Device& d) { return full(s, 0, t, d); }
  // `values` in NHWC order, converted to dtype. Throws Error if the count is not the shape's.
  static Tensor from(const std::vector<float>& values, const Shape& shape, DType dtype, const Device& device);
  static Tensor from(const std::vector<double>& values, const Shape& shape, DType dtype,
                     const Device& device);
  // Uninitialized, with the shape, dtype and device of `like`.
  static Tensor empty_like(const Tensor& like) { return empty(like.shape(), like.dtype(), like.device()); }

  explicit operator bool() const { return impl_ != nullptr; }
  const Shape& shape() const;
  DType dtype() const;
  const Device& device() const;
  std::int64_t count() const { return shape().count(); }

  View view() const;             // an absent tensor gives an absent view
  MutView mutable_view() const;  // for overwriting or adding

  // Samples [first, first + count) as a tensor on the same storage.
  Tensor batch_slice(std::int64_t first, std::int64_t count) const;
  // Elements [first, first + shape.count()) in memory order as a tensor on the same storage, such
  // as a slot of an arena.
  Tensor flat_slice(std::int64_t first, const Shape& shape) const;
  // The same storage with another shape of the same count, outside autograd. (reshape() in ops.h is
  // the op.)
  Tensor view_as(const Shape& shape) const;
  // The same storage without autograd history.
  Tensor detach() const;
  Tensor clone() const;
  // The same bits on `device`: this tensor if it is there already, else a copy.
  Tensor to(const Device& device) const;

  // Returns the single element. Throws Error for any other count.
  double item() const;
  // A copy on the host, as float or double.
  template <class T>
  std::vector<T> to_vector() const;
  // Overwrites the contents. Same count; converts to this dtype.
  void assign(const std::vector<double>& values) const;
  // Overwrites the contents with another tensor's, same shape; dtypes may differ.
  void assign(const Tensor& other) const;

  // Set for leaves (parameters, inputs of gradient checks); results of ops inherit it.
  bool requires_grad() const;
  void set_requires_grad(bool wish) const;
  // The gradient that backward() stored in a leaf; absent before.
  Tensor grad() const;
  void set_grad(const Tensor& g) const;
  const std::shared_ptr<GradSlot>& slot() const;
  // Moves the contents to `offset` of `storage` (the arena) and directs gradients to `slot`.
  void move_to(const Storage& storage, std::size_t byte_offset, std::shared_ptr<GradSlot> slot) const;

  const Storage& storage() const;

  // Identity of the handle: equal for copies of one Tensor.
  const void* id() const { return impl_.get(); }
  // Returns true if no other handle and no other tensor can access the storage, so that it may be
  // written in place.
  bool is_unique() const;

 private:
  struct Impl;
  explicit Tensor(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
  const Impl& impl() const;

  std::shared_ptr<Impl> impl_;
};

struct GradSlot {
  Tensor grad;
  bool written = false;
  std::string name;
  Tensor copy;                     // of the parameter in another dtype (ParamArena::keep_copy)
  std::uint64_t copied_state = 0;  // Block::writes() of the values when the copy was made
};

extern template std::vector<float> Tensor::to_vector<float>() const;
extern template std::vector<double> Tensor::to_vector<double>() const;

}  // namespace sumi
