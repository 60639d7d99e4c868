#include "kernels/emu/ptx/thread.h"

#include <bit>
#include <cstdio>

#include "kernels/emu/block.h"
#include "kernels/emu/heap.h"
#include "kernels/emu/include/cuda_warp.h"

namespace sumi::emu::ptx {
namespace {

std::uint64_t value_of(Special special, unsigned linear) {
  const unsigned lane = linear % 32;
  const std::uint32_t eq = 1u << lane, lt = eq - 1;
  switch (special) {
    case Special::tid_x:
      return threadIdx.x;
    case Special::tid_y:
      return threadIdx.y;
    case Special::tid_z:
      return threadIdx.z;
    case Special::ntid_x:
      return blockDim.x;
    case Special::ntid_y:
      return blockDim.y;
    case Special::ntid_z:
      return blockDim.z;
    case Special::ctaid_x:
      return blockIdx.x;
    case Special::ctaid_y:
      return blockIdx.y;
    case Special::ctaid_z:
      return blockIdx.z;
    case Special::nctaid_x:
      return gridDim.x;
    case Special::nctaid_y:
      return gridDim.y;
    case Special::nctaid_z:
      return gridDim.z;
    case Special::laneid:
      return lane;
    case Special::warpid:
      return linear / 32;
    case Special::lanemask_eq:
      return eq;
    case Special::lanemask_le:
      return eq | lt;
    case Special::lanemask_lt:
      return lt;
    case Special::lanemask_ge:
      return static_cast<std::uint32_t>(~lt);
    case Special::lanemask_gt:
      return static_cast<std::uint32_t>(~(eq | lt));
  }
  return 0;
}

std::string hexadecimal(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

const char* name_of(Space space) {
  constexpr const char* kNames[] = {"generic", "global", "shared", "local", "param"};
  return kNames[static_cast<std::size_t>(space)];
}

// A register that nothing has written is NaN in every type, like fresh memory.
constexpr std::uint64_t kUnwritten = ~std::uint64_t{0};

}  // namespace

Thread::Thread(const Entry& entry, const std::byte* parameters, const Watch* watch)
    : entry_(entry),
      parameters_(parameters),
      watch_(watch),
      places_(entry.places, kUnwritten),
      local_(entry.local_bytes, std::byte{0xFF}) {
  const unsigned linear = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  index_ = threadIdx;
  lane_ = static_cast<int>(linear % 32);
  for (const auto& [place, bits] : entry.constants) places_[place] = bits;
  for (const auto& [place, special] : entry.specials) places_[place] = value_of(special, linear);
  if (entry.shared_bytes > 0)
    shared_ = static_cast<std::byte*>(block_shared(entry.shared_bytes, entry.shared_alignment, &entry));
}

void Thread::run() {
  const std::vector<Instruction>& code = entry_.code;
  std::uint64_t steps = 0;
  while (next_ < code.size()) {
    const Instruction& i = code[next_++];
    ++steps;
    const bool ran = i.guard == Instruction::kNoGuard || ((places_[i.guard] & 1) == 0) == i.unless;
    if (ran) {
      entry_.executed[static_cast<std::size_t>(&i - code.data())] = true;
      i.step(*this, i);
    }
    if (watch_) (*watch_)(*this, i, ran);
  }
  entry_.steps += steps;
}

void Thread::fail_at(const Instruction& i, const std::string& what) const {
  Block::current->fail_here(entry_.module->str(i) + ": " + what);
}

std::byte* Thread::global_memory(const Instruction& i, std::uint64_t address, std::size_t bytes) {
  Range& range = recent_[i.line % std::size(recent_)];
  auto* pointer = reinterpret_cast<std::byte*>(address);
  if (address < range.begin || address > range.end || bytes > range.end - address) {
    auto [begin, size] = Heap::get().allocation(pointer);
    for (const auto& [name, global] : entry_.module->globals)
      if (address >= global.address() && address - global.address() < global.bytes)
        begin = global.address(), size = global.bytes;
    if (begin == 0 || bytes > begin + size - address) {
      char text[160];
      Heap::get().describe(pointer, text, sizeof text);
      fail_at(i, std::to_string(bytes) + " bytes outside of every allocation, at " + text);
    }
    range = {begin, begin + size};
  }
  return pointer;
}

std::byte* Thread::memory(const Instruction& i, Space space, std::uint64_t address, std::size_t bytes,
                          bool write) {
  if (address % bytes != 0)
    fail_at(i, std::string("a misaligned access of ") + std::to_string(bytes) + " bytes to " +
                   name_of(space) + " memory at " + hexadecimal(address));
  if (space == Space::generic) {
    const std::uint64_t window = address & kWindowMask;
    space = window == kSharedWindow  ? Space::shared
            : window == kLocalWindow ? Space::local
            : window == kParamWindow ? Space::param
                                     : Space::global;
    if (space != Space::global) address -= window;
  }
  if (space == Space::global) return global_memory(i, address, bytes);
  if (space == Space::param) {
    if (write) fail_at(i, "writes a parameter");
    if (address <= entry_.parameter_bytes && bytes <= entry_.parameter_bytes - address)
      return const_cast<std::byte*>(parameters_) + address;
  } else {
    // a variable at a time: what follows another belongs to it
    for (const Variable& v : entry_.variables)
      if (v.space == space && address >= v.offset && address - v.offset <= v.bytes &&
          bytes <= v.bytes - (address - v.offset))
        return (space == Space::shared ? shared_ : local_.data()) + address;
  }
  fail_at(i, std::to_string(bytes) + " bytes outside of every variable, in " + name_of(space) +
                 " memory at " + hexadecimal(address));
}

}  // namespace sumi::emu::ptx
