// What nvcc makes of a kernel, instruction by instruction (docs/learn/step-a-kernel.md): the PTX of
// examples/leaky_relu.cu runs on the emulated device, and one thread prints each line of the source,
// the instructions that it became, and what they wrote.
//
//   example_step_ptx [THREAD]     0 to 7; default 2
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/base/launch.h"
#include "kernels/emu/ptx/read.h"
#include "kernels/emu/ptx/witness.h"

using namespace sumi;
using namespace sumi::kernels;
namespace ptx = emu::ptx;

namespace {

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

// A written register by the type at the end of the instruction's name: "%f2 = -3".
std::string written(const ptx::Thread& thread, const ptx::Instruction& i) {
  if (i.written == 0) return {};
  const std::string& name = *i.name;
  const std::string type = name.substr(name.find_last_of('.') + 1);
  const std::uint32_t place = i.at[0];
  char value[40];
  if (name.starts_with("setp"))
    std::snprintf(value, sizeof value, "%s", thread.get<bool>(place) ? "true" : "false");
  else if (type == "f32")
    std::snprintf(value, sizeof value, "%g", static_cast<double>(thread.get<float>(place)));
  else if (type.ends_with("64") || name.find(".wide.") != std::string::npos)
    std::snprintf(value, sizeof value, "0x%llx",
                  static_cast<unsigned long long>(thread.get<std::uint64_t>(place)));
  else
    std::snprintf(value, sizeof value, "%d", thread.get<std::int32_t>(place));
  return thread.entry().place_names[place] + " = " + value;
}

std::string trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t");
  std::string text(begin == std::string_view::npos ? "" : line.substr(begin));
  for (char& c : text)
    if (c == '\t') c = ' ';
  return text;
}

}  // namespace

int main(int count, char** arguments) try {
  const auto chosen = count > 1 ? static_cast<unsigned>(std::strtoul(arguments[1], nullptr, 10)) : 2u;
  const std::string folder = SUMI_EXAMPLES;
  const std::vector<std::string> source = lines_of(folder + "/leaky_relu.cu");
  const auto module = ptx::read_module(folder + "/leaky_relu.ptx");
  const ptx::Entry& kernel = *module->entries.at("leaky_relu");

  std::uint32_t shown = 0;
  const ptx::Watch watch = [&](const ptx::Thread& thread, const ptx::Instruction& i, bool ran) {
    if (thread.index().x != chosen) return;
    if (i.source_line != shown && i.source_line <= source.size())
      std::printf("%2u %s\n", i.source_line, source[i.source_line - 1].c_str());
    shown = i.source_line;
    const std::string text = trimmed(module->lines[i.line - 1]);
    std::printf("      %-48s %s\n", text.c_str(), ran ? written(thread, i).c_str() : "does not run");
  };

  const std::vector<float> x = {4, 1, -3, 0, 2};  // five elements, eight threads
  std::vector<float> y(x.size());
  const std::size_t bytes = x.size() * sizeof(float);
  float *x_there = nullptr, *y_there = nullptr;
  SUMI_CUDA_CALL(cudaMalloc(reinterpret_cast<void**>(&x_there), bytes));
  SUMI_CUDA_CALL(cudaMalloc(reinterpret_cast<void**>(&y_there), bytes));
  SUMI_CUDA_CALL(cudaMemcpy(x_there, x.data(), bytes, cudaMemcpyHostToDevice));
  void (*const types)(int, float, const float*, float*) = nullptr;
  const std::tuple<int, float, const float*, float*> values(5, .2f, x_there, y_there);
  emu::launch(nullptr, "leaky_relu", 1, 8,
              ptx::thread_body(kernel, 8, emu::Arguments(types, values), &watch));
  SUMI_CUDA_CALL(cudaMemcpy(y.data(), y_there, bytes, cudaMemcpyDeviceToHost));
  std::printf("y =");
  for (const float v : y) std::printf(" %g", static_cast<double>(v));
  std::printf("\n");
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
