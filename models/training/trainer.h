// The training loop: data in, steps, statistics, samples, checkpoints; stopping and resuming.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "engine/runtime/trace.h"
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

// Trains from the beginning. Throws Error if the directory already holds a run, if the data cannot
// be read, ...
TrainResult train(const TrainOptions& options, TrainingObserver& observer);

// Continues from the newest readable full checkpoint of `run`. `override` is called on the stored
// options before they are validated. Bit-exact: the tensors are the same as if the run had never
// stopped; statistics and samples after the checkpoint are discarded.
TrainResult resume(const std::filesystem::path& run, const std::function<void(TrainOptions&)>& override,
                   TrainingObserver& observer);

// Set from a signal handler: the step in flight finishes, the state is saved, and train() returns
// with interrupted = true.
extern std::atomic<bool> stop_requested;

// --dry-run: networks, parameters, FLOPs and predicted memory, as text. Does not read data.
std::string describe_plan(const TrainOptions& options);

// --dry-run: time per step, measured on random images, and of the whole run if its number of steps
// is known; one or two lines of text. Counts the images of the options' data if it exists.
std::string describe_time(const TrainOptions& options);
// Median time in seconds of a step on random images after a warm-up, measured for about `budget`
// seconds.
double seconds_of_step(const TrainOptions& options, double budget);

// --explain: every op of one step on random images, in order. Times are medians of several steps.
std::vector<OpRecord> explain_step(const TrainOptions& options);

// The convolutions of a step on the CPU, in order and with repetitions; for sumi tune. Images and
// device as above.
ConvCalls convolutions_of_step(const TrainOptions& options);
// The convolutions of an image of this size through each direction of a trained model (extended to
// the network's multiple), or of 64 generated images.
ConvCalls convolutions_of_inference(const std::filesystem::path& run_or_checkpoint, std::int64_t width,
                                    std::int64_t height);

}  // namespace sumi
