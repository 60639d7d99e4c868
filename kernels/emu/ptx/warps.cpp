// What threads do together: shuffles, votes, barriers ("Parallel Synchronization and Communication
// Instructions").
#include "kernels/emu/block.h"
#include "kernels/emu/ptx/forms.h"

namespace sumi::emu::ptx {
namespace {

using U32 = std::uint32_t;

enum class Shuffle : std::uint8_t { up, down, bfly, idx };

// The manual's pseudocode of shfl.sync. The argument is b and, from bit 8, c: bits 0 to 4 of c are
// a bound on the source lane, bits 8 to 12 are the bits of a lane's number that stay. In the
// result, bit 32 is the predicate.
template <Shuffle mode>
std::uint64_t shuffle(const Lanes& lanes, int lane) {
  const auto b = static_cast<int>(lanes.argument[lane] & 31), c = static_cast<int>(lanes.argument[lane] >> 8);
  const int bound = c & 31, segment = c >> 8 & 31;
  const int last = (lane & segment) | (bound & ~segment), first = lane & segment;
  int source = 0;
  bool inside = false;
  switch (mode) {
    case Shuffle::up:
      source = lane - b, inside = source >= last;
      break;
    case Shuffle::down:
      source = lane + b, inside = source <= last;
      break;
    case Shuffle::bfly:
      source = lane ^ b, inside = source <= last;
      break;
    case Shuffle::idx:
      source = first | (b & ~segment), inside = source <= last;
      break;
  }
  if (!inside) source = lane;
  if (!(lanes.mask >> source & 1))
    Block::current->fail_here(std::string(lanes.name) + " reads lane " + std::to_string(source) +
                              ", which its mask does not name");
  return (lanes.value[source] & 0xFFFFFFFF) | std::uint64_t{inside} << 32;
}

Location location_of(const Thread& t, const Instruction& i) {
  return {t.entry().module->path.c_str(), i.line};
}

template <Shuffle mode>
void shuffle_step(Thread& t, const Instruction& i) {
  const U32 argument = (t.get<U32>(i.at[3]) & 31) | (t.get<U32>(i.at[4]) & 0x1F1F) << 8;
  const std::uint64_t result = warp_collective(i.name->c_str(), shuffle<mode>, t.get<U32>(i.at[5]),
                                               t.get<U32>(i.at[2]), argument, location_of(t, i));
  t.put<U32>(i.at[0], static_cast<U32>(result));
  t.put<bool>(i.at[1], (result >> 32 & 1) != 0);
}

// Bits of the lanes whose predicate is true.
std::uint64_t ballot(const Lanes& lanes, int) {
  std::uint64_t set = 0;
  for (int lane = 0; lane < 32; ++lane)
    if (lanes.mask >> lane & 1 && lanes.value[lane]) set |= std::uint64_t{1} << lane;
  return set;
}

U32 vote(Thread& t, const Instruction& i) {
  return static_cast<U32>(warp_collective(i.name->c_str(), ballot, t.get<U32>(i.at[2]), t.get<bool>(i.at[1]),
                                          0, location_of(t, i)));
}

void barrier_step(Thread& t, const Instruction& i) {
  if (i.operands > 1 && t.get<U32>(i.at[1]) != static_cast<U32>(block_threads()))
    t.fail_at(i, "a barrier of a part of the block");
  if (t.get<U32>(i.at[0]) != 0) t.fail_at(i, "another barrier than 0");
  block_barrier(i.name->c_str(), false, location_of(t, i));
}

// bar.red d, 0, p: the threads whose predicate is true.
template <class D, class F>
Step counting_barrier(F) {
  return [](Thread& t, const Instruction& i) {
    if (t.get<U32>(i.at[1]) != 0) t.fail_at(i, "another barrier than 0");
    const int count = block_barrier(i.name->c_str(), t.get<bool>(i.at[2]), location_of(t, i));
    t.put<D>(i.at[0], F{}(count, block_threads()));
  };
}

}  // namespace

void add_warp_forms(Forms& forms) {
  forms.add("shfl.sync.up.b32", "pssss", shuffle_step<Shuffle::up>);
  forms.add("shfl.sync.down.b32", "pssss", shuffle_step<Shuffle::down>);
  forms.add("shfl.sync.bfly.b32", "pssss", shuffle_step<Shuffle::bfly>);
  forms.add("shfl.sync.idx.b32", "pssss", shuffle_step<Shuffle::idx>);
  forms.add("vote.sync.ballot.b32", "dss",
            [](Thread& t, const Instruction& i) { t.put<U32>(i.at[0], vote(t, i)); });
  forms.add("vote.sync.any.pred", "dss",
            [](Thread& t, const Instruction& i) { t.put<bool>(i.at[0], vote(t, i) != 0); });
  forms.add("vote.sync.all.pred", "dss",
            [](Thread& t, const Instruction& i) { t.put<bool>(i.at[0], vote(t, i) == t.get<U32>(i.at[2])); });
  forms.add("vote.sync.uni.pred", "dss", [](Thread& t, const Instruction& i) {
    const U32 set = vote(t, i);
    t.put<bool>(i.at[0], set == 0 || set == t.get<U32>(i.at[2]));
  });
  forms.add("activemask.b32", "d",
            [](Thread& t, const Instruction& i) { t.put<U32>(i.at[0], live_lanes()); });
  forms.add("bar.warp.sync", "s", [](Thread& t, const Instruction& i) {
    warp_collective(i.name->c_str(), ballot, t.get<U32>(i.at[0]), 0, 0, location_of(t, i));
  });
  forms.add("bar.sync", "s?s", barrier_step);
  forms.add("barrier.sync", "s?s", barrier_step);
  forms.add("barrier.sync.aligned", "s?s", barrier_step);
  forms.add("bar.red.popc.u32", "dss",
            counting_barrier<U32>([](int count, int) { return static_cast<U32>(count); }));
  forms.add("bar.red.or.pred", "dss", counting_barrier<bool>([](int count, int) { return count > 0; }));
  forms.add("bar.red.and.pred", "dss",
            counting_barrier<bool>([](int count, int all) { return count == all; }));
}

}  // namespace sumi::emu::ptx
