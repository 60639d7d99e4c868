// Launches: a grid's blocks one after another, and the several runs of verify mode.
#include <cstring>

#include "kernels/base/check.h"
#include "kernels/emu/access_recorder.h"
#include "kernels/emu/heap.h"
#include "kernels/emu/ptx/witness.h"
#include "kernels/emu/runtime.h"

namespace sumi::emu {
namespace {

// The schedule and fill of one run of a launch.
struct Choice {
  Schedule threads, blocks;
  std::uint8_t shared_fill = 0xFF;
  const char* varied = "";
  std::int64_t first_block = -1, first_thread = -1;
};

constexpr char kThreads[] = "thread order: a missing __syncthreads() or __syncwarp()";
constexpr char kBlocks[] = "block order: blocks write the same place or wait for each other";
constexpr char kFill[] =
    "fill of shared memory: read before it was written, or an asynchronous copy that was not waited for";
constexpr std::uint8_t kOtherFill = 0x3C;  // a finite number in every floating type
constexpr std::uint64_t kSeed = 20;

uint3 block_index(const dim3& grid, std::uint64_t block) {
  return {static_cast<unsigned>(block % grid.x), static_cast<unsigned>(block / grid.x % grid.y),
          static_cast<unsigned>(block / grid.x / grid.y)};
}

std::uint64_t block_count(const dim3& grid) {
  return std::uint64_t{grid.x} * grid.y * grid.z;
}

// All blocks, or those that are counted.
void run_counted(const Kernel& kernel, Block& block, AccessRecorder& recorder, std::uint64_t count) {
  const std::vector<std::uint64_t> chosen = recorder.begin_launch(kernel, count);
  for (std::uint64_t i = 0; i < (chosen.empty() ? count : chosen.size()); ++i) {
    block.run(block_index(kernel.grid, chosen.empty() ? i : chosen[i]));
    recorder.end_block(block);
  }
  Heap::get().check_red_zones("kernel " + kernel.name);
}

void run_once(const Kernel& kernel, const Choice& choice) {
  Heap& heap = Heap::get();
  Block block(kernel, choice.threads, choice.shared_fill, choice.first_thread);
  const std::uint64_t count = block_count(kernel.grid);
  if (AccessRecorder* const recorder = AccessRecorder::current)
    return run_counted(kernel, block, *recorder, count);
  // Small launches are checked after each block, so that a message names it; for large ones that
  // would be too slow.
  const bool check_each = count * heap.allocations() <= 1024;
  const auto run = [&](std::uint64_t b) {
    block.run(block_index(kernel.grid, b));
    if (check_each) heap.check_red_zones(block.str());
  };
  if (choice.blocks.kind == Schedule::Kind::ascending && choice.first_block < 0) {
    for (std::uint64_t b = 0; b < count; ++b) run(b);
  } else {
    Random random(choice.blocks.seed);
    std::vector<std::uint32_t> order;
    arrange(order, count, choice.blocks, random, choice.first_block);
    for (std::uint32_t b : order) run(b);
  }
  if (!check_each) heap.check_red_zones("kernel " + kernel.name);
}

void run_one_block(const Kernel& kernel, const Choice& choice, std::uint64_t b) {
  Block block(kernel, choice.threads, choice.shared_fill);
  block.run(block_index(kernel.grid, b));
}

// Runs block after block in both ways from the same memory. -1: each block alone gives the same
// result.
std::int64_t first_different_block(const Kernel& kernel, const Choice& usual, const Choice& other) {
  Heap& heap = Heap::get();
  Heap::Snapshot before = heap.snapshot();
  for (std::uint64_t b = 0; b < block_count(kernel.grid); ++b) {
    run_one_block(kernel, other, b);
    const Heap::Snapshot theirs = heap.snapshot();
    heap.restore(before);
    run_one_block(kernel, usual, b);
    Heap::Snapshot ours = heap.snapshot();
    if (ours != theirs) return static_cast<std::int64_t>(b);
    before = std::move(ours);
  }
  return -1;
}

// Names the first block that writes an address whose final bytes differ. Finding the first block
// after which the memory cannot be reconciled would be harder and not more useful.
std::int64_t first_writer(const Kernel& kernel, const Heap::Snapshot& ours, const Heap::Snapshot& theirs) {
  Heap& heap = Heap::get();
  Heap::Snapshot before = heap.snapshot();
  for (std::uint64_t b = 0; b < block_count(kernel.grid); ++b) {
    run_one_block(kernel, Choice{}, b);
    Heap::Snapshot after = heap.snapshot();
    for (const auto& [at, bytes] : after.bytes)
      for (std::size_t i = 0; i < bytes.size(); ++i)
        if (ours.bytes.at(at)[i] != theirs.bytes.at(at)[i] && bytes[i] != before.bytes.at(at)[i])
          return static_cast<std::int64_t>(b);
    before = std::move(after);
  }
  return -1;
}

void run_verified(const Kernel& kernel) {
  Heap& heap = Heap::get();
  const Choice usual;
  const Choice others[] = {{Schedule::descending(), {}, 0xFF, kThreads},
                           {Schedule::shuffle(kSeed), {}, 0xFF, kThreads},
                           {{}, Schedule::descending(), 0xFF, kBlocks},
                           {{}, Schedule::shuffle(kSeed), 0xFF, kBlocks},
                           {{}, {}, kOtherFill, kFill}};
  const Heap::Snapshot before = heap.snapshot();
  run_once(kernel, usual);
  const Heap::Snapshot expected = heap.snapshot();
  for (const Choice& other : others) {
    heap.restore(before);
    run_once(kernel, other);
    const Heap::Snapshot got = heap.snapshot();
    if (got == expected) continue;
    heap.restore(before);
    const std::int64_t block = other.varied == kBlocks ? first_writer(kernel, expected, got)
                                                       : first_different_block(kernel, usual, other);
    heap.restore(expected);
    fail("emu", "kernel " + kernel.name +
                    (block < 0 ? std::string()
                               : ", block " +
                                     index_str(block_index(kernel.grid, static_cast<std::uint64_t>(block)))) +
                    ": the result depends on the " + other.varied);
  }
}

const char* shape_problem(const dim3& grid, const dim3& block) {
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (threads == 0 || block_count(grid) == 0) return "an empty grid or block";
  if (threads > 1024 || block.x > 1024 || block.y > 1024 || block.z > 64)
    return "a block of more than 1024 threads, or more than 64 in z";
  if (grid.x > 0x7FFFFFFFu || grid.y > 65535 || grid.z > 65535)
    return "a grid of more than 2^31-1 blocks in x or 65535 in y or z";
  return nullptr;
}

}  // namespace

void run_kernel(const Kernel& kernel) {
  Runtime& runtime = Runtime::get();
  const Schedules& orders = runtime.orders;
  ++runtime.launches[kernel.name];
  if (runtime.verify && !AccessRecorder::current)
    run_verified(kernel);
  else
    run_once(kernel, {orders.threads, orders.blocks, 0xFF, "", orders.first_block, orders.first_thread});
}

void launch(CUstream_st* stream, const char* name, dim3 grid, dim3 block, std::function<void()> thread_body,
            const Arguments& arguments) {
  Runtime& runtime = Runtime::get();
  const Lock lock(runtime.mutex);
  if (const char* problem = shape_problem(grid, block)) {
    report(cudaErrorInvalidConfiguration, std::string("kernel ") + name + ": " + problem);
    return;
  }
  CUstream_st* queue = runtime.find(stream);
  if (!queue) {
    report(cudaErrorInvalidResourceHandle);
    return;
  }
  if (queue != runtime.default_stream && queue->device != current_device()) {
    report(cudaErrorInvalidResourceHandle, std::string("kernel ") + name + ": a stream of another device");
    return;
  }
  if (std::function<void()> other = ptx::other_form(name, block, arguments)) thread_body = std::move(other);
  auto kernel = std::make_shared<const Kernel>(Kernel{name, grid, block, std::move(thread_body)});
  runtime.submit(queue, [kernel] { run_kernel(*kernel); });
}

}  // namespace sumi::emu
