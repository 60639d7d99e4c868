#include "kernels/emu/access_recorder.h"

#include <algorithm>

#include "kernels/emu/heap.h"

namespace sumi::emu {
namespace {

constexpr std::uintptr_t kSector = 32, kWord = 4, kBanks = 32;

}  // namespace

AccessRecorder* AccessRecorder::current = nullptr;

std::vector<std::uint64_t> AccessRecorder::begin_launch(const Kernel& kernel, std::uint64_t count) {
  launches_.push_back({.kernel = kernel.name, .grid = kernel.grid, .block = kernel.block, .blocks = count});
  last_.assign(std::size_t{kernel.block.x} * kernel.block.y * kernel.block.z, {});
  std::vector<std::uint64_t> chosen;
  if (most_blocks_ == 0 || count <= most_blocks_) return chosen;
  for (std::uint64_t i = 0; i < most_blocks_; ++i) chosen.push_back(i * count / most_blocks_);
  return chosen;
}

void AccessRecorder::note(const Block& block, const void* address, std::size_t bytes, bool write,
                          const void* pc) {
  const bool shared = block.is_shared(address);
  // thread-private memory: registers, arguments, its stack
  if (!shared && !Heap::get().contains(address)) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  const std::size_t thread = block.current_thread(), lane = thread % 32;
  Last& last = last_[thread];
  if (last.site && last.end == begin && last.pc != pc && last.site->shared == shared &&
      last.site->write == write && (last.begin & ~std::uintptr_t{15}) == (begin & ~std::uintptr_t{15})) {
    last.site->requests[last.request].bytes[lane] += static_cast<std::uint8_t>(bytes);
    last.end += bytes;
    last.pc = pc;
    return;
  }
  const std::uint64_t key =
      reinterpret_cast<std::uintptr_t>(pc) * 256 + (thread / 32) * 4 + (shared ? 2 : 0) + write;
  Site& site = sites_[key];
  site.shared = shared, site.write = write;
  const std::size_t request = site.times[lane]++;
  if (request == site.requests.size()) site.requests.emplace_back();
  Request& r = site.requests[request];
  r.address[lane] = begin;
  r.bytes[lane] = static_cast<std::uint8_t>(std::min<std::size_t>(bytes, 255));
  r.lanes |= 1U << lane;
  last = {&site, pc, request, begin, begin + bytes};
}

void AccessRecorder::end_block(const Block& block) {
  LaunchAccesses& launch = launches_.back();
  for (const auto& [key, site] : sites_)
    for (const Request& request : site.requests) {
      if (site.shared)
        close_shared(request, site.write);
      else
        close(request, site.write);
    }
  ++launch.counted;
  launch.block_sectors += sectors_.size();
  launch.shared_bytes = std::max(launch.shared_bytes, block.shared_bytes());
  sites_.clear();
  sectors_.clear();
  std::fill(last_.begin(), last_.end(), Last{});
}

void AccessRecorder::close(const Request& request, bool write) {
  std::array<std::pair<std::uintptr_t, std::uintptr_t>, 32> ranges;  // of bytes: begin, end
  std::size_t count = 0;
  for (std::size_t lane = 0; lane < 32; ++lane)
    if (request.lanes >> lane & 1)
      ranges[count++] = {request.address[lane], request.address[lane] + request.bytes[lane]};
  std::sort(ranges.begin(), ranges.begin() + static_cast<std::ptrdiff_t>(count));
  std::uintptr_t bytes = 0, reached = 0, next_sector = 0;
  AccessCounts counts{.requests = 1};
  for (std::size_t i = 0; i < count; ++i) {
    const auto [begin, end] = ranges[i];
    if (end > reached) bytes += end - std::max(begin, reached), reached = end;
    for (std::uintptr_t sector = std::max(begin / kSector, next_sector); sector * kSector < end; ++sector) {
      ++counts.transactions;
      sectors_.insert(sector);
      next_sector = sector + 1;
    }
  }
  counts.ideal = (bytes + kSector - 1) / kSector;
  LaunchAccesses& launch = launches_.back();
  (write ? launch.writes : launch.reads).add(counts);
}

void AccessRecorder::close_shared(const Request& request, bool write) {
  std::uint8_t widest = 0;
  for (std::size_t lane = 0; lane < 32; ++lane)
    if (request.lanes >> lane & 1) widest = std::max(widest, request.bytes[lane]);
  // 128 bytes at a time: a warp of 8-byte lanes is split into two halves, of 16-byte lanes into
  // four quarters.
  const std::size_t parts = widest <= 4 ? 1 : widest <= 8 ? 2 : 4, lanes = 32 / parts;
  AccessCounts counts{.requests = 1};
  for (std::size_t part = 0; part < parts; ++part) {
    std::vector<std::uintptr_t> words;
    for (std::size_t lane = part * lanes; lane < (part + 1) * lanes; ++lane) {
      if (!(request.lanes >> lane & 1)) continue;
      const std::uintptr_t end = request.address[lane] + request.bytes[lane];
      for (std::uintptr_t word = request.address[lane] / kWord; word * kWord < end; ++word)
        words.push_back(word);
    }
    if (words.empty()) continue;
    std::sort(words.begin(), words.end());
    words.erase(std::unique(words.begin(), words.end()), words.end());
    std::array<std::uint64_t, kBanks> wanted{};
    for (const std::uintptr_t word : words) ++wanted[word % kBanks];
    counts.transactions += *std::max_element(wanted.begin(), wanted.end());
    counts.ideal += (words.size() + kBanks - 1) / kBanks;
  }
  LaunchAccesses& launch = launches_.back();
  (write ? launch.shared_writes : launch.shared_reads).add(counts);
}

}  // namespace sumi::emu
