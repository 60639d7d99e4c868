#include "bench/bench_device.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <new>

#include "kernels/thread_pool.h"

namespace sumi::bench {
namespace {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "an unknown processor";
}

// Host memory, in large pages if it fills some, as in the engine (engine/runtime/host_arena.cpp).
void* allocate_host(std::size_t bytes) {
  constexpr std::size_t page = std::size_t{1} << 21;
  const std::size_t align = bytes < page ? 64 : page, whole = (bytes + align - 1) / align * align;
  void* const data = std::aligned_alloc(align, whole);
  if (!data) throw std::bad_alloc();
  if (align == page) (void)::madvise(data, whole, MADV_HUGEPAGE);
  return data;
}

void release_host(void* data) {
  std::free(data);
}

cudaDeviceProp properties() {
  cudaDeviceProp p{};
  SUMI_CUDA_CALL(cudaGetDeviceProperties(&p, 0));
  return p;
}

}  // namespace

std::string BenchDevice::problem(const std::string& name) {
  if (name == "cpu") return "";
  const char* other = kernels::cuda_is_emulated() ? "emu" : "cuda";
  if (name != other) return "this build has no '" + name + "'; use cpu or " + other;
  int count = 0;
  if (cudaGetDeviceCount(&count) != cudaSuccess || count == 0) {
    (void)cudaGetLastError();
    return "no CUDA device can be used here; use cpu";
  }
  return "";
}

BenchDevice::BenchDevice(const std::string& name, int threads)
    : device_{name == "cpu" ? Device::Kind::cpu : Device::Kind::cuda, 0},
      threads_(threads),
      memory_(name == "cpu" ? ScratchAllocator{&allocate_host, &release_host} : kernels::device_memory()),
      scratch_(memory_) {
  const std::string why = problem(name);
  if (!why.empty()) fail("--device", why);
  kernels::set_num_threads(threads);
  if (on_host()) return;
  SUMI_CUDA_CALL(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking));
  SUMI_CUDA_CALL(cudaEventCreate(&begin_));
  SUMI_CUDA_CALL(cudaEventCreate(&end_));
}

BenchDevice::~BenchDevice() {
  if (on_host()) return;
  (void)cudaEventDestroy(begin_);
  (void)cudaEventDestroy(end_);
  (void)cudaStreamDestroy(stream_);
}

std::string BenchDevice::description() const {
  if (emulated()) return "the emulation of a CUDA device";
  if (!on_host()) return properties().name;
  return processor_name() + ", " + std::to_string(threads_) + (threads_ == 1 ? " thread" : " threads");
}

std::size_t BenchDevice::cache_bytes() const {
  if (!on_host()) return emulated() ? 0 : static_cast<std::size_t>(properties().l2CacheSize);
  const long bytes = std::max(sysconf(_SC_LEVEL3_CACHE_SIZE), sysconf(_SC_LEVEL2_CACHE_SIZE));
  return bytes > 0 ? static_cast<std::size_t>(bytes) : std::size_t{32} << 20;
}

void BenchDevice::fill(void* to, const void* host, std::size_t bytes) const {
  if (on_host()) {
    std::memcpy(to, host, bytes);
    return;
  }
  SUMI_CUDA_CALL(cudaMemcpy(to, host, bytes, cudaMemcpyHostToDevice));
  SUMI_CUDA_CALL(cudaDeviceSynchronize());  // the stream waits for no other
}

std::vector<std::byte> BenchDevice::read(const void* from, std::size_t bytes) const {
  std::vector<std::byte> host(bytes);
  wait();
  if (on_host())
    std::memcpy(host.data(), from, bytes);
  else
    SUMI_CUDA_CALL(cudaMemcpy(host.data(), from, bytes, cudaMemcpyDeviceToHost));
  return host;
}

void BenchDevice::wait() const {
  if (!on_host()) SUMI_CUDA_CALL(cudaStreamSynchronize(stream_));
}

}  // namespace sumi::bench
