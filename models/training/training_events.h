// What a training run reports, and how it is stopped.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/error.h"
#include "models/model.h"

namespace sumi {

// Receives the trainer's events. All calls come from the training thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void message(const std::string& line) { (void)line; }  // goes to log.txt too
  virtual void warning(const std::string& line) { (void)line; }
  virtual void decoding(std::int64_t done, std::int64_t total) { (void)done, (void)total; }
  struct Progress {
    std::int64_t step, steps, images;
    double epoch, epochs, images_per_second, seconds_left;  // seconds_left is NaN until it is known
    const StepStats* stats;
  };
  virtual void progress(const Progress& progress) { (void)progress; }
};

// Thrown when stop_requested ends a run before its first step: nothing was saved and no files are
// left.
struct Interrupted : Error {
  using Error::Error;
};

// A run directory holds options.json, stats.jsonl, log.txt, loss.png, samples/STEP.png and
// checkpoints/STEP.safetensors.
struct TrainResult {
  std::int64_t step = 0;
  bool interrupted = false;
  std::filesystem::path checkpoint;  // the last one written
  bool translates = false;           // the model translates images; otherwise it generates from noise ...
  bool classifies = false;           // ... or is a classifier
};

// Set from a signal handler: the step in flight finishes, the state is saved, and train() returns
// with interrupted = true.
extern std::atomic<bool> stop_requested;

}  // namespace sumi
