#include "engine/runtime/device.h"

#include <fmt/format.h>
#include <fstream>
#include <map>
#include <memory>

#include "engine/runtime/cuda_stream.h"
#include "engine/runtime/memory.h"
#include "kernels/base/launch.h"
#include "kernels/build.h"
#include "kernels/isa.h"
#include "kernels/thread_pool.h"

namespace sumi {
namespace {

// Scratch memory from the pool, so that activations can use it between two convolutions.
std::map<void*, Storage>& lent_scratch() {
  thread_local std::map<void*, Storage> lent;
  return lent;
}
void* borrow(std::size_t bytes) {
  Storage storage = Pool::of(Device{}).allocate(bytes);
  void* data = storage->data();
  lent_scratch().emplace(data, std::move(storage));
  return data;
}
void hand_back(void* data) {
  lent_scratch().erase(data);
}

struct HostExecs {
  Scratch cpu_scratch{{&borrow, &hand_back, true}}, ref_scratch;
  Exec cpu{Device{Device::Kind::cpu, 0}, &cpu_scratch, nullptr};
  Exec ref{Device{Device::Kind::ref, 0}, &ref_scratch, nullptr};
};

HostExecs& host_execs() {
  lent_scratch();  // must outlive the scratch memories, which return memory to it
  thread_local HostExecs execs;
  return execs;
}

// The number of usable CUDA devices and, if it is zero, the reason.
struct CudaDevices {
  int count = 0;
  std::string why_none;
};
const CudaDevices& cuda_devices() {
  static const CudaDevices devices = [] {
    CudaDevices found;
    const cudaError_t error = cudaGetDeviceCount(&found.count);
    if (error == cudaSuccess) return found;
    found.count = 0;  // unmodified if there is no driver
    found.why_none = cudaGetErrorString(error);
    (void)cudaGetLastError();
    return found;
  }();
  return devices;
}

constexpr int kLeastMajor = 8;  // compute capability, of check_compute_capability()

struct CudaExec {
  Scratch scratch{device_scratch()};
  Exec exec;
  explicit CudaExec(const Device& device)
      : exec{device, &scratch, host_execs().cpu.log, cuda_stream(device)} {
    exec.multiply = host_execs().cpu.multiply;
  }
};

thread_local std::map<int, std::unique_ptr<CudaExec>> cuda_execs;

Exec& cuda_exec(const Device& device) {
  cuda_stream(device);  // makes it the thread's current device
  std::unique_ptr<CudaExec>& exec = cuda_execs[device.index];
  if (!exec) exec = std::make_unique<CudaExec>(device);
  return exec->exec;
}

cudaDeviceProp properties_of(int index) {
  cudaDeviceProp p;
  SUMI_CUDA_CALL(cudaGetDeviceProperties(&p, index));
  return p;
}

std::string describe_cuda(int index) {
  const cudaDeviceProp p = properties_of(index);
  return fmt::format("{}, compute {}.{}, {:.0f} GiB", p.name, p.major, p.minor,
                     static_cast<double>(p.totalGlobalMem) / (1 << 30));
}

// "cuda" or "cuda:N"
Device parse_cuda(const std::string& name) {
  if (kernels::cuda_is_emulated())
    fail("device",
         "this sumi was built without CUDA; use --device cpu, build with the preset cuda, or run the CUDA "
         "kernels on the host with --device emu");
  const CudaDevices& devices = cuda_devices();
  if (devices.count == 0)
    fail("device", "no CUDA device can be used here (" + devices.why_none + "); use --device cpu");
  const std::string number = name.size() > 5 ? name.substr(5) : "0";
  if ((name.size() > 4 && name[4] != ':') || number.empty() || number.size() > 3 ||
      number.find_first_not_of("0123456789") != std::string::npos || std::stoi(number) >= devices.count)
    fail("device",
         fmt::format("there is no '{}'; use {}", name,
                     devices.count == 1 ? "cuda:0" : fmt::format("cuda:0 to cuda:{}", devices.count - 1)));
  const int index = std::stoi(number);
  const cudaDeviceProp p = properties_of(index);
  check_compute_capability(p.name, p.major, p.minor);
  return {Device::Kind::cuda, index};
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "processor";
}

const char* instruction_set() {
  switch (kernels::cpu_isa()) {
    case kernels::Isa::avx512:
      return "AVX-512";
    case kernels::Isa::avx2:
      return "AVX2";
    case kernels::Isa::baseline:
      break;
  }
#if defined(__x86_64__)
  return "SSE2";
#else
  return "generic";
#endif
}

}  // namespace

void check_compute_capability(const std::string& gpu, int major, int minor) {
  if (major < kLeastMajor)
    fail(
        "device",
        fmt::format("{} has compute capability {}.{}, and sumi needs {}.0 or newer (A100, RTX 30 and later); "
                    "use --device cpu",
                    gpu, major, minor, kLeastMajor));
}

Device parse_device(const std::string& name) {
  if (name == "cpu") return {Device::Kind::cpu, 0};
  if (name == "ref") return {Device::Kind::ref, 0};
  if (name == "emu" && kernels::cuda_is_emulated()) return {Device::Kind::cuda, 0};
  if (name.starts_with("cuda")) return parse_cuda(name);
  fail("device", fmt::format("unknown device '{}'; use cpu, ref or {} (sumi devices lists them)", name,
                             kernels::cuda_is_emulated() ? "emu" : "cuda"));
}

DType parse_dtype(const std::string& name) {
  if (name == "f32") return DType::f32;
  if (name == "bf16") return DType::bf16;
  if (name == "f64") return DType::f64;
  fail("dtype", "unknown type '" + name + "'; use f32, bf16 or f64");
}

std::string resolved_precision(const std::string& name, const Device& device) {
  return name == "auto" ? name_of(resolved(MatmulPrecision::automatic, device)) : name;
}

Precision parse_precision(const std::string& name, const Device& device) {
  const std::string word = resolved_precision(name, device);
  if (word == "f32") return {DType::f32, MatmulPrecision::f32};
  if (word == "bf16") return {DType::f32, MatmulPrecision::automatic, DType::bf16};
  if (word == "f64") {
    if (!device.is_ref()) fail("--precision", "f64 exists on the reference device only; add --device ref");
    return {DType::f64, MatmulPrecision::f32, DType::f64};
  }
  if (word != "tf32" && word != "3xtf32")
    fail("--precision", fmt::format("unknown '{}'; use auto, f32, 3xtf32, tf32, bf16 or f64", name));
  if (device.on_host())
    fail("--precision",
         fmt::format("{} is how tensor cores multiply, and {} has none; use f32, or --device {}", word,
                     device.str(), kernels::cuda_is_emulated() ? "emu" : "cuda"));
  return {DType::f32, word == "tf32" ? MatmulPrecision::tf32 : MatmulPrecision::tf32x3};
}

void set_multiply(MatmulPrecision multiply) {
  host_execs().cpu.multiply = multiply;
  host_execs().ref.multiply = multiply;
  for (auto& [index, exec] : cuda_execs) exec->exec.multiply = multiply;
}

namespace {
Exec& own_exec(const Device& device) {
  if (device.is_cpu()) return host_execs().cpu;
  if (device.is_ref()) return host_execs().ref;
  return cuda_exec(device);
}
}  // namespace

const Exec& exec_on(const Device& device) {
  return own_exec(device);
}

ScratchUse::ScratchUse(const Device& device, Scratch& scratch)
    : exec_(own_exec(device)), old_(exec_.scratch) {
  exec_.scratch = &scratch;
}
ScratchUse::~ScratchUse() {
  exec_.scratch = old_;
}

void set_threads(int count) {
  kernels::set_num_threads(count);
}

int threads() {
  return kernels::num_threads();
}

ConvPolicy parse_conv_policy(const std::string& backend, bool exact) {
  if (backend == "auto") return {ConvBackend::automatic, exact};
  if (backend == "native") return {ConvBackend::native, exact};
  if (backend != "onednn")
    fail("--conv-backend", fmt::format("unknown '{}'; use auto, native or onednn", backend));
  if (std::string(kernels::cpu_library()) != "oneDNN")
    fail("--conv-backend", "onednn is not in this build; use native, or build with -DSUMI_ONEDNN=ON");
  return {ConvBackend::onednn, exact};
}

void set_conv_policy(const ConvPolicy& policy) {
  own_exec({Device::Kind::cpu, 0}).conv = policy;
}

RecordConvolutions::RecordConvolutions(ConvCalls& uses) {
  own_exec({Device::Kind::cpu, 0}).conv_uses = &uses;
}
RecordConvolutions::~RecordConvolutions() {
  own_exec({Device::Kind::cpu, 0}).conv_uses = nullptr;
}

std::string compute_signature(const Device& device) {
  if (device.is_ref()) return "ref";
  if (!device.is_cpu()) return kernels::cuda_is_emulated() ? "emu" : "cuda, " + describe_cuda(device.index);
  return fmt::format("cpu, {}, {}", instruction_set(), kernels::cpu_library());
}

std::vector<DeviceInfo> list_devices() {
  std::vector<DeviceInfo> list = {
      {"cpu", fmt::format("{}, {}, {}, {} threads, {} waiting; f32, bf16", cpu_model(), instruction_set(),
                          kernels::cpu_library(), threads(), kernels::wait_policy())},
      {"ref",
       "the reference backend: plain loops on one thread, f32, bf16 and f64; for checking, not for speed"}};
  if (kernels::cuda_is_emulated()) {
    list.push_back(
        {"emu",
         "the CUDA kernels, emulated on the host: f32 and bf16; for checking and learning, not for speed "
         "(this sumi was built without CUDA)"});
    return list;
  }
  if (cuda_devices().count == 0)
    list.push_back({"-", "no CUDA device can be used: " + cuda_devices().why_none});
  for (int i = 0; i < cuda_devices().count; ++i)
    list.push_back(
        {fmt::format("cuda:{}", i),
         describe_cuda(i) + (properties_of(i).major < kLeastMajor
                                 ? fmt::format("; too old for sumi, which needs compute {}.0", kLeastMajor)
                                 : "; f32, bf16")});
  return list;
}

void set_kernel_log(KernelLog* log) {
  host_execs().cpu.log = log;
  host_execs().ref.log = log;
  for (auto& [index, exec] : cuda_execs) exec->exec.log = log;
}

}  // namespace sumi
