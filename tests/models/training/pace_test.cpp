// Duration of a run: time per step during training, the line that reports it, and the measurement
// of --dry-run.
#include "models/training/pace.h"

#include <cmath>

#include "models/options/options.h"
#include "models/settings.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using test::has;

TEST_CASE("pace: the median of recent steps, without the first") {
  Pace pace;
  CHECK(pace.steps_per_second() == 0);
  CHECK(std::isnan(pace.seconds_of(10)));
  pace.mark(4, 100);
  pace.mark(5, 106);  // the first step, with one-time costs
  CHECK(pace.steps_per_second() == doctest::Approx(1.0 / 6));
  CHECK(std::isnan(pace.seconds_of(10)));
  pace.mark(6, 106.5);
  CHECK(pace.seconds_of(10) == doctest::Approx(5));
  pace.mark(10, 108.5);  // four steps, read back together
  pace.mark(11, 120);    // a checkpoint
  CHECK(pace.seconds_of(10) == doctest::Approx(5));
  CHECK(pace.steps_per_second() == doctest::Approx(2));
  for (int step = 12; step < 80; ++step)
    pace.mark(step, 120 + 3.0 * (step - 11));  // other work on the machine
  CHECK(pace.seconds_of(1) == doctest::Approx(3));
}

TEST_CASE("pace: a first step of minutes suffices") {
  Pace pace;
  pace.mark(0, 1);
  pace.mark(1, 127);
  CHECK(pace.seconds_of(10) == doctest::Approx(1260));
}

TEST_CASE("pace: the first lines predict the duration once, and advise on runs of more than a day") {
  TrainOptions o = default_options("cyclegan");
  const auto lines = [&o](double each, std::int64_t left) {
    Pace pace;
    for (int step = 0; step < 6; ++step) {
      pace.mark(step, each * step);
      if (step < 2) CHECK(pace.first_estimate(left, o).empty());  // not known yet
    }
    auto first = pace.first_estimate(left, o);
    if (first.empty()) {
      pace.mark(6, 6 * each);
      first = pace.first_estimate(left, o);
    }
    CHECK(pace.first_estimate(left, o).empty());
    return first;
  };
  CHECK(lines(0.1, 100).empty());
  CHECK(lines(2, 5400) == std::vector<std::string>{"about 3h 00m left: 5400 steps of 2 s"});
  const auto days = lines(2.5, 200000);
  REQUIRE(days.size() == 2);
  CHECK(days[0] == "about 5d 18h left: 200000 steps of 2.5 s");
  CHECK(days[1] ==
        "that is more than a day; shorter: smaller --crop-size (now 256), --ngf (now 64), --n-blocks; fewer "
        "--epochs (now "
        "100), --epochs-decay (now 100)");
  o = default_options("dcgan");
  o.steps = 9;
  CHECK(long_run_advice(o, 86400).empty());
  CHECK(has(long_run_advice(o, 86401), "smaller --size (now 64), --ngf (now 64); fewer --steps (now 9)"));
}

TEST_CASE("pace: a warm-up that takes the whole run") {
  CHECK(warm_up_warning(0, 100, 8).empty());
  CHECK(warm_up_warning(0.02, 100, 8).empty());
  CHECK(warm_up_warning(0.079, 100, 8) != "");  // a fraction of a step counts as one
  const std::string line = warm_up_warning(10, 100, 8);
  CHECK(has(line, "all 8 steps of the run are warm-up: --init-epochs 10 is 1000 steps (100 a pass)"));
}

TEST_CASE("pace: a dry run measures a step, and counts the images that are there") {
  const test::TempDir folder;
  write_images(folder.path / "pictures", 10);
  TrainOptions o = default_options("dcgan");
  o.device = test_device();
  o.size = 8;
  o.nz = o.ngf = o.ndf = 4;
  o.batch_size = 3;
  o.threads = 1;
  CHECK(seconds_of_step(o, 0) > 0);
  std::string text = describe_time(o);
  CHECK(has(text, "time        about "));
  CHECK(has(text, "run         its length depends on the data"));
  o.data = (folder.path / "nowhere").string();
  CHECK(has(describe_time(o), "depends on the data"));
  o.data = (folder.path / "pictures").string();
  o.val_every = 5;  // two of them; eight are two steps
  CHECK(has(describe_time(o), "run         50 steps (2 a pass) in about "));
  o.steps = 100'000'000'000;
  text = describe_time(o);
  CHECK(has(text, "run         100000000000 steps in about "));
  CHECK(has(text, "that is more than a day; shorter: smaller --size (now 8)"));
}

TEST_CASE("pace: steps of minutes are extrapolated, not measured") {
  TrainOptions o = default_options("dcgan");
  o.device = "ref";
  o.size = 256;
  CHECK(has(describe_time(o), "time        not measured: a step has "));
}
