#include "engine/device.h"

#include <fmt/format.h>
#include <omp.h>

#include <fstream>
#include <thread>

#include "kernels/build.h"

namespace sumi {
namespace {

struct HostExecs {
  Scratch cpu_scratch, ref_scratch;
  Exec cpu{Device{Device::Kind::cpu, 0}, &cpu_scratch, nullptr};
  Exec ref{Device{Device::Kind::ref, 0}, &ref_scratch, nullptr};
};

HostExecs& host_execs() {
  thread_local HostExecs execs;
  return execs;
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "processor";
}

const char* instruction_set() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
  return "SSE2";
#else
  return "generic";
#endif
}

}  // namespace

Device parse_device(const std::string& name) {
  if (name == "cpu") return {Device::Kind::cpu, 0};
  if (name == "ref") return {Device::Kind::ref, 0};
  if (name.starts_with("cuda"))
    fail("device",
         "this build of sumi has no CUDA device; use --device cpu (sumi devices lists what there is)");
  fail("device", "unknown device '" + name + "'; use cpu or ref (sumi devices lists them)");
}

DType parse_dtype(const std::string& name) {
  if (name == "f32") return DType::f32;
  if (name == "bf16") return DType::bf16;
  if (name == "f64") return DType::f64;
  fail("dtype", "unknown type '" + name + "'; use f32, bf16 or f64");
}

const Exec& exec_on(const Device& device) {
  if (device.is_cpu()) return host_execs().cpu;
  if (device.is_ref()) return host_execs().ref;
  fail("device", "this build of sumi has no device " + device.str());
}

void set_threads(int count) {
  if (count < 0) fail("threads", "the number of threads must be 0 (all) or more");
  omp_set_num_threads(count > 0 ? count : omp_get_num_procs());
}

int threads() {
  return omp_get_max_threads();
}

std::string compute_signature(const Device& device) {
  if (!device.is_cpu()) return device.str();
  return fmt::format("cpu, {}, {}", instruction_set(), kernels::cpu_library());
}

std::vector<DeviceInfo> list_devices() {
  return {
      {"cpu", fmt::format("{}, {}, {}, {} threads; f32, bf16", cpu_model(), instruction_set(),
                          kernels::cpu_library(), threads())},
      {"ref",
       "the reference backend: plain loops on one thread, f32, bf16 and f64; for checking, not for speed"}};
}

void set_kernel_log(KernelLog* log) {
  host_execs().cpu.log = log;
  host_execs().ref.log = log;
}

}  // namespace sumi
