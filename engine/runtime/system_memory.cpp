#include "engine/runtime/system_memory.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace sumi {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

// The number after `word` in a file of "word number" lines; with an empty `word`, of a file with
// one number.
std::uint64_t number_in(const fs::path& path, const std::string& word) {
  std::ifstream file(path);
  std::uint64_t value = 0;
  if (word.empty()) return file >> value ? value : kNone;
  for (std::string name; file >> name; file.ignore(std::numeric_limits<std::streamsize>::max(), '\n'))
    if (name == word && file >> value) return value;
  return kNone;
}

// The memory that one control group leaves. Its page cache is reclaimable.
std::uint64_t left_in(const fs::path& group, const char* limit, const char* used, const char* cache) {
  const std::uint64_t most = number_in(group / limit, ""), now = number_in(group / used, "");
  if (most == kNone || now == kNone) return kNone;  // "max" is not a number
  const std::uint64_t cached = number_in(group / "memory.stat", cache);
  const std::uint64_t needed = now - std::min(now, cached == kNone ? 0 : cached);
  return most - std::min(most, needed);
}

// Version 2: the group and all its ancestors.
std::uint64_t left_in_groups() {
  const fs::path root = "/sys/fs/cgroup";
  std::ifstream file("/proc/self/cgroup");
  std::string line, own;
  while (std::getline(file, line))
    if (line.starts_with("0::/")) own = line.substr(4);
  std::uint64_t left = left_in(root / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                               "total_inactive_file");  // version 1
  for (fs::path group = own;; group = group.parent_path()) {
    left = std::min(left, left_in(root / group, "memory.max", "memory.current", "inactive_file"));
    if (group.empty()) return left;
  }
}

}  // namespace

std::uint64_t available_host_memory() {
  const std::uint64_t kib = number_in("/proc/meminfo", "MemAvailable:");
  const std::uint64_t machine = kib == kNone ? kNone : kib * 1024;
  const std::uint64_t left = std::min(machine, left_in_groups());
  return left == kNone ? 0 : std::max<std::uint64_t>(left, 1);
}

}  // namespace sumi
