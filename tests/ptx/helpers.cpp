#include "tests/ptx/helpers.h"

#include <bit>

#include "kernels/emu/ptx/read.h"

namespace test_ptx {

std::string kernel_text(const std::string& body, const std::string& parameters) {
  return ".version 9.0\n.target sm_80\n.address_size 64\n.visible .entry k(" + parameters +
         ")\n{\n.reg .pred %p<40>; .reg .b16 %rs<40>; .reg .b32 %r<40>; .reg .b64 %rd<40>; .reg .f32 %f<40>; "
         ".reg .f64 %fd<40>;\n" +
         body + "\nret;\n}\n";
}

void run_text(const std::string& text, dim3 grid, dim3 block, const std::vector<std::uint64_t>& arguments) {
  const std::unique_ptr<Module> module = parse(text, "test.ptx");
  sumi::emu::Arguments all;
  all.bytes.resize(8 * arguments.size());
  if (!arguments.empty()) std::memcpy(all.bytes.data(), arguments.data(), all.bytes.size());
  for (std::size_t n = 0; n < arguments.size(); ++n) all.parts.push_back({8 * n, 8});
  sumi::emu::launch(nullptr, "k", grid, block, thread_body(*module->entries.at("k"), block, all));
  cudaDeviceSynchronize();
}

std::uint64_t result_of(const std::string& body, std::uint64_t parameter) {
  OnDevice<std::uint64_t> out(1);
  run_text(kernel_text("ld.param.u64 %rd39, [out];\nld.param.u64 %rd1, [in];\n" + body +
                           "\nst.global.u64 [%rd39], %rd0;",
                       ".param .u64 out, .param .u64 in"),
           1, 1, {reinterpret_cast<std::uint64_t>(out.get()), parameter});
  return out.read()[0];
}

std::uint64_t word_of(const std::string& body, const std::string& result) {
  std::string type = "b32";
  if (result.starts_with("%rd") || result.starts_with("%fd")) type = "b64";
  if (result.starts_with("%rs")) return result_of(body + "\ncvt.u64.u16 %rd0, " + result + ";");
  if (result.starts_with("%p")) return result_of(body + "\nselp.b64 %rd0, 1, 0, " + result + ";");
  if (type == "b64") return result_of(body + "\nmov.b64 %rd0, " + result + ";");
  return result_of(body + "\nmov.b32 %r39, " + result + ";\ncvt.u64.u32 %rd0, %r39;");
}

float float_of(const std::string& body, const std::string& result) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(word_of(body, result)));
}

}  // namespace test_ptx
