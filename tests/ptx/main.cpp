// Two programs in one. By default the tests of the PTX interpreter (tests/ptx). With SUMI_PTX, the
// folder that `scripts/compile_cuda.sh --ptx` fills, chosen tests of the kernels (tests/kernels):
// each launch on the emulated device runs the PTX of its kernel, and afterwards every kernel of the
// folder must have run. With an option as well, such as -tc=CASES, those cases run whole and
// nothing is counted.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "kernels/emu/ptx/witness.h"
#include "tests/support.h"

namespace {

namespace fs = std::filesystem;
using namespace sumi::emu::ptx;

constexpr int kSkipped = 77;  // for CTest
constexpr std::uint64_t kMostSteps = 400'000;

// These compare the bits of launches with each other, so all of them run from PTX.
constexpr char kWholeTests[] = "ladder: every variant of norm_stats,ladder: every variant of LeakyReLU*";
// The smallest cases come first in each table of tests/cases, and a kernel's launches run in C++
// once it has had its steps.
constexpr char kKernelTests[] =
    "*backends against the reference*,ladder: every variant of convolution is exact on small integers,"
    "gemm ladder: every variant is exact*,cast*,copy_box*,sum_squares*,count_nonfinite,pool_exchange*,"
    "upload_scalars*,float_to_u8*,u8_to_float: every "
    "level*,random*,fill*,wide wgrad: bf16*,norm_running*,clip_scale*,spectral_norm*,softmax*,cross_entropy*";
constexpr char kLeftOut[] = "conv*backends*,gemm: backends*";  // the ladders launch the same kernels

// Returns a line if a source of the kernels is newer than the PTX.
std::string stale(const fs::path& folder) {
  const char* root = std::getenv("SUMI_SOURCE_DIR");
  if (!root) return {};
  fs::file_time_type oldest = fs::file_time_type::max();
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".ptx") oldest = std::min(oldest, file.last_write_time());
  for (const char* room : {"kernels/cuda", "kernels/base"})
    for (const auto& file : fs::recursive_directory_iterator(fs::path(root) / room))
      if (file.is_regular_file() && file.path().extension() != ".cpp" && file.last_write_time() > oldest)
        return file.path().string() + " is newer than the PTX of " + folder.string() +
               "; run scripts/compile_cuda.sh --ptx " + folder.string();
  return {};
}

// The kernels of all modules, what of them has run, and those that have not.
int judge(const Modules& modules) {
  std::size_t kernels = 0, run = 0, instructions = 0, executed = 0;
  std::uint64_t steps = 0;
  for (const auto& [name, entry] : modules.entries()) {
    std::size_t own = 0;
    for (const bool done : entry->executed) own += done;
    ++kernels, run += own > 0, executed += own, instructions += entry->code.size(), steps += entry->steps;
    if (own == 0) std::printf("test_ptx: no test has launched %s\n", name.c_str());
    if (std::getenv("SUMI_PTX_REPORT"))
      std::printf("test_ptx: %5.1f %% of %5zu instructions, %10llu steps, %s\n",
                  100.0 * static_cast<double>(own) / static_cast<double>(entry->code.size()),
                  entry->code.size(), static_cast<unsigned long long>(entry->steps), name.c_str());
  }
  std::printf("test_ptx: %zu of %zu kernels and %zu of %zu instructions have run, %.1f million steps\n", run,
              kernels, executed, instructions, static_cast<double>(steps) / 1e6);
  return run == kernels ? 0 : 1;
}

// Runs the cases that match, with a witness.
int run(int count, char** arguments, const Modules& modules, std::uint64_t steps, const char* cases) {
  doctest::Context context(count, arguments);
  if (cases) context.addFilter("test-case", cases);
  if (cases) context.addFilter("test-case-exclude", kLeftOut);
  const WitnessScope witness(modules, steps);
  return context.run();
}

int test_kernels(int count, char** arguments, const std::string& folder) {
  if (const std::string line = stale(folder); !line.empty()) {
    std::printf("test_ptx: skipped, because %s\n", line.c_str());
    return kSkipped;
  }
  Modules modules;
  modules.read(folder);
  if (count > 1) return run(count, arguments, modules, 0, nullptr);  // the caller's choice of cases
  const int whole = run(count, arguments, modules, 0, kWholeTests);
  const int rest = run(count, arguments, modules, kMostSteps, kKernelTests);
  return whole != 0 || rest != 0 ? 1 : judge(modules);
}

}  // namespace

int main(int count, char** arguments) {
  const char* folder = std::getenv("SUMI_PTX");
  try {
    if (!folder) {
      doctest::Context context(count, arguments);
      context.addFilter("test-case", "ptx:*");
      return context.run();
    }
    if (!fs::is_directory(folder)) {
      std::printf(
          "test_ptx: skipped, because there is no folder %s; with nvcc: scripts/compile_cuda.sh --ptx %s\n",
          folder, folder);
      return kSkipped;
    }
    return test_kernels(count, arguments, folder);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "test_ptx: %s\n", error.what());
    return 1;
  }
}
