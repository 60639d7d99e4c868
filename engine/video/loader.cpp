#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "engine/video/video_module.h"

namespace sumi::video {
namespace {

#ifdef SUMI_VIDEO_FILE
namespace fs = std::filesystem;

constexpr const char* kVideoVariable = "SUMI_VIDEO";

[[noreturn]] void refuse_module(const std::string& where, const std::string& what) {
  throw VideoUnavailable("[video" + where + "] " + what);
}

// Where the module may be, best first. The last has no folder: the loader takes it from the
// RUNPATH.
std::vector<std::string> module_places() {
  if (const char* given = std::getenv(kVideoVariable); given != nullptr && *given != '\0')
    return {fs::absolute(given).string()};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {SUMI_VIDEO_FILE};
  return {(program / SUMI_VIDEO_FILE).string(),
          (program / SUMI_VIDEO_DIR / SUMI_VIDEO_FILE).lexically_normal().string(), SUMI_VIDEO_FILE};
}

const VideoModule& load_module() {
  for (const std::string& file : module_places()) {
    std::error_code error;
    const bool has_folder = file.find('/') != std::string::npos;
    if (has_folder && !fs::exists(file, error)) continue;
    void* handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr && !has_folder) continue;
    if (handle == nullptr)
      refuse_module(
          " " + file,
          fmt::format("cannot be loaded: {}; install the libraries that third_party/install.sh lists",
                      ::dlerror()));
    const auto entry = reinterpret_cast<decltype(&sumi_video)>(::dlsym(handle, "sumi_video"));
    if (entry == nullptr) refuse_module(" " + file, "is not sumi's module");
    if (std::strcmp(entry()->stamp, SUMI_VIDEO_STAMP) != 0)
      refuse_module(" " + file, "belongs to another build of sumi; build or install both together");
    return *entry();
  }
  refuse_module("", fmt::format("there is no {}; install sumi again, or set {} to where it is",
                                SUMI_VIDEO_FILE, kVideoVariable));
}
#endif

}  // namespace

const VideoModule& video_module() {
#ifdef SUMI_VIDEO_FILE
  static const VideoModule& module = load_module();  // again at the next call when it throws
  return module;
#else
  throw VideoUnavailable("[video] this build of sumi was made with SUMI_VIDEO=OFF and reads no clips");
#endif
}

}  // namespace sumi::video
