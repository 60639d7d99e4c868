// The EMA of the generator's weights and statistics: its warm-up, in a run that is stopped and
// resumed.
#include <algorithm>
#include <cmath>

#include "models/settings.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
namespace fs = std::filesystem;

namespace {

std::vector<float> floats(const std::string& bytes) {
  std::vector<float> values(bytes.size() / sizeof(float));
  std::copy_n(bytes.data(), bytes.size(), reinterpret_cast<char*>(values.data()));
  return values;
}

}  // namespace

TEST_CASE(
    "ema: weights and running statistics are averaged with a decay that rises, through captured and resumed "
    "steps") {
  const test::TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainOptions o = default_options("dcgan");
  o.data = (folder.path / "pictures").string();
  o.outdir = (folder.path / "run").string();
  o.cache = (folder.path / "cache").string();
  o.device = test_device();
  o.size = 8;
  o.channels = 1;
  o.nz = o.ngf = o.ndf = o.batch_size = 4;
  o.steps = 7;
  o.ema = 0.35;  // reached at the fourth update: 5/14
  o.save_every = 1;
  o.keep = 100;
  o.sample_every = 0;
  o.threads = 1;
  train_in_two(o, 5);
  std::map<std::string, std::string> before = bytes_of(fs::path(o.outdir) / "checkpoints/0.safetensors");
  int statistics = 0;
  for (int step = 1; step <= o.steps; ++step) {
    const auto now = bytes_of(fs::path(o.outdir) / "checkpoints" / (std::to_string(step) + ".safetensors"));
    const double decay = step < 4 ? (1.0 + step) / (10 + step) : 0.35;
    for (const auto& [name, bytes] : now) {
      if (!name.starts_with("ema.g.")) continue;
      statistics += name.find("running_") != std::string::npos ? 1 : 0;
      const std::vector<float> average = floats(bytes), last = floats(before.at(name)),
                               value = floats(now.at(name.substr(4)));
      double worst = 0;
      for (std::size_t i = 0; i < average.size(); ++i)
        worst = std::max(worst, std::abs(decay * last[i] + (1 - decay) * value[i] - average[i]));
      CHECK_MESSAGE(worst < 1e-6, name << " at step " << step);
    }
    before = now;
  }
  CHECK(statistics > 0);
}
