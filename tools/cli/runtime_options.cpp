#include "tools/cli/runtime_options.h"

#include <fmt/format.h>

#include "engine/error.h"
#include "engine/runtime/device.h"
#include "models/training/conv_plan_file.h"

namespace sumi::cli {
namespace {

// "own" is the former name of "native".
std::string present_backend(const std::string& name) {
  return name == "own" ? "native" : name;
}

}  // namespace

void RuntimeOptions::add(CLI::App& app) {
  app_ = &app;
  add_text(app, "--device", device, "NAME", "cpu or ref (default: the model's, or cpu)")->group("Machine");
  add_text(app, "--precision", precision, "TYPE",
           "auto (tf32 on cuda, else f32), f32, 3xtf32 or tf32 (cuda only), bf16, or f64 (ref only) "
           "(default: as trained, or f32)")
      ->group("Machine");
  add_whole(app, "--threads", threads, "N", "threads of the CPU kernels (0: all)")->group("Machine");
  add_text(app, "--conv-backend,--kernels", conv_backend, "NAME",
           "CPU convolution backend: auto (fastest known), native or onednn")
      ->default_str("auto")
      ->group("Machine");
  add_text(app, "--conv-plan,--plan", plan, "FILE",
           "fastest CPU convolution algorithms, as measured by sumi tune")
      ->group("Machine");
  app.add_flag(both_spellings("--no-winograd,--exact"), exact,
               "disable Winograd convolution, which has about twice the rounding error but is faster")
      ->group("Machine");
}

void RuntimeOptions::check() const {
  check_range(app_, "--threads", threads, 0, 4096);
  try {
    parse_conv_policy(present_backend(conv_backend), exact);
    if (!plan.empty() && conv_backend != "auto")
      fail("--conv-plan", "a plan selects CPU kernels; use it with --conv-backend auto");
  } catch (const Error& error) {
    throw UsageError(command_name(app_), error.what());
  }
}

void RuntimeOptions::apply() const {
  set_threads(static_cast<int>(threads));
  ConvPolicy policy = parse_conv_policy(present_backend(conv_backend), exact);
  if (!plan.empty()) {
    const StoredPlan stored = read_plan(plan);
    if (const std::string warning = plan_warning(stored); !warning.empty())
      fmt::print(stderr, "sumi: warning: {}\n", warning);
    policy.plan = std::make_shared<ConvPlan>(stored.plan);
  }
  set_conv_policy(policy);
}

}  // namespace sumi::cli
