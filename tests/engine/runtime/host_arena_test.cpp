// Large host memory: positions, merging of adjacent ranges, and held memory.
#include "engine/runtime/host_arena.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

namespace sumi {
namespace {

constexpr std::size_t kPage = 4096, kMiB = 1 << 20;

void* take(HostArena& arena, std::size_t bytes) {
  const HostArena::Place place = arena.find(bytes);
  if (place.data) arena.take(place, bytes);
  return place.data;
}

TEST_CASE("ranges: neighbors join, removal splits, and overlaps are counted") {
  Ranges r;
  r.add(10, 20);
  r.add(30, 40);
  CHECK(r.covered(0, 100) == 20);
  CHECK(r.covered(15, 35) == 10);
  r.add(20, 30);
  CHECK(r.map() == Ranges::Map{{10, 40}});
  r.remove(12, 14);
  r.remove(38, 50);
  CHECK(r.map() == Ranges::Map{{10, 12}, {14, 38}});
  r.add(0, 100);
  CHECK(r.map() == Ranges::Map{{0, 100}});
  r.remove(0, 100);
  CHECK(r.map().empty());
}

TEST_CASE("ranges: like a set of numbers, for random additions and removals") {
  std::mt19937 random(1);
  Ranges r;
  std::vector<bool> set(200);
  for (int i = 0; i < 2000; ++i) {
    const std::size_t begin = random() % 199, end = begin + 1 + random() % (199 - begin);
    const bool add = random() % 2 == 0;
    add ? r.add(begin, end) : r.remove(begin, end);
    for (std::size_t k = begin; k < end; ++k) set[k] = add;
    const std::size_t from = random() % 100, to = from + random() % 100;
    REQUIRE(r.covered(from, to) ==
            static_cast<std::size_t>(std::count(set.begin() + static_cast<std::ptrdiff_t>(from),
                                                set.begin() + static_cast<std::ptrdiff_t>(to), true)));
  }
}

TEST_CASE("arena: blocks do not overlap, freed neighbors serve a larger block, trim gives memory back") {
  HostArena arena(256 * kMiB);
  void *a = take(arena, 10 * kMiB), *b = take(arena, 20 * kMiB), *c = take(arena, 10 * kMiB);
  REQUIRE((a && b && c));
  CHECK(arena.owns(a));
  CHECK_FALSE(arena.owns(&arena));
  std::memset(a, 1, 10 * kMiB);
  std::memset(b, 2, 20 * kMiB);
  CHECK(static_cast<char*>(a)[10 * kMiB - 1] == 1);
  CHECK(arena.held() == 40 * kMiB);
  arena.release(a, 10 * kMiB);
  arena.release(b, 20 * kMiB);
  CHECK(take(arena, 30 * kMiB) == a);  // in the place of both
  CHECK(arena.held() == 40 * kMiB);
  arena.release(a, 30 * kMiB);
  arena.trim();
  CHECK(arena.held() == 10 * kMiB);
  CHECK(arena.find(kMiB).fresh == kMiB);
  CHECK(static_cast<char*>(take(arena, kMiB))[0] == 0);  // a fresh page
}

TEST_CASE("arena: the place with the least fresh memory is taken, then the smallest") {
  HostArena arena(256 * kMiB);
  void* blocks[4];
  for (auto& block : blocks) block = take(arena, 8 * kMiB);
  void* small = take(arena, 2 * kMiB);
  void* last = take(arena, kPage);
  arena.release(blocks[1], 8 * kMiB);
  arena.release(small, 2 * kMiB);
  CHECK(arena.find(kMiB).data == small);
  CHECK(arena.find(kMiB + 5).fresh == 0);
  CHECK(arena.find(3 * kMiB).data == blocks[1]);
  arena.release(last, kPage);  // now the small one goes on into untouched memory
  CHECK(arena.find(9 * kMiB).data == small);
  CHECK(arena.find(9 * kMiB).fresh == 7 * kMiB - kPage);
}

TEST_CASE("arena: what does not fit has no place") {
  HostArena arena(64 * kMiB);
  CHECK(arena.find(65 * kMiB).data == nullptr);
  void* all = take(arena, 64 * kMiB);
  CHECK(all != nullptr);
  CHECK(arena.find(1).data == nullptr);
  arena.release(all, 64 * kMiB);
  CHECK(arena.find(1).data == all);
  HostArena none(0);
  CHECK(none.find(1).data == nullptr);
  CHECK_FALSE(none.owns(&none));
  HostArena less(~std::size_t{0} / 4);  // no machine reserves this: it takes what there is
  CHECK(less.find(kMiB).data != nullptr);
}

}  // namespace
}  // namespace sumi
