#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "engine/image/faces/face_finder.h"

namespace sumi::faces {
namespace {

namespace fs = std::filesystem;

#ifdef SUMI_FACES_FILE
constexpr const char* kVariable = "SUMI_FACES";

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw FacesUnavailable("[faces" + where + "] " + what);
}

// Where the module may lie, best first. The last has no folder: the loader takes it from the
// RUNPATH.
std::vector<std::string> places() {
  if (const char* given = std::getenv(kVariable); given != nullptr && *given != '\0')
    return {fs::absolute(given).string()};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {SUMI_FACES_FILE};
  return {(program / SUMI_FACES_FILE).string(),
          (program / SUMI_FACES_DIR / SUMI_FACES_FILE).lexically_normal().string(), SUMI_FACES_FILE};
}

const FaceFinder& load() {
  for (const std::string& file : places()) {
    std::error_code error;
    const bool has_folder = file.find('/') != std::string::npos;
    if (has_folder && !fs::exists(file, error)) continue;
    void* handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr && !has_folder) continue;
    if (handle == nullptr)
      refuse(" " + file,
             fmt::format("cannot be loaded: {}; install the libraries that third_party/install.sh lists",
                         ::dlerror()));
    const auto entry = reinterpret_cast<decltype(&sumi_faces)>(::dlsym(handle, "sumi_faces"));
    if (entry == nullptr) refuse(" " + file, "is not sumi's module");
    if (std::strcmp(entry()->stamp, SUMI_FACES_STAMP) != 0)
      refuse(" " + file, "belongs to another build of sumi; build or install both together");
    return *entry();
  }
  refuse("", fmt::format("there is no {}; install sumi again, or set {} to where it is", SUMI_FACES_FILE,
                         kVariable));
}
#endif

}  // namespace

const FaceFinder& face_finder() {
#ifdef SUMI_FACES_FILE
  static const FaceFinder& finder = load();  // again at the next call when it throws
  return finder;
#else
  throw FacesUnavailable("[faces] this build of sumi was made with SUMI_FACES=OFF");
#endif
}

}  // namespace sumi::faces
