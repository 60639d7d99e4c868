// The training loop: data in, steps, statistics, samples, checkpoints; stopping and resuming.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "engine/runtime/record_launches.h"
#include "engine/runtime/trace.h"
#include "models/model.h"
#include "models/training/training_events.h"

namespace sumi {

// Trains from the beginning. Throws Error if the directory already holds a run, if the data cannot
// be read, ...
TrainResult train(const TrainOptions& options, TrainingObserver& observer);

// The run directory of a path given to --resume: itself, or of RUN/checkpoints/STEP.safetensors
// RUN.
std::filesystem::path run_directory(const std::filesystem::path& run_or_checkpoint);

// Continues from the newest readable full checkpoint of a run, or goes back to the one given, and
// then moves later checkpoints to RUN/replaced. `override` is called on the stored options before
// they are validated; the log says what it changed. Bit-exact with the same options: the tensors
// are the same as if the run had never stopped; statistics and samples after the checkpoint are
// discarded.
TrainResult resume(const std::filesystem::path& run_or_checkpoint,
                   const std::function<void(TrainOptions&)>& override, TrainingObserver& observer);

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

// --count: the kernels that one step launches on a CUDA device, in order, recorded without running
// them; the step is the second, whose buffers exist. `peak_bytes`: of the device's memory pool.
struct StepLaunches {
  std::vector<RecordedLaunch> launches;
  std::uint64_t peak_bytes = 0;
};
// Throws Error if the options' device is not a CUDA device.
StepLaunches count_launches(const TrainOptions& options);

// The convolutions of a step on the CPU, in order and with repetitions; for sumi tune. Images and
// device as above.
ConvCalls convolutions_of_step(const TrainOptions& options);
// The convolutions of an image of this size through each direction of a trained model (extended to
// the network's multiple), or of 64 generated images.
ConvCalls convolutions_of_inference(const std::filesystem::path& run_or_checkpoint, std::int64_t width,
                                    std::int64_t height);

}  // namespace sumi
