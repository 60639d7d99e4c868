// A mode of the memory pools for work whose sizes do not repeat.
#pragma once

namespace sumi {

// While one lives, pools return their free blocks to the system before they request 1 MiB or more,
// so that memory held never exceeds the peak in use. Training, whose sizes repeat, would be slower.
class TrimOnAllocate {
 public:
  TrimOnAllocate();
  ~TrimOnAllocate();
  TrimOnAllocate(const TrimOnAllocate&) = delete;
  TrimOnAllocate& operator=(const TrimOnAllocate&) = delete;

  static bool on();
};

}  // namespace sumi
