#include "kernels/emu/ptx/witness.h"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>

#include "kernels/base/check.h"
#include "kernels/emu/ptx/read.h"

namespace sumi::emu::ptx {
namespace {

struct Witness {
  const Modules& modules;
  std::uint64_t most_steps;
  Watch watch;
};
std::unique_ptr<Witness> witness;

// The mangled name of a function, "" if the program does not export it.
std::string symbol_of(const void* function) {
  Dl_info info{};
  if (dladdr(function, &info) == 0 || !info.dli_sname || info.dli_saddr != function) return {};
  return info.dli_sname;
}

}  // namespace

void Modules::add(std::unique_ptr<Module> module) {
  for (const auto& [name, entry] : module->entries) entries_.emplace(name, entry.get());
  modules_.push_back(std::move(module));
}

void Modules::read(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return add(read_module(path));
  std::vector<std::string> files;
  for (const auto& file : std::filesystem::directory_iterator(path))
    if (file.path().extension() == ".ptx") files.push_back(file.path());
  if (files.empty()) fail(path, "no .ptx file; make them with scripts/compile_cuda.sh --ptx " + path);
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) add(read_module(file));
}

const Entry* Modules::find(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second;
}

WitnessScope::WitnessScope(const Modules& modules, std::uint64_t most_steps, Watch watch) {
  if (witness) fail("emu", "a second WitnessScope");
  witness = std::make_unique<Witness>(Witness{modules, most_steps, std::move(watch)});
}
WitnessScope::~WitnessScope() {
  witness.reset();
}

std::function<void()> thread_body(const Entry& entry, const dim3& block, const Arguments& arguments,
                                  const Watch* watch) {
  const auto refuse = [&](const std::string& what) { fail("emu", "the PTX of " + entry.name + " " + what); };
  const std::uint64_t threads = std::uint64_t{block.x} * block.y * block.z;
  if (threads > entry.most_threads)
    refuse("is for at most " + std::to_string(entry.most_threads) + " threads a block, not " +
           std::to_string(threads));
  if (arguments.parts.size() != entry.parameters.size())
    refuse("has " + std::to_string(entry.parameters.size()) + " parameters, the launch " +
           std::to_string(arguments.parts.size()) + " arguments");
  for (std::size_t n = 0; n < entry.parameters.size(); ++n) {
    const Parameter& parameter = entry.parameters[n];
    const Arguments::Part& part = arguments.parts[n];
    if (part.bytes != parameter.bytes || part.offset != parameter.offset)
      refuse("has parameter " + std::to_string(n) + " of " + std::to_string(parameter.bytes) + " bytes at " +
             std::to_string(parameter.offset) + ", the launch passes " + std::to_string(part.bytes) + " at " +
             std::to_string(part.offset));
  }
  // 8-byte words, so that parameters are as aligned as their offsets
  auto bytes = std::make_shared<std::vector<std::uint64_t>>((arguments.bytes.size() + 7) / 8);
  if (!arguments.bytes.empty()) std::memcpy(bytes->data(), arguments.bytes.data(), arguments.bytes.size());
  return [&entry, bytes, watch] {
    Thread(entry, reinterpret_cast<const std::byte*>(bytes->data()), watch).run();
  };
}

std::function<void()> other_form(const char* name, const dim3& block, const Arguments& arguments) {
  if (!witness || !arguments.function) return {};
  const std::string symbol = symbol_of(arguments.function);
  const Entry* entry = witness->modules.find(symbol);
  if (!entry)
    fail("emu", std::string("kernel ") + name +
                    (symbol.empty() ? " has no symbol, so its PTX cannot be found; link with ENABLE_EXPORTS"
                                    : " has no PTX: no module has " + symbol));
  if (witness->most_steps > 0 && entry->steps > witness->most_steps) return {};
  return thread_body(*entry, block, arguments, witness->watch ? &witness->watch : nullptr);
}

}  // namespace sumi::emu::ptx
