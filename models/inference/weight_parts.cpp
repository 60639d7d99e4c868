#include "models/inference/weight_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <vector>

#include "engine/error.h"

namespace sumi {
namespace {

struct WeightPart {
  std::string dictionary, prefix;
  // As --net-key names it; "" for a whole flat file.
  std::string key() const { return prefix.empty() ? dictionary : prefix.substr(0, prefix.size() - 1); }
};

// First parts of the names of the chosen dictionary, if every name has several parts: {"netG.",
// "netD."}.
std::vector<std::string> prefixes_of(const WeightFile& file) {
  constexpr std::size_t kMost = 16;  // networks
  std::map<std::string, int> counts;
  for (const WeightFile::Entry& entry : file.entries()) {
    const std::size_t dot = entry.name.find('.');
    if (dot == std::string::npos) return {};
    ++counts[entry.name.substr(0, dot + 1)];
  }
  std::vector<std::string> prefixes;
  if (counts.size() > 1 && counts.size() <= kMost)
    for (const auto& [prefix, count] : counts)
      if (count > 1) prefixes.push_back(prefix);
  return prefixes;
}

// Dictionaries first, then prefixes.
std::vector<std::vector<WeightPart>> parts_of(WeightFile& file) {
  std::vector<std::vector<WeightPart>> parts(2);
  for (const std::string& dictionary : file.dictionaries()) {
    parts[0].push_back({dictionary, ""});
    file.choose(dictionary);
    for (const std::string& prefix : prefixes_of(file)) parts[1].push_back({dictionary, prefix});
  }
  return parts;
}

std::string keys_of(const std::vector<WeightPart>& parts) {
  constexpr std::size_t kShown = 8;
  std::vector<std::string> keys;
  for (const WeightPart& part : parts)
    if (!part.key().empty() && std::find(keys.begin(), keys.end(), part.key()) == keys.end())
      keys.push_back(part.key());
  const std::size_t count = keys.size();
  keys.resize(std::min(count, kShown));
  return fmt::format("{}{}", fmt::join(keys, ", "),
                     count > kShown ? fmt::format(" and {} more", count - kShown) : "");
}

bool has_key(const WeightPart& part, const std::string& key) {
  return part.key() == key || part.dictionary == key ||
         (part.prefix.empty() && part.dictionary.ends_with("." + key));
}

}  // namespace

bool choose_part(WeightFile& file, const std::string& path, const std::string& key,
                 const std::function<bool()>& fits) {
  const auto parts = parts_of(file);
  std::vector<WeightPart> named = parts[0];
  named.insert(named.end(), parts[1].begin(), parts[1].end());
  const bool known =
      std::any_of(named.begin(), named.end(), [&](const WeightPart& p) { return has_key(p, key); });
  if (!key.empty() && !known)
    fail("weights " + path,
         fmt::format("has no dictionary '{}'; --net-key takes one of: {}", key,
                     keys_of(named).empty() ? "none, its names are flat" : keys_of(named)));
  for (const auto& kind : parts) {
    std::vector<WeightPart> found;
    for (const WeightPart& part : kind) {
      if (!key.empty() && !has_key(part, key)) continue;
      file.choose(part.dictionary, part.prefix);
      if (fits()) found.push_back(part);
    }
    if (found.size() > 1)
      fail("weights " + path,
           fmt::format("holds several networks that fit: choose one by --net-key: {}", keys_of(found)));
    if (found.empty()) continue;
    file.choose(found[0].dictionary, found[0].prefix);
    return true;
  }
  for (const WeightPart& part : named) {
    if (!key.empty() && !has_key(part, key)) continue;
    file.choose(part.dictionary, part.prefix);
    break;
  }
  return false;
}

}  // namespace sumi
