// Devices by name, and the Exec that kernels on a device receive.
#pragma once

#include <string>
#include <vector>

#include "kernels/base/exec.h"

namespace sumi {

// "cpu", "ref"; "cuda" and "cuda:N" in builds with CUDA if such a device exists; "emu" in other
// builds: the CUDA kernels, emulated on the host. Throws Error naming the available devices.
Device parse_device(const std::string& name);

// Throws Error naming the GPU and its compute capability if that is below 8.0 (Ampere): the kernels
// use bf16 tensor cores and cp.async.
void check_compute_capability(const std::string& gpu, int major, int minor);

// Parses "f32", "bf16" or "f64"; throws Error naming the three.
DType parse_dtype(const std::string& name);

// The precision of a run: the dtype of parameters and of everything but activations, how products
// of f32 are multiplied (kernels/base/exec.h), and the dtype of activations inside networks. bf16
// is mixed precision: parameters stay f32.
struct Precision {
  DType dtype = DType::f32;
  MatmulPrecision multiply = MatmulPrecision::automatic;
  DType activations = DType::f32;
};
// Parses "f32", "3xtf32", "tf32", "bf16", "f64", or "auto": tf32 on CUDA devices and f32 elsewhere.
// Throws Error naming the device's precisions.
Precision parse_precision(const std::string& name, const Device& device);
// The precision that "auto" selects on the device; other names are returned unchanged.
std::string resolved_precision(const std::string& name, const Device& device);
// Sets how this thread's kernels multiply f32.
void set_multiply(MatmulPrecision multiply);

// This thread's Exec for `device`, with one scratch memory per thread and device. A CUDA device has
// one stream, shared by all threads; it becomes the thread's current device.
const Exec& exec_on(const Device& device);

// While it lives, this thread's kernels on `device` use this scratch memory instead of the device's
// own.
class ScratchUse {
 public:
  ScratchUse(const Device& device, Scratch& scratch);
  ~ScratchUse();
  ScratchUse(const ScratchUse&) = delete;
  ScratchUse& operator=(const ScratchUse&) = delete;

 private:
  Exec& exec_;
  Scratch* old_;
};

// The number of threads for CPU kernels. 0 selects all of the machine's (respecting
// OMP_NUM_THREADS).
void set_threads(int threads);
int threads();

// Sets the convolution algorithms that this thread's CPU kernels may use.
void set_conv_policy(const ConvPolicy& policy);
// The policy for "auto" (the fastest known), "native" or "onednn", which falls back to native
// kernels where oneDNN has no fast implementation; `exact`: no Winograd. Throws Error for any other
// word, and for a library missing from this build.
ConvPolicy parse_conv_policy(const std::string& kernels, bool exact);

// Identifies the computing hardware and libraries as far as results depend on them to the bit:
// "cpu, AVX2, oneDNN". Stored in checkpoints.
std::string compute_signature(const Device& device);

struct DeviceInfo {
  std::string name;         // value for --device
  std::string description;  // one line
};
std::vector<DeviceInfo> list_devices();

// Appends this thread's CPU convolutions to `uses` while it lives.
class RecordConvolutions {
 public:
  explicit RecordConvolutions(ConvCalls& uses);
  ~RecordConvolutions();
  RecordConvolutions(const RecordConvolutions&) = delete;
  RecordConvolutions& operator=(const RecordConvolutions&) = delete;
};

// Sets the KernelLog that this thread's Execs append to, or null. For --explain.
void set_kernel_log(KernelLog* log);

}  // namespace sumi
