// Shared parts of the tests of whole training runs.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "engine/runtime/device.h"
#include "engine/serialize/safetensors.h"
#include "models/training/trainer.h"

inline const sumi::Device kRef{sumi::Device::Kind::ref, 0};

// The device for model tests: SUMI_TEST_DEVICE, or cpu. Outside training runs its matmul precision
// is f32, which the tolerances assume.
inline const char* test_device() {
  sumi::set_multiply(sumi::MatmulPrecision::f32);
  const char* name = std::getenv("SUMI_TEST_DEVICE");
  return name ? name : "cpu";
}

// Stops the run after some steps, like Ctrl-C.
struct StopAt final : sumi::TrainingObserver {
  std::int64_t step;
  explicit StopAt(std::int64_t s) : step(s) {}
  void progress(const Progress& p) override {
    if (p.step == step) sumi::stop_requested = true;
  }
};

// Trains until `step`, as if Ctrl-C were pressed there, calls `meanwhile`, then trains to the end.
inline sumi::TrainResult train_in_two(
    const sumi::TrainOptions& options, std::int64_t step, const std::function<void()>& meanwhile = [] {}) {
  StopAt stop(step);
  sumi::stop_requested = false;
  CHECK(sumi::train(options, stop).interrupted);
  sumi::stop_requested = false;
  meanwhile();
  sumi::TrainingObserver quiet;
  return sumi::resume(
      options.outdir, [](sumi::TrainOptions&) {}, quiet);
}

// Every tensor of a checkpoint as raw bytes.
inline std::map<std::string, std::string> bytes_of(const std::filesystem::path& path) {
  const sumi::SafetensorsFile file = sumi::SafetensorsFile::open(path);
  std::map<std::string, std::string> all;
  for (const auto& [name, t] : file.tensors())
    all[name] = std::string(reinterpret_cast<const char*>(t.data), t.bytes);
  return all;
}
