#include "bench/kernel_resources.h"

#include <cxxabi.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <ostream>
#include <regex>
#include <set>
#include <vector>

namespace sumi::bench {
namespace {

namespace fs = std::filesystem;

// "void sumi::kernels::cuda::conv_fprop_naive<float>(...)" -> "conv_fprop_naive<float>".
std::string short_name(const std::string& mangled) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> text(
      abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status), free);
  std::string name = status == 0 ? text.get() : mangled;
  for (const char* space : {"sumi::kernels::cuda::", "sumi::", "(anonymous namespace)::", "void "})
    for (std::size_t at; (at = name.find(space)) != std::string::npos;)
      name.erase(at, std::string(space).size());
  for (int m = 0; m < 4; ++m) {  // replaces an enumerator's number by its name
    const std::string number = "(Multiply)" + std::to_string(m);
    for (std::size_t at; (at = name.find(number)) != std::string::npos;)
      name.replace(at, number.size(), name_of(static_cast<MatmulPrecision>(m)));
  }
  int depth = 0;  // the arguments begin at the first parenthesis outside < >
  for (std::size_t i = 0; i < name.size(); ++i) {
    depth += name[i] == '<' ? 1 : name[i] == '>' ? -1 : 0;
    if (name[i] == '(' && depth == 0) return name.substr(0, i);
  }
  return name;
}

std::string output_of(const std::string& command, int& status) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  std::array<char, 4096> part;
  while (pipe && fgets(part.data(), part.size(), pipe.get())) text += part.data();
  status = pipe ? 0 : 1;
  return text;
}

// The location of an operation's kernels: a folder of variants, or files of that name. Operations
// that are not listed here are unary or activations.
std::string place_of(const std::string& op) {
  static const std::map<std::string, std::vector<std::string>> places{
      {"conv", {"conv", "conv_transpose"}},
      {"gemm", {"dense"}},
      {"norm", {"batch_norm", "instance_norm", "layer_norm"}},
      {"film", {"film"}},
      {"elementwise",
       {"add", "sub", "mul", "div", "maximum", "minimum", "affine", "fill", "copy_box", "cast"}},
      {"reduce", {"sum_to", "sum_squares", "count_nonfinite"}},
      {"pad", {"pad"}},
      {"resize", {"resize"}},
      {"pool", {"avg_pool", "max_pool"}},
      {"loss", {"bce_logits", "squared", "l1", "linear", "hinge", "huber"}},
      {"softmax", {"softmax", "cross_entropy"}},
      {"gaussian_loss", {"gaussian_nll", "gaussian_kl"}},
      {"image_loss", {"total_variation", "color_loss"}},
      {"color", {"rgb_to_lab", "rgb_to_yuv"}},
      {"optim", {"adam", "adamw", "rmsprop", "clip_scale"}},
      {"spectral_norm", {"spectral_norm"}},
      {"replay_buffer", {"pool_exchange"}},
      {"random", {"uniform", "normal", "bernoulli"}},
      {"image_u8", {"u8_to_float", "float_to_u8"}},
      {"upload_scalars", {"upload_scalars"}}};
  for (const auto& [place, ops] : places)
    if (std::find(ops.begin(), ops.end(), op) != ops.end()) return place;
  return "unary";
}

// The sources of the kernels that operations launch.
std::set<fs::path> sources_of(const std::vector<std::string>& ops, const fs::path& cuda) {
  std::set<fs::path> sources;
  for (const std::string& op : ops) {
    const std::string place = place_of(op);
    for (const auto& entry : fs::recursive_directory_iterator(cuda)) {
      const fs::path& path = entry.path();
      if (path.extension() != ".cu") continue;
      const std::string stem = path.stem();
      if (op == "all" || op == "memory" || path.parent_path().filename() == place || stem == place ||
          (place == "norm" && stem.starts_with("norm_")))
        sources.insert(path);
    }
  }
  return sources;
}

// Threads per block: the kernels of kernels/cuda/product have 128, elementwise ones 256.
int threads_of(const std::string& kernel) {
  return kernel.starts_with("product_") ? 128 : 256;
}

struct Limits {
  int threads, blocks, shared;  // per multiprocessor
};
Limits limits_of(int capability) {
  if (capability == 80) return {2048, 32, 164 << 10};
  if (capability >= 90 && capability < 120) return {2048, 32, 228 << 10};
  return {1536, capability == 86 ? 16 : 24, 100 << 10};
}

}  // namespace

std::vector<KernelResources> parse_resources(const std::string& text) {
  static const std::regex function("(?:Function properties for|Compiling entry function '?)\\s*([\\w$]+)");
  static const std::regex spills("(\\d+) bytes spill stores, (\\d+) bytes spill loads");
  static const std::regex used("Used (\\d+) registers(?:.*?(\\d+) bytes smem)?");
  std::vector<KernelResources> found;
  std::string name;
  int spilled = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    std::smatch match;
    if (std::regex_search(line, match, function)) name = match[1];
    if (std::regex_search(line, match, spills)) spilled = std::stoi(match[1]) + std::stoi(match[2]);
    if (!std::regex_search(line, match, used)) continue;
    found.push_back(
        {short_name(name), std::stoi(match[1]), match[2].matched ? std::stoi(match[2]) : 0, spilled});
    spilled = 0;
  }
  return found;
}

double occupancy(const KernelResources& kernel, int threads, int capability) {
  const Limits limits = limits_of(capability);
  const int warps = (threads + 31) / 32;
  // Registers are allocated to warps in units of 256, of 65536 per multiprocessor; each block also
  // uses 1 KiB of shared memory.
  const int a_warp = (std::max(kernel.registers, 1) * 32 + 255) / 256 * 256;
  const int blocks = std::min({limits.blocks, limits.threads / (warps * 32), 65536 / a_warp / warps,
                               limits.shared / (kernel.shared + 1024)});
  return static_cast<double>(blocks * warps * 32) / limits.threads;
}

void print_resources(const std::vector<std::string>& ops, const Gpu& gpu, std::ostream& out) {
  const char* chosen = getenv("SUMI_SOURCE_DIR");
  const fs::path root = chosen ? chosen : SUMI_SOURCE_ROOT;
  if (!fs::exists(root / "kernels/cuda"))
    fail("--ptxas", "sumi's sources are not in " + root.string() + "; set SUMI_SOURCE_DIR");
  int status = 0;
  if (output_of("command -v nvcc", status).empty()) fail("--ptxas", "there is no nvcc on the PATH");
  out << "\nptxas for " << gpu.name << " (sm_" << gpu.capability << (gpu.capability == 90 ? "a" : "")
      << ")\n";
  out << fmt::format("  {:<72} {:>9} {:>8} {:>8} {:>8} {:>12}\n", "kernel", "registers", "shared", "spilled",
                     "threads", "occupancy%");
  std::set<std::string> shown;
  for (const fs::path& source : sources_of(ops, root / "kernels/cuda")) {
    const std::string text = output_of(
        fmt::format("cd '{}' && nvcc -DSUMI_CUDA=1 -I. -std=c++20 --expt-relaxed-constexpr -arch=sm_{}{} "
                    "--resource-usage "
                    "-cubin -o /dev/null '{}' 2>&1",
                    root.string(), gpu.capability, gpu.capability == 90 ? "a" : "", source.string()),
        status);
    const std::vector<KernelResources> kernels = parse_resources(text);
    if (kernels.empty() && text.find("error") != std::string::npos)
      out << "  " << source.filename().string() << ": nvcc said " << printable(text.substr(0, 200)) << "\n";
    for (const KernelResources& k : kernels)
      if (shown.insert(k.name).second)  // some are in several sources
        out << fmt::format("  {:<72} {:>9} {:>8} {:>8} {:>8} {:>12.0f}\n", k.name, k.registers, k.shared,
                           k.spilled, threads_of(k.name),
                           100 * occupancy(k, threads_of(k.name), gpu.capability));
    out.flush();
  }
  out << "  registers of a thread; shared bytes of a block; occupancy: of the multiprocessor's threads, in "
         "blocks of so many\n";
}

}  // namespace sumi::bench
