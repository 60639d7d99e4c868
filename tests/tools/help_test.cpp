#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "models/options/options.h"
#include "models/registry.h"
#include "models/settings.h"
#include "tests/tools/program.h"
#include "tools/cli/option_format.h"

using namespace program;

namespace {

// The words of a page, separated by single blanks, regardless of line breaks.
std::string words_of(const std::string& page) {
  std::istringstream in(page);
  std::string text;
  for (std::string word; in >> word;) text += (text.empty() ? "" : " ") + word;
  return text;
}

}  // namespace

TEST_CASE("help: the main page has a description, examples and commands") {
  const Folder folder;
  const Result help = run(folder, "--help");
  CHECK(help.code == 0);
  CHECK(help.err.empty());
  for (const char* word : {"Examples:", "Commands:", "train", "generate", "convert", "inspect", "export",
                           "import", "devices", "models", "Exit codes"})
    CHECK_MESSAGE(has(help.out, word), word);
  CHECK(run(folder, "-h").out == help.out);
  CHECK(run(folder, "").out == help.out);
  const Result version = run(folder, "--version");
  CHECK(version.code == 0);
  CHECK(version.out.rfind("sumi ", 0) == 0);
  CHECK(run(folder, "-V").out == version.out);
}

TEST_CASE("help: a model's page lists every option under its heading, with the model's defaults") {
  const Folder folder;
  for (const sumi::ModelSpec* spec : sumi::model_specs()) {
    const std::string model = spec->name;
    const Result help = run(folder, "train " + model + " --help");
    CHECK(help.code == 0);
    const sumi::TrainOptions defaults = sumi::default_options(model);
    for (const sumi::Option* option : sumi::all_options().rows()) {
      const bool applies = sumi::option_table(model).has(option->name);
      const auto listed = [&](const std::string& name) {
        return has(help.out, name + " ") || has(help.out, name + "\n");
      };
      CHECK_MESSAGE(listed("--" + option->name) == applies, option->name);
      if (applies) CHECK_MESSAGE(has(help.out, "\n" + option->heading + ":\n"), option->heading);
      for (const std::string& alias : option->aliases)
        if (alias.starts_with("--")) CHECK_MESSAGE(!has(help.out, "  " + alias + " "), alias);
    }
    CHECK(has(help.out, "images per batch [" + std::to_string(defaults.batch_size) + "]"));
    std::istringstream lines(help.out);
    for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 110, line);
  }
}

TEST_CASE("help: --net-g lists the generators of its model and no others") {
  const Folder folder;
  const std::string cycle = run(folder, "train cyclegan --help").out,
                    anime = run(folder, "train animegan --help").out;
  CHECK(has(cycle, "unet_256"));
  CHECK_FALSE(has(cycle, "animegan2"));
  CHECK(has(anime, "animegan2_lite"));
  CHECK_FALSE(has(anime, "unet"));
}

TEST_CASE("help: options without effect by default say so, and are not listed as settings of a run") {
  const Folder folder;
  const std::string anime = words_of(run(folder, "train animegan --help").out);
  CHECK(has(anime, "[transpose; only with --net-g cartoongan]"));
  CHECK(has(anime, "learning rate [0.0002; not with --lr-g and --lr-d]"));
  const std::string cartoon = words_of(run(folder, "train cartoongan --help").out);
  CHECK(has(cartoon, "checkerboard artifacts) [transpose]"));
  CHECK(has(cartoon, "learning rate [0.0002]"));

  sumi::TrainOptions o = sumi::default_options("animegan");
  CHECK_FALSE(has(sumi::cli::describe_options(o, false), "upsample"));
  CHECK(has(sumi::cli::describe_options(o, false), "lr-g 2e-05"));
  CHECK_FALSE(has(sumi::cli::describe_options(o, false), " lr 0.0002"));
  o.net_g = "cartoongan";
  CHECK(has(sumi::cli::describe_options(o, false), "upsample transpose"));
}

TEST_CASE("help: every command has a page; train's shows what a resumed run takes") {
  const Folder folder;
  for (const std::string command : {"train", "generate", "convert", "inspect", "export", "import", "distance",
                                    "gate", "devices", "models"}) {
    const Result help = run(folder, command + " --help");
    CAPTURE(command);
    CHECK(help.code == 0);
    CHECK(has(help.out, "Usage: sumi " + command));
  }
  const std::string train = run(folder, "train --help").out;
  CHECK(has(train, "--resume RUN"));
  CHECK(has(train, "--steps N"));
  CHECK_FALSE(has(train, "--batch-size"));
}

TEST_CASE("lists: models and devices") {
  const Folder folder;
  const Result models = run(folder, "models");
  CHECK(models.code == 0);
  CHECK(has(models.out, "g 3,576,704 d 2,765,568 parameters"));
  CHECK(has(models.out, "g 1,486,352"));
  const Result devices = run(folder, "devices");
  CHECK(devices.code == 0);
  CHECK(has(devices.out, "\ncpu "));
  CHECK(has(devices.out, "\nref "));
}

TEST_CASE("instruction sets: SUMI_CPU_ISA lowers what the CPU kernels use") {
  const Folder folder;
  const auto devices_with = [&](const char* isa) {
    isa ? ::setenv("SUMI_CPU_ISA", isa, 1) : ::unsetenv("SUMI_CPU_ISA");
    const Result result =
        run(folder, "devices 2>&1");  // by the shell: a process that has not read the environment yet
    ::unsetenv("SUMI_CPU_ISA");
    return result;
  };
#ifdef __x86_64__
  CHECK(has(devices_with("baseline").out, ", SSE2, "));
#endif
  CHECK_FALSE(has(devices_with("avx2").out, "AVX-512"));
  CHECK(devices_with(nullptr).code == 0);
  const Result wrong = devices_with("avx3");
  CHECK(wrong.code != 0);
  CHECK(has(wrong.out, "[SUMI_CPU_ISA] unknown instruction set 'avx3'; use baseline, avx2 or avx512"));
}

TEST_CASE("threads: number and waiting policy follow the program's rule or the environment") {
  const Folder folder;
  const auto devices_with = [&](const char* policy, const char* threads) {
    for (const auto& [name, value] :
         {std::pair{"OMP_WAIT_POLICY", policy}, std::pair{"OMP_NUM_THREADS", threads}})
      value ? ::setenv(name, value, 1) : ::unsetenv(name);
    return run(folder, "devices 2>&1").out;  // by the shell: a process that has not read the environment yet
  };
  const char* const policy = std::getenv("OMP_WAIT_POLICY");
  const char* const threads = std::getenv("OMP_NUM_THREADS");
  const std::string old_policy = policy ? policy : "", old_threads = threads ? threads : "";
  CHECK(has(devices_with(nullptr, nullptr), " threads, adaptive waiting"));
  CHECK(has(devices_with("PASSIVE", "3"), ", 3 threads, passive waiting"));
  CHECK(has(devices_with("active", "5,2"), ", 5 threads, active waiting"));
  devices_with(policy ? old_policy.c_str() : nullptr, threads ? old_threads.c_str() : nullptr);
}

TEST_CASE(
    "inspection before training: --dry-run, --explain and --count need neither data nor a run directory") {
  const Folder folder;
  const std::string tiny = "train dcgan --size 16 --ngf 4 --ndf 4 --nz 8 --batch_size 2 --data nowhere ";
  const Result plan = run(folder, tiny + "--dry-run");
  CHECK(plan.code == 0);
  CHECK(has(plan.out, "main.0.weight"));
  CHECK(has(plan.out, "memory"));
  CHECK(has(plan.out, "time        about "));
  const Result count = run(folder, tiny + "--device emu --count");
  CHECK(count.code == 0);
  CHECK(has(count.out, "norm_apply"));
  CHECK(has(count.out, " launches a step, memory "));
  const Result nowhere = run(folder, tiny + "--count");
  CHECK(nowhere.code != 0);
  CHECK(has(nowhere.err, "add --device"));
  const Result table = run(folder, tiny + "--explain");
  CHECK(table.code == 0);
  for (const char* word : {"-> output", "kernel", "forward", "backward", "2x16x16x3", "100.0", "conv"})
    CHECK_MESSAGE(has(table.out, word), word);
  std::istringstream lines(table.out);
  for (std::string line; std::getline(lines, line);) CHECK_MESSAGE(line.size() <= 110, line);  // COLUMNS
}
