// Execution orders that CUDA leaves unspecified: the threads of a block, the blocks of a grid, and
// streams that do not wait for each other. A correct program computes the same bits in every order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

namespace sumi::emu {

struct Schedule {
  enum class Kind : std::uint8_t { ascending, descending, shuffled };
  Kind kind = Kind::ascending;
  std::uint64_t seed = 0;

  static Schedule ascending() { return {}; }
  static Schedule descending() { return {Kind::descending, 0}; }
  static Schedule shuffle(std::uint64_t seed) { return {Kind::shuffled, seed}; }
  bool operator==(const Schedule&) const = default;
};

struct Schedules {
  Schedule threads, blocks, streams;
  // For a debugger: this block and, in every block, this thread (linear indices) run before all
  // others.
  std::int64_t first_block = -1, first_thread = -1;
};

// SplitMix64 (Steele, Lea, Flood 2014): a small generator that works well with every seed.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t operator()() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

// Writes 0 .. count-1 in the given order, with `first` before all others if it is not negative.
// Each shuffle draws from `random` (Fisher-Yates).
inline void arrange(std::vector<std::uint32_t>& out, std::size_t count, const Schedule& order, Random& random,
                    std::int64_t first = -1) {
  out.resize(count);
  std::iota(out.begin(), out.end(), 0u);
  if (order.kind == Schedule::Kind::descending)
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint32_t>(count - 1 - i);
  if (order.kind == Schedule::Kind::shuffled)
    for (std::size_t i = count; i > 1; --i) std::swap(out[i - 1], out[random() % i]);
  if (first < 0) return;
  const auto chosen = std::find(out.begin(), out.end(), first);
  if (chosen != out.end()) std::rotate(out.begin(), chosen, chosen + 1);
}

}  // namespace sumi::emu
