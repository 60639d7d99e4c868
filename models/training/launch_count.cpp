// The launches of a step (--count), recorded instead of run.
#include "engine/runtime/device.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/record_launches.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "models/training/random_batch.h"
#include "models/training/trainer.h"

namespace sumi {

StepLaunches count_launches(const TrainOptions& options) {
  const Device device = parse_device(options.device);
  if (device.on_host())
    fail("--count",
         "launches belong to a CUDA device; add --device cuda, or --device emu in a build without CUDA");
  RecordLaunches record;
  set_multiply(parse_precision(options.precision, device).multiply);
  const std::unique_ptr<Model> model = make_model(options);
  const std::vector<Tensor> real = random_batch(*model, options);
  model->train_step_async(real, 0);
  Pool& pool = Pool::of(device);
  pool.reset_peak();
  record.take();
  const Trace eager;  // a step that is captured or replayed launches nothing itself
  model->train_step_async(real, 0);
  return {record.take(), pool.stats().peak_in_use};
}

}  // namespace sumi
