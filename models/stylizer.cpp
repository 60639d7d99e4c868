// Training of the stylizer: for each photograph, the teacher of a style provides a flat image and
// the alpha of its lines as targets. Two outputs with one target each keep the network bold; a
// single output for the finished image would converge to a blend of photograph and drawing. With
// --drawings a discriminator compares the line layer alone with strokes from drawings, so that its
// loss cannot move the colors.
#include "models/stylizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/image/stylize/lines.h"
#include "engine/runtime/device.h"
#include "models/networks/translation_networks.h"
#include "models/options/comic_styles.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/stylizer_styles.h"
#include "models/training/comic_examples.h"
#include "models/training/rng_streams.h"
#include "models/training/teachers.h"

namespace sumi {
namespace {

// Weights of the losses, all on images in [0,1].
constexpr double kPicture = 1, kFlat = 1, kLine = 0.5, kGradient = 1;
// Weight of the line's cross-entropy, which is added to its L1 loss: where the network finds no
// line at first, the sigmoid saturates and the L1 loss has no gradient.
constexpr double kLineEntropy = 0.1;
constexpr double kMissingInk = 3;  // weight of a missing line relative to a false one
// The learning rate warms up because the first layers have no norm, and then falls by half a
// cosine.
constexpr double kWarmUp = 0.02, kLastRate = 1e-5;
// The discriminator of lines: a patch discriminator of 34 pixels. Noise of this standard deviation
// hides that the network's alpha is never exactly 0 or 1.
constexpr int kJudgeWidth = 24, kJudgeLayers = 2;
constexpr double kJudgeNoise = 0.05, kJudgeRate = 4e-4;
constexpr double kSoftShare = 0.5;  // weight of strokes with soft edges, as generated ones

std::unique_ptr<Module> line_discriminator(TrainOptions o) {
  o.channels = 1;
  o.norm = "none";
  o.ndf = kJudgeWidth;
  o.n_layers_d = kJudgeLayers;
  return patch_discriminator(o);
}

Tensor table(const std::vector<double>& values, std::int64_t columns, const TrainOptions& o) {
  const auto rows = static_cast<std::int64_t>(values.size()) / columns;
  return Tensor::from(values, Shape::matrix(rows, columns), dtype_of(o), parse_device(o.device));
}

}  // namespace

std::unique_ptr<Module> stylizer_network(const TrainOptions& o) {
  const ComicSize size{o.ngf, o.n_blocks, static_cast<int>(style_names(o).size()),
                       static_cast<int>(added_styles(o).size()), o.hands};
  return std::make_unique<ComicNetwork>(size, dtype_of(o), parse_device(o.device));
}

Stylizer::Stylizer(const TrainOptions& o)
    : Model(o),
      styles_(style_names(o)),
      first_(static_cast<std::int64_t>(styles_.size() - count_learned(o))),
      learned_(static_cast<std::int64_t>(count_learned(o))),
      network_(dynamic_cast<ComicNetwork&>(network("g"))),
      stream_(random_stream("examples", RngStream::stylizer_examples)) {
  RandomStream init(o.seed, stream_number(RngStream::init));
  network_.initialize(init);  // by the network's own rule
  trained_ = &generators({"g"}, o.lr);
  if (!o.drawings.empty()) judge_ = &discriminator("d", RngStream::discriminator);
  std::vector<double> inks, opacities;
  for (const std::string& style : styles_) {
    const ComicInk ink = comic_ink(style);
    inks.insert(inks.end(), ink.color.begin(), ink.color.end());
    opacities.push_back(ink.opacity);
  }
  ink_ = table(inks, 3, o);
  opacity_ = table(opacities, 1, o);
  std::vector<std::int64_t> learned(static_cast<std::size_t>(learned_));
  std::iota(learned.begin(), learned.end(), first_);
  choice_ = style_choice(ink_.shape().n, learned, ink_.dtype(), ink_.device());
  std::vector<double> soft;
  for (const int y : {1, 4, 6, 4, 1})
    for (const int x : {1, 4, 6, 4, 1}) soft.push_back(y * x / 256.0);
  soft_ = Tensor::from(soft, {1, 5, 5, 1}, dtype(), device());
}

void Stylizer::begin_step(const Step::Kind&) {
  const double done = static_cast<double>(trained_->updates()) /
                      static_cast<double>(std::max<std::int64_t>(options().steps, 1));
  const double cosine = 0.5 * (1 + std::cos(std::numbers::pi * std::min(done, 1.0)));
  trained_->set_lr(options().lr * std::clamp(done / kWarmUp, 1e-2, 1.0) * cosine + kLastRate);
}

Stylizer::Examples Stylizer::draw_examples(const Tensor& batch) {
  const NoGrad no_grad;
  const Shape s = batch.shape();
  const Tensor all = affine(batch, 0.5, 0.5);
  Examples e;
  e.input = degraded(slice(all, {0, 0, 0, 0}, {s.n, s.h, s.w, 3}), stream_);
  e.mixture = one_hot_styles(s.n, choice_, stream_);
  Tensor planes;
  for (std::int64_t i = 0; i < learned_; ++i) {
    const Tensor chosen = slice(e.mixture, {0, 0, 0, first_ + i}, {s.n, 1, 1, 1});
    const Tensor mine = mul(slice(all, {0, 0, 0, 3 + 4 * i}, {s.n, s.h, s.w, 4}), chosen);
    planes = planes ? add(planes, mine) : mine;
  }
  e.teacher = {slice(planes, {0, 0, 0, 0}, {s.n, s.h, s.w, 3}),
               slice(planes, {0, 0, 0, 3}, {s.n, s.h, s.w, 1})};
  return e;
}

Stylizer::Examples Stylizer::examples_of(MicroBatch& batch) {
  Examples e{batch["input"], {batch["flat"], batch["line"]}, batch["mixture"], {}, {}};
  if (!e.input) {
    e = draw_examples(batch.input(0));
    batch["input"] = e.input;
    batch["flat"] = e.teacher.flat;
    batch["line"] = e.teacher.line;
    batch["mixture"] = e.mixture;
  }
  e.ink = matmul(e.mixture, ink_);
  e.opacity = matmul(e.mixture, opacity_);
  return e;
}

Tensor Stylizer::made_coefficients(MicroBatch& batch) {
  const Examples e = examples_of(batch);
  return batch.generate("coefficients", [&] { return network_(e.input, e.mixture); });
}

DiscriminatorInputs Stylizer::judged_lines(MicroBatch& batch) {
  const Tensor made = sigmoid(line_logit(made_coefficients(batch)));
  const NoGrad no_grad;
  const Shape s = made.shape();
  const Tensor strokes = slice(batch.input(0), {0, 0, 0, batch.input(0).shape().c - 1}, s);
  const Tensor softer = conv2d(pad2d(strokes, {PadMode::reflect, 2, 2, 2, 2}), soft_, {}, {});
  return {{strokes, true}, {affine(made, 2, -1), false}, {softer, false, kSoftShare}};
}

void Stylizer::train_step(Step& step) {
  if (judge_) step.train(*judge_, [&](MicroBatch& batch) { return judged_lines(batch); });
  step.minimize(*trained_, [&](MicroBatch& batch, Losses& loss) {
    const Examples e = examples_of(batch);
    const Tensor coefficients = made_coefficients(batch);
    const ComicLayers made = comic_layers(e.input, coefficients);
    const Tensor apart =
        sub(compose_comic(made, e.ink, e.opacity), compose_comic(e.teacher, e.ink, e.opacity));
    const Tensor line = mul(abs(sub(made.line, e.teacher.line)), affine(e.teacher.line, kMissingInk, 1));
    loss.add("loss_picture", kPicture, loss_mean(Loss::l1, apart, 0));
    loss.add("loss_flat", kFlat, loss_mean(Loss::l1, made.flat, e.teacher.flat));
    loss.add("loss_line", kLine, mean(line));
    loss.add("loss_entropy", kLineEntropy,
             loss_mean(Loss::bce_logits, line_logit(coefficients), e.teacher.line));
    loss.add("loss_gradient", kGradient, add(mean_step(apart, 1), mean_step(apart, 2)));
    if (judge_)
      loss.add("loss_g", options().lambda_adv, judge_->generator_loss(affine(made.line, 2, -1), {}));
  });
}

Tensor Stylizer::coefficients(const Tensor& photos, const std::vector<double>& weights, bool raw,
                              bool with_hands) {
  const NoGrad no_grad;
  const TrainableNetworks::UseEmaWeights averaged(*trained_, !raw);
  const auto count = static_cast<std::int64_t>(weights.size());
  const Tensor mixture = Tensor::from(weights, Shape::matrix(1, count), photos.dtype(), photos.device());
  const Tensor mixtures = broadcast_to(mixture, Shape::matrix(photos.shape().n, count));
  return with_hands ? network_.with_hands(photos, mixtures) : network_(photos, mixtures);
}

SampleGrid Stylizer::samples() {
  const NoGrad no_grad;
  SampleGrid sheet{{}, static_cast<int>(shown_.size())};
  const auto as_sample = [](const Tensor& x) { return affine(x, 2, -1); };
  const auto planes = [](const Tensor& all, std::int64_t first, std::int64_t count) {
    const Shape& s = all.shape();
    return affine(slice(all, {0, 0, 0, first}, {s.n, s.h, s.w, count}), 0.5, 0.5);
  };
  for (const Tensor& all : shown_) sheet.pictures.push_back(as_sample(planes(all, 0, 3)));
  for (std::int64_t i = 0; i < learned_; ++i) {
    const std::int64_t style = first_ + i;
    std::vector<double> weights(styles_.size(), 0.0);
    weights[static_cast<std::size_t>(style)] = 1;
    const Tensor ink = this->ink(style), opacity = this->opacity(style);
    for (const Tensor& all : shown_)
      sheet.pictures.push_back(
          as_sample(compose_comic({planes(all, 3 + 4 * i, 3), planes(all, 6 + 4 * i, 1)}, ink, opacity)));
    for (const Tensor& all : shown_) {
      const Tensor photo = planes(all, 0, 3);
      sheet.pictures.push_back(
          as_sample(compose_comic(comic_layers(photo, coefficients(photo, weights, false)), ink, opacity)));
    }
  }
  return sheet;
}

Model::Translator Stylizer::translator(const std::string&) const {
  return {"g", &network_, ComicNetwork::kMultiple, ComicNetwork::kSmallestSide};
}

Tensor Stylizer::translate(const Tensor& pictures, const std::string&, bool raw) {
  const NoGrad no_grad;
  std::vector<double> weights(styles_.size(), 0.0);
  weights[0] = 1;
  const Tensor photo = affine(pictures, 0.5, 0.5),
               first = Tensor::from(weights, Shape::matrix(1, ink_.shape().n), ink_.dtype(), ink_.device());
  const ComicLayers layers = comic_layers(photo, coefficients(photo, weights, raw));
  return affine(clamp01(compose_comic(layers, matmul(first, ink_), matmul(first, opacity_))), 2, -1);
}

// Each row of a table of scales or shifts is a style's; the new style begins as the first one.
bool Stylizer::grow_from(const CheckpointFile& file) {
  if (options().add_style.empty()) {
    const bool judged = file.has("d.model.0.bias");
    if (judge_ && !judged) trained_->load(file, false);  // of a run without the discriminator
    return judge_ && !judged;
  }
  const NoGrad no_grad;
  const std::string newest = fmt::format("g.own.{}.", added_styles(options()).size() - 1);
  const auto stored = [&](const std::string& name, const Shape& shape) {
    Tensor value = Tensor::zeros(shape, ink_.dtype(), ink_.device());
    const std::string average = "ema." + name;
    file.load(file.has(average) ? average : name, value);
    return value;
  };
  for (const ParamArena::Slot& slot : trained_->arena().slots()) {
    const std::string& name = slot.parameter.name;
    const Tensor& value = slot.parameter.value;
    const bool fresh = name.starts_with(newest), is_table = !name.ends_with("conv.weight");
    const std::string source = fresh ? "g." + name.substr(newest.size()) : name;
    if (!is_table || (name.starts_with("g.own.") && !fresh)) {
      value.assign(stored(source, value.shape()));
      continue;
    }
    const std::int64_t before = static_cast<std::int64_t>(styles_.size()) - 1, columns = value.shape().c;
    const Tensor rows = stored(source, Shape::matrix(before, columns));
    const Tensor first = slice(rows, {0, 0, 0, 0}, Shape::matrix(1, columns));
    value.assign(fresh ? first : concat({rows, first}, 0));
  }
  trained_->restart_average();
  return true;
}

Stylizer* as_stylizer(Model& model) {
  return dynamic_cast<Stylizer*>(&model);
}

namespace {

TeacherSpec teacher_spec(const TrainOptions& o, const std::filesystem::path& fallback) {
  return {o.data_a, learned_styles(o), o.cache, fallback, o.crop_size, o.workers, o.drawings};
}

constexpr PackedExamples kPacked{
    .channels = [](const TrainOptions& o) { return teacher_channels(count_learned(o), !o.drawings.empty()); },
    .make = [](const TrainOptions& o, const std::filesystem::path& fallback,
               const DatasetEvents& events) { return pack_teachers(teacher_spec(o, fallback), events); },
    .check =
        [](const TrainOptions& o) {
          if (o.data_a.empty()) fail("--data-a", "is missing: a folder of photographs");
          check_added_style(o);
          if (o.add_style.empty() && o.styles.empty())
            fail("--styles", "is missing: NAME=FILTER or NAME=FOLDER, what teaches a style");
        },
};

}  // namespace

void add_photograph_rows(OptionTable& t) {
  t.heading("Data");
  t.add("data-a", &TrainOptions::data_a)
      .help("photographs")
      .placeholder("DIR")
      .alias("--photo")
      .path()
      .on_resume();
  t.add("crop-size", &TrainOptions::crop_size)
      .help("side of the random crops")
      .placeholder("PX")
      .range(ComicNetwork::kSmallestSide, 16384);
}

void leave_out_replaced_rows(OptionTable& t, const char* model) {
  const auto never = [](const TrainOptions&) { return false; };
  for (const char* name : {"init-type", "init-gain"})
    t.at(name).only_with(fmt::format("models other than {}", model).c_str(), never);
  for (const char* name : {"lr-policy", "epochs", "epochs-decay"})
    t.at(name).not_with(fmt::format("{}'s own schedule", model).c_str(), never);
}

void StylizerOptions::add_rows(OptionTable& t) {
  add_photograph_rows(t);
  t.add("styles", &TrainOptions::styles)
      .help("styles, each with its teacher: a folder of planes or a filter")
      .placeholder("NAME=TEACHER...")
      .alias("--style")
      .many()
      .on_resume();
  t.add("add-style", &TrainOptions::add_style)
      .help("learn a style beside those of --init, whose networks stay as they are")
      .placeholder("NAME=TEACHER")
      .many()
      .on_resume();
  t.add("drawings", &TrainOptions::drawings)
      .help("drawings: a discriminator of lines takes their strokes for real")
      .placeholder("DIR")
      .path()
      .on_resume();
  t.heading("Training");
  t.add("lambda-adv", &TrainOptions::lambda_adv)
      .help("weight of the loss of the discriminator of lines")
      .range(0, 1e6)
      .only_with("--drawings", [](const TrainOptions& o) { return !o.drawings.empty(); });
  t.heading("Networks");
  t.add("ngf", &TrainOptions::ngf)
      .help("channels of the first layer; the widest have four times as many")
      .range(1, 4096);
  t.add("n-blocks", &TrainOptions::n_blocks).help("residual blocks").range(0, 64);
  t.add("hands", &TrainOptions::hands)
      .help("hands that draw lines in turn, as in --init; sumi train animator trains them")
      .range(1, stylize::kLineHands)
      .only_with("--add-style", [](const TrainOptions& o) { return !o.add_style.empty(); });
  leave_out_replaced_rows(t, "stylizer");
}

void set_stylizer_defaults(TrainOptions& o) {
  o.preprocess = "crop";
  o.crop_size = 128;
  o.batch_size = 8;
  o.ngf = 16;
  o.n_blocks = 4;
  o.lr = 2e-3;
  o.beta1 = 0.9;
  o.beta2 = 0.99;
  o.clip_grad_norm = 1;
  o.ema = 0.999;
  o.gan_mode = "hinge";
  o.spectral_norm = true;
  o.instance_noise = kJudgeNoise;
  o.lr_d = kJudgeRate;
  o.steps = 25000;
  o.epochs = 0;
}

void check_stylizer_run(const TrainOptions& o) {
  style_names(o);
  if (o.steps == 0)
    fail("--steps", fmt::format("is 0, but {}'s learning rate follows the run's length in steps", o.model));
  if (o.channels != 3)
    fail("--channels", fmt::format("{} is not possible for {}; use 3", o.channels, o.model));
  if (o.crop_size % ComicNetwork::kMultiple != 0 || o.crop_size < ComicNetwork::kSmallestSide)
    fail("--crop-size", fmt::format("{} is not possible for {}; use a multiple of {} from {} on", o.crop_size,
                                    o.model, ComicNetwork::kMultiple, ComicNetwork::kSmallestSide));
}

extern const ModelSpec stylizer_spec{
    .name = "stylizer",
    .starts_from = {"animator"},
    .summary = "photographs to comics in several styles at once, learned from filters",
    .reference = "distillation (Hinton 2015) with conditional scales and shifts (Dumoulin 2017, Perez 2018)",
    .data = "photographs, and for each style a folder of flat and line planes",
    .requirements = {.packed = &kPacked},
    .options = add_groups<CommonOptions, StylizerOptions>,
    .set_defaults = set_stylizer_defaults,
    .check = check_stylizer_run,
    .settle = settle_added_style,
    .networks =
        [](const TrainOptions& o) {
          std::vector<PlannedNetwork> planned;
          planned.push_back({"g", stylizer_network(o), {1, o.crop_size, o.crop_size, 3}});
          if (!o.drawings.empty())
            planned.push_back(
                {"d", line_discriminator(o), {1, o.crop_size, o.crop_size, 1}, InitOptions{"normal", 0.02}});
          return planned;
        },
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<Stylizer>(o); },
};

}  // namespace sumi
