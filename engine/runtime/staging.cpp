#include "engine/runtime/staging.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "engine/runtime/device.h"
#include "kernels/base/dispatch.h"
#include "kernels/base/launch.h"

namespace sumi {
namespace {

// RAII for CUDA handles; destructors ignore errors.
struct Release {
  void operator()(cudaStream_t stream) const { (void)cudaStreamDestroy(stream); }
  void operator()(cudaEvent_t event) const { (void)cudaEventDestroy(event); }
  void operator()(void* pinned) const { (void)cudaFreeHost(pinned); }
};
template <class Handle>
using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Release>;

Owned<cudaEvent_t> make_event() {
  cudaEvent_t event = nullptr;
  SUMI_CUDA_CALL(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  return Owned<cudaEvent_t>(event);
}

}  // namespace

// The synchronization, and the reasons for it:
//  - The compute stream waits for the copy (`copied`), or kernels would read the old contents.
//  - The host waits for `copied` before it refills the pinned buffer, which the copy reads only when
//    its stream reaches it.
//  - The copy stream waits for all work on the buffer's old contents (`free`):
//    - A fresh buffer is a block of the pool, which reuses blocks while work on them is queued. That
//      is correct for the compute stream, which executes the new use after the old one, but not for
//      any other. So `free` is recorded on the compute stream after the allocation.
//    - A buffer of the ring is free when the last tensor on it is gone: all work that reads it is
//      queued by then. `free` is recorded at the first upload that finds it so, not at the one that
//      refills it: between the two a whole step may have been queued, and waiting for that would
//      leave nothing to overlap.
//  - A buffer that returns to the pool needs no wait: the compute stream already waits for its copy.
class Staging::Ring {
 public:
  Ring(const Device& device, int depth) : device_(device) {
    exec_on(device);  // makes it this thread's device
    cudaStream_t stream = nullptr;
    SUMI_CUDA_CALL(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    copies_.reset(stream);
    for (int i = 0; i < depth; ++i) slots_.push_back({nullptr, 0, {}, false, make_event(), make_event()});
  }

  // The copies read pinned memory that is about to be freed.
  ~Ring() {
    try {
      (void)cudaStreamSynchronize(copies_.get());
    } catch (const Error&) {
      // The emulation throws a kernel's error again; it was already reported to the code that
      // needed the result.
    }
  }

  Tensor upload(const std::vector<float>& values, const Shape& shape, DType dtype) {
    cudaStream_t compute = exec_on(device_).stream;
    note_free_buffers(compute);
    Slot& slot = slots_[next_];
    next_ = (next_ + 1) % slots_.size();

    const std::size_t bytes = values.size() * size_of(dtype);
    SUMI_CUDA_CALL(cudaEventSynchronize(slot.copied.get()));
    fill_pinned(slot, values, dtype, bytes);
    const bool fits =
        slot.buffer && slot.buffer.dtype() == dtype && slot.buffer.count() >= shape.count() && !slot.lent;
    if (!fits) {
      slot.buffer = {};
      slot.lent = false;  // also if there is no memory for another
      slot.buffer = Tensor::empty(shape, dtype, device_);
      SUMI_CUDA_CALL(cudaEventRecord(slot.free.get(), compute));
    }
    SUMI_CUDA_CALL(cudaStreamWaitEvent(copies_.get(), slot.free.get()));
    SUMI_CUDA_CALL(cudaMemcpyAsync(slot.buffer.mutable_view().data, slot.pinned.get(), bytes,
                                   cudaMemcpyHostToDevice, copies_.get()));
    SUMI_CUDA_CALL(cudaEventRecord(slot.copied.get(), copies_.get()));
    SUMI_CUDA_CALL(cudaStreamWaitEvent(compute, slot.copied.get()));
    slot.lent = true;
    return slot.buffer.flat_slice(0, shape);
  }

 private:
  struct Slot {
    Owned<void*> pinned;
    std::size_t pinned_bytes;
    Tensor buffer;
    bool lent;  // tensors outside may refer to the buffer
    Owned<cudaEvent_t> copied, free;
  };

  void note_free_buffers(cudaStream_t compute) {
    for (Slot& slot : slots_) {
      if (!slot.lent || slot.buffer.storage().use_count() > 1) continue;
      SUMI_CUDA_CALL(cudaEventRecord(slot.free.get(), compute));
      slot.lent = false;
    }
  }

  static void fill_pinned(Slot& slot, const std::vector<float>& values, DType dtype, std::size_t bytes) {
    if (bytes > slot.pinned_bytes) {
      slot.pinned.reset();
      slot.pinned_bytes = 0;
      void* pinned = nullptr;
      SUMI_CUDA_CALL(cudaHostAlloc(&pinned, bytes, cudaHostAllocDefault));
      slot.pinned.reset(pinned);
      slot.pinned_bytes = bytes;
    }
    dispatch_f32_bf16("staging", dtype, [&]<class T>() {
      std::transform(values.begin(), values.end(), static_cast<T*>(slot.pinned.get()),
                     [](float v) { return static_cast<T>(v); });
    });
  }

  Device device_;
  std::vector<Slot> slots_;
  Owned<cudaStream_t> copies_;  // declared after the slots, so destroyed before them
  std::size_t next_ = 0;
};

Staging::Staging(const Device& device, int depth) : device_(device) {
  if (depth < 1) fail("staging", fmt::format("a ring of {} buffers; it needs one or more", depth));
  if (!device.on_host()) ring_ = std::make_unique<Ring>(device, depth);
}

Staging::~Staging() = default;

Tensor Staging::upload(const std::vector<float>& values, const Shape& shape, DType dtype) {
  if (!ring_) return Tensor::from(values, shape, dtype, device_);
  if (static_cast<std::int64_t>(values.size()) != shape.count())
    fail("staging", fmt::format("{} values do not fill {}", values.size(), shape.str()));
  return ring_->upload(values, shape, dtype);
}

}  // namespace sumi
