#include "models/options/run_options.h"

#include "engine/runtime/device.h"
#include "models/options/option_table.h"

namespace sumi {
namespace {

using O = const TrainOptions&;

std::string device_problem(O o) {
  parse_device(o.device);
  return "";
}

std::string backend_problem(O o) {
  parse_conv_policy(o.conv_backend, o.no_winograd);
  return "";
}

std::string precision_problem(O o) {
  parse_precision(o.precision, parse_device(o.device));
  return "";
}

}  // namespace

void RunOptions::add_rows(OptionTable& t) {
  t.heading("Data");
  t.add("outdir", &TrainOptions::outdir)
      .help("run directory: checkpoints, samples, curves, log")
      .placeholder("DIR")
      .alias("-o,--outf");
  t.heading("Output");
  t.add("log-every", &TrainOptions::log_every)
      .help("steps between lines of stats.jsonl")
      .alias("--print-freq")
      .range(1, kLargestCount)
      .on_resume();
  t.add("sample-every", &TrainOptions::sample_every)
      .help("steps between sample sheets; 0: never")
      .alias("--display-freq,--sample-interval")
      .range(0, kLargestCount)
      .on_resume();
  t.add("save-every", &TrainOptions::save_every)
      .help("steps between full checkpoints; 0: only at the end")
      .alias("--save-latest-freq")
      .range(0, kLargestCount)
      .on_resume();
  t.add("save-every-epoch", &TrainOptions::save_every_epoch)
      .help("also keep the networks of every epoch")
      .on_resume();
  t.add("keep", &TrainOptions::keep)
      .help("number of full checkpoints to keep, in addition to step 0")
      .range(1, 1e6)
      .on_resume();
  t.add("rescue", &TrainOptions::rescue)
      .help("if the run diverges, resume from its last checkpoint at a quarter of the learning rate")
      .on_resume();
  t.add("tensorboard", &TrainOptions::tensorboard)
      .help("also write statistics and samples as event files, to RUN/tensorboard")
      .on_resume();
  t.add("dump-batches", &TrainOptions::dump_batches)
      .help("write the inputs of every logged step to DIR/STEP.safetensors")
      .placeholder("DIR")
      .on_resume();
}

void MachineOptions::add_rows(OptionTable& t) {
  t.heading("Machine");
  t.add("seed", &TrainOptions::seed).help("seed of all random numbers").alias("--manualSeed,--manual-seed");
  t.add("device", &TrainOptions::device)
      .help("cpu, ref (slow), cuda, or emu (the CUDA kernels on the host)")
      .on_resume()
      .check(device_problem);
  t.add("precision", &TrainOptions::precision)
      .help("auto (tf32 on cuda, else f32), f32, 3xtf32, tf32 (cuda), bf16 (mixed) or f64 (ref)")
      .placeholder("TYPE")
      .check(precision_problem);
  t.add("threads", &TrainOptions::threads)
      .help("threads of the CPU kernels; 0: all")
      .range(0, 4096)
      .on_resume();
  t.add("conv-backend", &TrainOptions::conv_backend)
      .help("CPU convolution backend: auto (fastest known), native or onednn")
      .alias("--kernels")
      .old_word("own", "native")
      .check(backend_problem);
  t.add("no-winograd", &TrainOptions::no_winograd)
      .help("disable Winograd convolution, which has about twice the rounding error but is faster")
      .alias("--exact");
  t.add("conv-plan", &TrainOptions::conv_plan)
      .help("fastest CPU convolution algorithms, as measured by sumi tune; stored in the checkpoints")
      .placeholder("FILE")
      .alias("--plan")
      .path()
      .on_resume()
      .check([](O o) -> std::string {
        if (o.conv_plan.empty() || (o.device == "cpu" && o.conv_backend == "auto")) return "";
        return "a plan selects CPU kernels; use it with --device cpu and --conv-backend auto";
      });
  t.add("no-cuda-graph", &TrainOptions::no_cuda_graph)
      .help("on a CUDA device, submit every step instead of replaying a captured graph")
      .alias("--no-graph")
      .on_resume();
  t.add("detect-anomaly", &TrainOptions::detect_anomaly)
      .help("test every result for NaN and infinity, and report the operation")
      .alias("--check")
      .on_resume();
}

}  // namespace sumi
