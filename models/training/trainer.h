// The training loop: data in, steps, statistics, samples, checkpoints; stopping and resuming.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/runtime/trace.h"
#include "models/model.h"

namespace sumi {

// What the trainer tells whoever watches. All calls come from the training thread.
class TrainingObserver {
 public:
  virtual ~TrainingObserver() = default;
  virtual void message(const std::string& line) { (void)line; }  // goes to log.txt too
  virtual void warning(const std::string& line) { (void)line; }
  virtual void decoding(std::int64_t done, std::int64_t total) { (void)done, (void)total; }
  struct Progress {
    std::int64_t step, steps, images;
    double epoch, epochs, images_per_second, seconds_left;  // the last NaN where it is not known yet
    const StepStats* stats;
  };
  virtual void progress(const Progress& progress) { (void)progress; }
};

// Thrown when stop_requested ends a run before its first step: nothing was saved and nothing is left.
struct Interrupted : Error {
  using Error::Error;
};

// A run directory holds options.json, stats.jsonl, log.txt, loss.png, samples/STEP.png and
// checkpoints/STEP.safetensors.
struct TrainResult {
  std::int64_t step = 0;
  bool interrupted = false;
  std::filesystem::path checkpoint;  // the last one written
  bool translates = false;           // the model converts pictures; else it draws from noise ...
  bool classifies = false;           // ... or makes none
};

// Trains from the beginning. Error if the directory already holds a run, the data cannot be read, ...
TrainResult train(const TrainOptions& options, TrainingObserver& observer);

// Continues the newest readable full checkpoint of `run`. `override` is called on the stored options before
// they are validated. Bit-exact: the tensors end as if the run had never stopped; statistics and samples past
// the checkpoint are cut back.
TrainResult resume(const std::filesystem::path& run, const std::function<void(TrainOptions&)>& override,
                   TrainingObserver& observer);

// Set from a signal handler: the step in flight finishes, the state is saved, train() returns with
// interrupted = true.
extern std::atomic<bool> stop_requested;

// --dry-run: networks, parameters, FLOPs and predicted memory, as text. Reads no data.
std::string describe_plan(const TrainOptions& options);

// --dry-run: the time of a step, measured in seconds on random pictures, and of the whole run where its steps are known; as
// text of one or two lines. Counts the pictures of the options' data if that is there.
std::string describe_time(const TrainOptions& options);
// Of a step on random pictures, behind a warm-up: the median of a few, measured in about `budget` seconds.
double seconds_of_step(const TrainOptions& options, double budget);

// --explain: one step on random pictures, every op that ran, in order. Times are medians of several steps.
std::vector<OpRecord> explain_step(const TrainOptions& options);

// The convolutions of a step on the CPU, in order, each as often as it is done; for sumi tune. Pictures and device as above.
ConvCalls convolutions_of_step(const TrainOptions& options);
// Those of a picture of this size through each direction of a trained model (made larger where its networks need a multiple
// of some size), or of 64 pictures that it draws.
ConvCalls convolutions_of_inference(const std::filesystem::path& run_or_checkpoint, std::int64_t width,
                                    std::int64_t height);

}  // namespace sumi
