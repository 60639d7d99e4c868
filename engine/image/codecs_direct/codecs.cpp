// Opens the codec module, or calls it if it is linked in (SUMI_CODECS_MODULE=OFF).
#include "engine/image/codecs.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>
#include <vector>

namespace sumi::io {
#ifndef SUMI_CODECS_FILE
const Codecs& codecs() {
  return *sumi_codecs();
}
#else
namespace {
namespace fs = std::filesystem;

constexpr const char* kVariable = "SUMI_CODECS";

// `where` is " FILE", or "".
[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw CodecsUnavailable("[codecs" + where + "] " + what);
}

// Candidate locations of the module, best first. The last has no folder: the loader searches the
// RUNPATH.
std::vector<std::string> places() {
  if (const char* given = std::getenv(kVariable); given != nullptr && *given != '\0')
    return {fs::absolute(given).string()};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {SUMI_CODECS_FILE};
  return {(program / SUMI_CODECS_FILE).string(),
          (program / SUMI_CODECS_DIR / SUMI_CODECS_FILE).lexically_normal().string(), SUMI_CODECS_FILE};
}

struct Opened {
  void* handle;
  std::string file;
};

Opened open_module() {
  std::string looked_for;
  for (const std::string& file : places()) {
    const bool has_folder = file.find('/') != std::string::npos;
    std::error_code error;
    if (has_folder && !fs::exists(file, error)) {
      looked_for += (looked_for.empty() ? "" : " and no ") + file;
      continue;
    }
    if (void* handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL)) return {handle, file};
    const std::string reason = ::dlerror();
    // not in the RUNPATH
    if (!has_folder && reason.starts_with(SUMI_CODECS_FILE ": cannot open")) continue;
    refuse(" " + file, fmt::format("cannot be loaded: {}; install the libraries that third_party/install.sh "
                                   "lists, or sumi again",
                                   reason));
  }
  refuse("", fmt::format("there is no {}, without which only PNG, JPEG and BMP are read and written; install "
                         "sumi again, or set {} to where {} is",
                         looked_for, kVariable, SUMI_CODECS_FILE));
}

const Codecs& load() {
  const auto [handle, file] = open_module();
  const auto entry = reinterpret_cast<decltype(&sumi_codecs)>(::dlsym(handle, "sumi_codecs"));
  if (entry == nullptr)
    refuse(" " + file, fmt::format("is not sumi's module; set {} to where {} is, or to nothing", kVariable,
                                   SUMI_CODECS_FILE));
  const Codecs* table = entry();
  if (std::strcmp(table->stamp, SUMI_CODECS_STAMP) != 0)
    refuse(" " + file,
           fmt::format("belongs to another build of sumi ({}, not {}); build or install both together",
                       table->stamp, SUMI_CODECS_STAMP));
  return *table;
}

}  // namespace

const Codecs& codecs() {
  static const Codecs& table = load();  // retried at the next call if it throws
  return table;
}
#endif

}  // namespace sumi::io
