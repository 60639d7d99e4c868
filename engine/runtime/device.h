// Devices by name, and the Exec that kernels on a device are given.
#pragma once

#include <string>
#include <vector>

#include "kernels/base/exec.h"

namespace sumi {

// "cpu", "ref"; "cuda" and "cuda:N" in builds with CUDA where there is such a device, "emu" in the others: the CUDA
// kernels, emulated on the host. Throws Error naming the devices there are.
Device parse_device(const std::string& name);

// Throws Error naming the GPU and its compute capability where that is below 8.0 (Ampere): the kernels use bf16 tensor cores and
// cp.async.
void check_compute_capability(const std::string& gpu, int major, int minor);

// "f32", "bf16", "f64"; throws Error naming the three.
DType parse_dtype(const std::string& name);

// How a run computes: the type of parameters and of everything but activations, how products of f32 are multiplied
// (kernels/base/exec.h), and the type of activations inside networks. bf16 is mixed: parameters stay f32.
struct Precision {
  DType dtype = DType::f32;
  MatmulPrecision multiply = MatmulPrecision::automatic;
  DType activations = DType::f32;
};
// "f32", "3xtf32", "tf32", "bf16", "f64", or "auto": tf32 on CUDA devices and f32 elsewhere. Throws Error naming what the
// device can.
Precision parse_precision(const std::string& name, const Device& device);
// The name that "auto" stands for on the device; other names as they are.
std::string resolved_precision(const std::string& name, const Device& device);
// How this thread's kernels multiply f32 from now on.
void set_multiply(MatmulPrecision multiply);

// This thread's Exec for `device`: one scratch memory per thread and device. A CUDA device has one stream, which all
// threads share; it becomes the thread's current device.
const Exec& exec_on(const Device& device);

// While it lives, this thread's kernels on `device` use this scratch memory instead of the device's own.
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

// Threads that CPU kernels use. 0 asks for all of the machine's (respecting OMP_NUM_THREADS).
void set_threads(int threads);
int threads();

// Which forms of convolution this thread's CPU kernels take from now on.
void set_conv_policy(const ConvPolicy& policy);
// The policy for "auto" (the fastest known), "own" or "onednn", which falls back on our own where oneDNN has nothing good;
// `exact`: no Winograd. Error for another word and for a library that this build has not.
ConvPolicy parse_conv_policy(const std::string& kernels, bool exact);

// What computes on a device, as far as its bits depend on it: "cpu, AVX2, oneDNN". Stored in checkpoints.
std::string compute_signature(const Device& device);

struct DeviceInfo {
  std::string name;         // as --device takes it
  std::string description;  // one line
};
std::vector<DeviceInfo> list_devices();

// While it lives, this thread's CPU convolutions are appended to `uses`.
class RecordConvolutions {
 public:
  explicit RecordConvolutions(ConvCalls& uses);
  ~RecordConvolutions();
  RecordConvolutions(const RecordConvolutions&) = delete;
  RecordConvolutions& operator=(const RecordConvolutions&) = delete;
};

// The KernelLog that this thread's Execs append to, or null. For --explain.
void set_kernel_log(KernelLog* log);

}  // namespace sumi
