// Modules that are opened when first needed, so that the libraries behind them do not slow the
// program's start: sumi_faces.so, sumi_video.so, sumi_page.so.
#pragma once

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "engine/error.h"

namespace sumi {

struct ModuleFile {
  const char* name;      // in errors: "faces"
  const char* variable;  // environment variable with the path of another file
  const char* file;      // "sumi_faces.so"
  const char* folder;    // of an installation, relative to the program
  const char* symbol;    // its only function
};

// The locations of the module, best first. The last has no folder: the loader searches the RUNPATH.
inline std::vector<std::string> module_places(const ModuleFile& module) {
  namespace fs = std::filesystem;
  if (const char* given = std::getenv(module.variable); given != nullptr && *given != '\0')
    return {fs::absolute(given).string()};
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {module.file};
  return {(program / module.file).string(),
          (program / module.folder / module.file).lexically_normal().string(), module.file};
}

// Returns the module's table, whose member `stamp` must equal `stamp`. Failure is thrown for a
// module that is missing, does not load or belongs to another build.
template <class Failure, class Table>
const Table& load_module(const ModuleFile& module, const std::string& stamp) {
  const auto refuse = [&](const std::string& where, const std::string& what) {
    throw Failure("[" + (module.name + where) + "] " + what);
  };
  for (const std::string& file : module_places(module)) {
    std::error_code error;
    const bool has_folder = file.find('/') != std::string::npos;
    if (has_folder && !std::filesystem::exists(file, error)) continue;
    void* handle = ::dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr && !has_folder) continue;
    if (handle == nullptr)
      refuse(" " + file, std::string("cannot be loaded: ") + ::dlerror() +
                             "; install the libraries that third_party/install.sh lists");
    const auto entry = reinterpret_cast<const Table* (*)()>(::dlsym(handle, module.symbol));
    if (entry == nullptr) refuse(" " + file, "is not sumi's module");
    if (entry()->stamp != stamp)
      refuse(" " + file, "belongs to another build of sumi; build or install both together");
    return *entry();
  }
  refuse("", std::string("there is no ") + module.file + "; install sumi again, or set " + module.variable +
                 " to where it is");
  std::abort();  // not reached
}

}  // namespace sumi
