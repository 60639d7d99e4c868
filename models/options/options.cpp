#include "models/options/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/data/degradation.h"
#include "engine/runtime/device.h"
#include "engine/serialize/file.h"
#include "models/objectives/latent.h"
#include "models/options/json_text.h"
#include "models/registry.h"
#include "models/training/class_labels.h"
#include "models/training/discriminator_trainer.h"
#include "models/training/run_paths.h"

namespace sumi {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kMaxConfig = 1 << 16;
constexpr std::int64_t kMostPictures = 1 << 20;

bool one_of(const std::string& value, const std::vector<const char*>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const char* a) { return value == a; });
}

// Throws unless lo <= value <= hi; NaN fails.
template <class T>
void within(const char* name, T value, T lo, T hi, const char* what = "") {
  if (!(value >= lo && value <= hi))
    fail(std::string("--") + name,
         fmt::format("{} is out of range; give a number from {} to {}{}", value, lo, hi, what));
}

template <class T>
T convert(const Json& value, const std::string& name, const std::string& where) {
  const auto bad = [&](const char* expected) {
    fail(where, fmt::format("option {} must be {}, not {}", name, expected, short_text(value)));
  };
  if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_boolean()) bad("true or false");
    return value.get<bool>();
  } else if constexpr (std::is_same_v<T, std::string>) {
    if (!value.is_string()) bad("text");
    return value.get<std::string>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) bad("a number");
    return value.get<T>();
  } else {
    if (!value.is_number_integer()) bad("a whole number");
    const bool negative = !value.is_number_unsigned() && value.get<std::int64_t>() < 0;
    if (negative ? (std::is_unsigned_v<T> ||
                    value.get<std::int64_t>() < static_cast<std::int64_t>(std::numeric_limits<T>::min()))
                 : value.get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<T>::max()))
      bad("a number of that size");
    return value.get<T>();
  }
}

// `name = value` lines: quoted or bare text, numbers, true and false; # begins a comment.
Json parse_lines(const std::string& text, const std::string& where) {
  Json json = Json::object();
  int number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    const auto trim = [](std::string s) {
      const auto first = s.find_first_not_of(" \t\r"), last = s.find_last_not_of(" \t\r");
      return first == std::string::npos ? std::string() : s.substr(first, last - first + 1);
    };
    // A # begins a comment unless it stands inside quotes.
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '"' && (i == 0 || line[i - 1] != '\\')) quoted = !quoted;
      if (line[i] == '#' && !quoted) line.resize(i);
    }
    line = trim(line);
    if (line.empty()) continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos)
      fail(where, fmt::format("line {} is not `name = value`: {}", number, line.substr(0, 60)));
    const std::string value = trim(line.substr(equals + 1));
    // No option is a list or an object: what looks like one is text.
    const bool plain = value.empty() || (value[0] != '[' && value[0] != '{');
    const Json parsed = plain ? Json::parse(value, nullptr, false) : Json(value);
    const std::string name = trim(line.substr(0, equals));
    if (json.contains(name))
      fail(where, fmt::format("line {} gives {} a second time; remove one", number, name));
    json[name] = parsed.is_discarded() ? Json(value) : parsed;
  }
  return json;
}

// Throws unless a parameter's name begins so.
bool learns_anything(const std::vector<PlannedNetwork>& networks, const std::vector<std::string>& frozen) {
  for (const PlannedNetwork& network : networks)
    for (const Parameter& p : network.module->parameters())
      if (std::none_of(frozen.begin(), frozen.end(), [&](const std::string& prefix) {
            return (network.name + "." + p.name).starts_with(prefix);
          }))
        return true;
  return false;
}

void check_frozen(const std::string& prefix, const std::vector<PlannedNetwork>& networks) {
  for (const PlannedNetwork& network : networks)
    for (const Parameter& p : network.module->parameters())
      if ((network.name + "." + p.name).starts_with(prefix)) return;
  fail("--freeze", fmt::format("no parameter's name begins with '{}'; --dry-run lists them", prefix));
}

}  // namespace

bool applies(const OptionInfo& info, const std::string& model) {
  const bool all_but = *info.models == '!';
  const std::string list = fmt::format(" {} ", info.models + (all_but ? 1 : 0));
  const bool named = list.find(" " + model + " ") != std::string::npos;
  return *info.models == 0 || named != all_but;
}

std::string help_of(const OptionInfo& info, const std::string& model) {
  if (info.name != std::string("net-g")) return info.help;
  std::vector<std::string> names;  // of each model once, in the order of the models
  for (const ModelSpec* spec : model_specs())
    for (const char* name : spec->generators)
      if ((model.empty() || model == spec->name) &&
          std::find(names.begin(), names.end(), name) == names.end())
        names.emplace_back(name);
  if (names.empty()) return "the generator";
  const std::string last = names.back();
  names.pop_back();
  return fmt::format("the generator: {} or {}", fmt::join(names, ", "), last);
}

TrainOptions default_options(const std::string& model) {
  TrainOptions o;
  o.model = model;
  model_spec(model).set_defaults(o);
  return o;
}

bool pictures_have_one_size(const TrainOptions& o) {
  return !takes_crops(o) || (o.preprocess != "none" && o.preprocess != "scale_width");
}

DType dtype_of(const TrainOptions& o) {
  return o.precision == "f64" ? DType::f64 : DType::f32;
}

DType activations_of(const TrainOptions& o) {
  return o.precision == "bf16" ? DType::bf16 : dtype_of(o);
}

bool fit_precision(TrainOptions& o) {
  const Device device = parse_device(o.device);
  const bool of_cuda = o.precision == "tf32" || o.precision == "3xtf32";
  if (!(o.precision == "f64" && !device.is_ref()) && !(of_cuda && device.on_host())) return false;
  o.precision = "auto";
  return true;
}

std::int64_t pictures_per_step(const TrainOptions& o) {
  return std::int64_t{o.batch_size} * o.n_critic * o.accumulate;
}

void validate(const TrainOptions& o) {
  const ModelSpec& spec = model_spec(o.model);
  within("size", o.size, 1, 4096);
  within("nz", o.nz, 1, 65536);
  within("ngf", o.ngf, 1, 4096);
  within("ndf", o.ndf, 1, 4096);
  within("width", o.width, 1, 1024);
  within("hold-out", o.val_every, 0, 1000000);
  if (o.val_every == 1) fail("--hold-out", "1 would keep every picture from training; use 2 or more, or 0");
  within("batch-size", o.batch_size, 1, 65536);
  within("workers", o.workers, 0, 256);
  within("threads", o.threads, 0, 4096);
  within("keep", o.keep, 1, 1000000);
  within<std::int64_t>("max-items", o.max_items, 0, std::int64_t{1} << 40);
  within<std::int64_t>("steps", o.steps, 0, std::int64_t{1} << 40);
  within<std::int64_t>("log-every", o.log_every, 1, std::int64_t{1} << 40);
  within<std::int64_t>("sample-every", o.sample_every, 0, std::int64_t{1} << 40);
  within<std::int64_t>("save-every", o.save_every, 0, std::int64_t{1} << 40);
  within("epochs", o.epochs, 0.0, 1e9);
  within("epochs-decay", o.epochs_decay, 0.0, 1e9);
  within("lr", o.lr, 0.0, 1e3);
  within("lr-g", o.lr_g, 0.0, 1e3);
  within("lr-d", o.lr_d, 0.0, 1e3);
  within("beta1", o.beta1, 0.0, 0.999999);
  within("beta2", o.beta2, 0.0, 0.999999999);
  within("weight-decay", o.weight_decay, 0.0, 1e3);
  within("label-smooth", o.label_smoothing, 0.0, 0.5);
  within("clip-grad", o.clip_grad_norm, 0.0, 1e9);
  within("ema", o.ema, 0.0, 0.9999999);
  within("norm-keep", o.bn_momentum, 0.0, 0.999999);
  within("lambda-autoencoder", o.lambda_autoencoder, 0.0, 1e6);
  within("sigma", o.sigma, 1e-4, 1e3);
  within("kl-weight", o.kl_weight, 0.0, 1e6);
  within("init-gain", o.init_gain, 0.0, 1e3);
  within("accumulate", o.accumulate, 1, 65536);
  within("categories", o.categories, 0, 4096);
  within("continuous", o.continuous, 0, 4096);
  within("lambda-info", o.lambda_info, 0.0, 1e6);
  within("n-critic", o.n_critic, 1, 1000);
  within("gp", o.lambda_gp, 0.0, 1e6);
  within("r1", o.r1, 0.0, 1e6);
  within("r1-every", o.r1_interval, 1, 1000000);
  within("clip-weights", o.clip_weights, 0.0, 1e3);
  within("d-noise", o.instance_noise, 0.0, 1e3);
  within("feature-matching", o.feature_matching, 0.0, 1e6);
  within("minibatch-discrimination", o.minibatch_discrimination, 0, 4096);
  within("historical-averaging", o.historical_averaging, 0.0, 1e6);
  within("diversity", o.mode_seeking, 0.0, 1e6);
  within("load-size", o.load_size, 1, 16384);
  within("crop-size", o.crop_size, 1, 4096);
  within("n-blocks", o.n_blocks, 0, 64);
  within("n-layers-d", o.n_layers_d, 1, 8);
  within("pool-size", o.pool_size, 0, 100000);
  within("init-epochs", o.init_epochs, 0.0, 1e9);
  within("init-lr", o.init_lr, 0.0, 1e3);
  for (const auto& [name, weight] : {std::pair{"lambda-adv", o.lambda_adv},
                                     {"lambda-content", o.lambda_content},
                                     {"lambda-style", o.lambda_style},
                                     {"lambda-colour", o.lambda_color},
                                     {"lambda-tv", o.lambda_tv}})
    within(name, weight, -1.0, 1e6);
  within("lambda-a", o.lambda_a, 0.0, 1e6);
  within("lambda-b", o.lambda_b, 0.0, 1e6);
  within("lambda-identity", o.lambda_identity, 0.0, 1e6);
  within("lambda-l1", o.lambda_l1, 0.0, 1e6);
  within("factor", o.factor, 2, 16);
  within("noise", o.noise, 0.0, 255.0);
  if (o.channels != 1 && o.channels != 3)
    fail("--channels", fmt::format("{} is neither 1 nor 3", o.channels));
  if (o.bits != 8 && o.bits != 16) fail("--bits", fmt::format("{} is neither 8 nor 16", o.bits));
  if (o.steps == 0 && o.epochs + o.epochs_decay <= 0)
    fail("--epochs", "the run has no length; give --epochs or --steps");
  const auto choice = [](const char* name, const std::string& value,
                         const std::vector<const char*>& allowed) {
    if (!one_of(value, allowed))
      fail(std::string("--") + name,
           fmt::format("unknown '{}'; use one of: {}", value, fmt::join(allowed, ", ")));
  };
  choice("gan-mode", o.gan_mode, {"vanilla", "saturating", "lsgan", "hinge", "wgan", "wgan-gp"});
  choice("g-label", o.generator_target, {"real", "random"});
  choice("optimizer", o.optimizer, {"adam", "adamw", "rmsprop"});
  choice("lr-policy", o.lr_policy, {"constant", "linear", "step", "two-steps", "cosine"});
  choice("init-type", o.init_type, {"normal", "xavier", "xavier-uniform", "kaiming", "orthogonal"});
  if (!spec.generators.empty()) choice("net-g", o.net_g, spec.generators);
  choice("norm", o.norm, {"instance", "batch"});
  choice("upsample", o.upsample, {"transpose", "nearest", "bilinear"});
  choice("direction", o.direction, {"AtoB", "BtoA"});
  task_named(o.task);
  choice("preprocess", o.preprocess,
         {"resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"});
  if ((o.preprocess == "resize_and_crop" || o.preprocess == "scale_width_and_crop") &&
      o.load_size < o.crop_size)
    fail("--load-size",
         fmt::format("{} is smaller than --crop-size {}; give at least that", o.load_size, o.crop_size));
  label_rule(o);
  class_names(o);
  if (spec.check) spec.check(o);
  const Device device = parse_device(o.device);
  parse_conv_policy(o.kernels, o.no_winograd);
  if (!o.conv_plan.empty() && (o.device != "cpu" || o.kernels != "auto"))
    fail("--plan", "chooses among the CPU's kernels; use it with --device cpu and --kernels auto");
  // Names go into JSON files, which are UTF-8.
  visit_options(o, [](const OptionInfo& info, const auto& value) {
    if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::string>) {
      try {
        Json(value).dump();
      } catch (const nlohmann::json::exception&) {
        fail(std::string("--") + info.name, "is not valid UTF-8; rename the folder or file");
      }
    }
  });
  check_latent(o.latent);
  parse_augmentation(o.diffaugment);
  if (pictures_per_step(o) > kMostPictures)
    fail("--batch-size",
         fmt::format("{} times --n-critic {} times --accumulate {} is more than {} pictures a step",
                     o.batch_size, o.n_critic, o.accumulate, kMostPictures));
  if (!wants_labels(o) && o.labels != "auto")
    fail("--labels", fmt::format("is '{}', but nothing asks for labels; add --conditional", o.labels));
  if (!wants_labels(o) && !o.classes.empty())
    fail("--classes",
         fmt::format("names '{}', but nothing asks for classes; add --conditional", o.classes.substr(0, 60)));
  if (o.mode_seeking > 0 && o.batch_size % 2 != 0)
    fail("--diversity",
         fmt::format("compares halves of a batch; --batch-size {} must be even", o.batch_size));
  if (o.generator_target == "random" && !GanLoss(o.gan_mode, 0).has_labels())
    fail("--g-label", fmt::format("random needs labels, which --gan-mode {} has not", o.gan_mode));
  const std::vector<PlannedNetwork> networks = plan_networks(o);  // sizes that the networks cannot have
  const std::vector<std::string> frozen = split_names(o.freeze);
  for (const std::string& prefix : frozen) check_frozen(prefix, networks);
  if (!learns_anything(networks, frozen))
    fail("--freeze", "leaves nothing to learn; freeze a part, such as the first layers");
  parse_precision(o.precision, device);
  if (o.lr_policy == "linear" && o.epochs_decay <= 0)
    fail("--lr-policy",
         "linear needs --epochs-decay, the passes in which the rate falls; or use --lr-policy constant");
  if (o.lr_policy == "step" && o.epochs_decay <= 0)
    fail("--lr-policy",
         "step needs --epochs-decay, the passes between two steps; or use --lr-policy constant");
  if (o.lr_policy == "two-steps" && o.epochs_decay <= 0)
    fail("--lr-policy",
         "two-steps needs --epochs-decay, the passes that the two steps halve; or use --lr-policy constant");
}

Json to_json(const TrainOptions& options) {
  Json json = Json::object();
  json["model"] = options.model;
  visit_options(options, [&](const OptionInfo& info, const auto& value) {
    if (applies(info, options.model)) json[info.name] = value;
  });
  return json;
}

void update_from_json(TrainOptions& options, const Json& json, const std::string& where) {
  if (!json.is_object()) fail(where, "does not hold an object of options");
  for (const auto& entry : json.items()) {
    const std::string& key = entry.key();
    const Json& value = entry.value();
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', '-');
    if (name == "model") {
      options.model = convert<std::string>(value, name, where);
      continue;
    }
    if (name == "no-flip") {  // its old name, with the opposite meaning
      options.flip = !convert<bool>(value, name, where);
      continue;
    }
    bool found = false;
    visit_options(options, [&](const OptionInfo& info, auto& member) {
      if (name != info.name || !applies(info, options.model)) return;
      found = true;
      member = convert<std::remove_reference_t<decltype(member)>>(value, name, where);
    });
    if (!found)
      fail(where, fmt::format("unknown option '{}' for the model {}; sumi train {} --help lists them all",
                              key.substr(0, 60), options.model.substr(0, 60), options.model.substr(0, 60)));
  }
}

void update_from_config(TrainOptions& options, const std::string& path) {
  const std::string where = "config " + path;
  const std::string text = read_file(path, kMaxConfig);
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) fail(where, "is empty; give `name = value` lines or a JSON object");
  Json json;
  if (text[first] == '{') {
    json = parse_json(text, where, "it must be one flat object, as a run's options.json is", 1);
  } else {
    json = parse_lines(text, where);
  }
  const std::string model = options.model;
  std::string started_in;  // of a run's options.json
  if (const auto found = json.is_object() ? json.find(kStartedIn) : json.end(); found != json.end()) {
    started_in = convert<std::string>(*found, kStartedIn, where);
    json.erase(kStartedIn);
  }
  update_from_json(options, json, where);
  if (options.model != model)
    fail(where, fmt::format("is for the model {}, not {}", options.model.substr(0, 60), model));
  if (!started_in.empty()) resolve_paths(options, {started_in});
}

}  // namespace sumi
