// Training of the animator. A moment of a moving drawing differs from the next one in its lines
// alone, so the trunk, the flat colors and the still's line are frozen; the gradient ends at the
// hands' own layers. Where a stroke lies cannot be learned: a convolution does the same at every
// place. What a hand can learn is a function of what is drawn: how wide a stroke is, from which
// contrast on, how small, and how steadily it follows its edge.
#include "models/animator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "engine/image/stylize/lines.h"
#include "engine/image/stylize/style.h"
#include "models/options/comic_styles.h"
#include "models/options/option_groups.h"
#include "models/planned_network.h"
#include "models/registry.h"
#include "models/stylizer_styles.h"
#include "models/training/comic_examples.h"
#include "models/training/teachers.h"

namespace sumi {
namespace {

// Weights of the losses of a hand's alpha. A hand begins at a bold line, so a missing stroke counts
// as much as a false one: counted more, what cannot be foreseen is inked.
constexpr double kLine = 1, kLineEntropy = 0.2, kGradient = 1;
constexpr std::int64_t kStillOutputs = 7;  // of the still, before the further hands' lines

bool has_teacher(const std::string& style) {
  const auto& known = stylize::styles();
  return std::any_of(known.begin(), known.end(), [&](const auto& info) { return info.name == style; });
}

// Numbers of the styles that filters teach; all of them before a checkpoint named any.
std::vector<std::int64_t> taught_styles(const TrainOptions& o) {
  const std::vector<std::string> names = style_names(o);
  std::vector<std::int64_t> taught;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (has_teacher(names[i])) taught.push_back(static_cast<std::int64_t>(i));
  if (taught.empty()) taught.push_back(0);
  return taught;
}

Tensor channel(const Tensor& x, std::int64_t i) {
  const Shape& s = x.shape();
  return slice(x, {0, 0, 0, i}, {s.n, s.h, s.w, 1});
}

}  // namespace

Animator::Animator(const TrainOptions& o)
    : Stylizer(o),
      taught_(taught_styles(o)),
      choice_(style_choice(static_cast<std::int64_t>(styles().size()), taught_, dtype(), device())) {}

Animator::Examples Animator::examples_of(MicroBatch& batch) {
  Examples e{batch["input"], batch["lines"], batch["mixture"]};
  if (e.input) return e;
  const NoGrad no_grad;
  const Tensor all = affine(batch.input(0), 0.5, 0.5);
  const Shape s = all.shape();
  const std::int64_t hands = options().hands;
  e.input = batch["input"] = degraded(slice(all, {0, 0, 0, 0}, {s.n, s.h, s.w, 3}), examples());
  e.mixture = batch["mixture"] = one_hot_styles(s.n, choice_, examples());
  for (std::size_t i = 0; i < taught_.size(); ++i) {
    const Tensor chosen = slice(e.mixture, {0, 0, 0, taught_[i]}, {s.n, 1, 1, 1});
    const Tensor mine =
        mul(slice(all, {0, 0, 0, 3 + hands * static_cast<std::int64_t>(i)}, {s.n, s.h, s.w, hands}), chosen);
    e.lines = e.lines ? add(e.lines, mine) : mine;
  }
  batch["lines"] = e.lines;
  return e;
}

void Animator::train_step(Step& step) {
  step.minimize(trained(), [&](MicroBatch& batch, Losses& loss) {
    const Examples e = examples_of(batch);
    const Tensor all = comic().with_hands(e.input, e.mixture);
    const Shape s = all.shape();
    const std::int64_t further = options().hands - 1;
    const Tensor logits = affine(slice(all, {0, 0, 0, kStillOutputs}, {s.n, s.h, s.w, further}), 4, -2);
    const Tensor teacher = slice(e.lines, {0, 0, 0, 1}, {s.n, s.h, s.w, further});
    const Tensor made = sigmoid(logits), apart = sub(made, teacher);
    loss.add("loss_line", kLine, mean(abs(apart)));
    loss.add("loss_entropy", kLineEntropy, loss_mean(Loss::bce_logits, logits, teacher));
    loss.add("loss_gradient", kGradient, add(mean_step(apart, 1), mean_step(apart, 2)));
    // Two hands must differ by as much as their teachers, so that they do not meet at the mean.
    const Tensor lines = concat({sigmoid(line_logit(all)), made}, 3);
    Tensor alike;
    for (std::int64_t i = 0; i <= further; ++i)
      for (std::int64_t k = i + 1; k <= further; ++k) {
        const auto difference = [&](const Tensor& of) {
          return loss_mean(Loss::l1, channel(of, i), channel(of, k));
        };
        const Tensor missing = relu(sub(difference(e.lines), difference(lines)));
        alike = alike ? add(alike, missing) : missing;
      }
    loss.add("loss_diversity", options().group<AnimatorOptions>().lambda_diversity, alike);
  });
}

SampleGrid Animator::samples() {
  const NoGrad no_grad;
  SampleGrid sheet{{}, static_cast<int>(shown().size())};
  const std::int64_t style = taught_.front(), hands = options().hands;
  std::vector<double> weights(styles().size(), 0.0);
  weights[static_cast<std::size_t>(style)] = 1;
  std::vector<Tensor> photos, made;
  for (const Tensor& all : shown()) {
    const Shape& s = all.shape();
    photos.push_back(affine(slice(all, {0, 0, 0, 0}, {s.n, s.h, s.w, 3}), 0.5, 0.5));
    made.push_back(coefficients(photos.back(), weights, false, true));
    sheet.pictures.push_back(affine(photos.back(), 2, -1));
  }
  const auto show = [&](std::size_t i, const Tensor& line) {
    const Tensor flat = comic_layers(photos[i], made[i]).flat;
    sheet.pictures.push_back(affine(compose_comic({flat, line}, ink(style), opacity(style)), 2, -1));
  };
  for (std::int64_t k = 1; k < hands; ++k) {
    for (std::size_t i = 0; i < photos.size(); ++i) show(i, affine(channel(shown()[i], 3 + k), 0.5, 0.5));
    for (std::size_t i = 0; i < photos.size(); ++i)
      show(i, sigmoid(affine(channel(made[i], kStillOutputs + k - 1), 4, -2)));
  }
  return sheet;
}

bool Animator::grow_from(const CheckpointFile& file) {
  const NoGrad no_grad;
  for (const ParamArena::Slot& slot : trained().arena().slots()) {
    std::string name = slot.parameter.name;
    if (name.starts_with("g.hand.") && !file.has(name)) {
      const auto dec0 = name.find(".dec0.");
      if (dec0 == std::string::npos) continue;  // its line adds nothing yet
      name = "g" + name.substr(dec0);
    }
    const std::string average = "ema." + name;
    file.load(file.has(average) ? average : name, slot.parameter.value);
  }
  trained().restart_average();
  return true;
}

namespace {

TeacherSpec hand_teachers(const TrainOptions& o, const std::filesystem::path& fallback) {
  const std::vector<std::string> names = style_names(o);
  TeacherSpec spec{o.data_a, {}, o.cache, fallback, o.crop_size, o.workers};
  for (const std::int64_t i : taught_styles(o)) {
    const std::string& name = names[static_cast<std::size_t>(i)];
    if (!has_teacher(name))
      fail("--init",
           fmt::format("none of its styles ({}) is a filter's, whose hands teach", fmt::join(names, ", ")));
    spec.styles.push_back({name, name});
  }
  spec.hands = o.hands;
  return spec;
}

constexpr PackedExamples kPackedHands{
    .channels = [](const TrainOptions& o) { return hand_channels(taught_styles(o).size(), o.hands); },
    .make = [](const TrainOptions& o, const std::filesystem::path& fallback,
               const DatasetEvents& events) { return pack_teachers(hand_teachers(o, fallback), events); },
    .check =
        [](const TrainOptions& o) {
          if (o.data_a.empty()) fail("--data-a", "is missing: a folder of photographs");
          if (o.init.empty())
            fail("--init", "is missing: the stylizer whose lines the hands draw, such as comic");
        },
};

// Takes styles and sizes from the checkpoint, and freezes what stills are drawn with.
void settle_hands(TrainOptions& o) {
  if (o.init.empty()) return;
  const TrainOptions base = stylizer_of_init(o);
  const auto same = [&](const char* option, const std::string& given, const std::string& stored) {
    if (!given.empty() && given != stored) fail(option, "is that of the checkpoint of --init; leave it out");
  };
  same("--styles", o.styles, base.styles);
  same("--add-style", o.add_style, base.add_style);
  o.styles = base.styles;
  o.add_style = base.add_style;
  o.ngf = base.ngf;
  o.n_blocks = base.n_blocks;
  o.freeze = "g.enc0,g.enc1,g.enc2,g.dec1,g.dec0,g.head";
  if (o.n_blocks > 0) o.freeze += ",g.res";
  if (!o.add_style.empty()) o.freeze += ",g.own";
}

}  // namespace

void AnimatorOptions::add_rows(OptionTable& t) {
  add_photograph_rows(t);
  t.add("styles", &TrainOptions::styles)
      .help("styles of the checkpoint of --init, which gives them")
      .placeholder("NAME...")
      .many();
  t.add("add-style", &TrainOptions::add_style)
      .help("those that were added to it")
      .placeholder("NAME...")
      .many();
  t.heading("Training");
  t.add("lambda-diversity", &AnimatorOptions::lambda_diversity)
      .help("weight of the loss of two hands that differ less than their teachers")
      .range(0, 1e6);
  t.heading("Networks");
  t.add("hands", &TrainOptions::hands)
      .help("hands that draw lines in turn; the first one draws stills, and stays as it is")
      .range(2, stylize::kLineHands);
  t.add("ngf", &TrainOptions::ngf).help("channels of the first layer, as in --init").range(1, 4096);
  t.add("n-blocks", &TrainOptions::n_blocks).help("residual blocks, as in --init").range(0, 64);
  leave_out_replaced_rows(t, "animator");
}

extern const ModelSpec animator_spec{
    .name = "animator",
    .starts_from = {"stylizer"},
    .summary = "hands that redraw the lines of a stylizer, for stills that move",
    .reference = "our own; one trunk with several heads as in Lee 2015, \"Why M heads are better than one\"",
    .data = "photographs, and a stylizer whose styles are filters",
    .requirements = {.packed = &kPackedHands},
    .options = add_groups<CommonOptions, AnimatorOptions>,
    .set_defaults =
        [](TrainOptions& o) {
          set_stylizer_defaults(o);
          o.ema = 0;  // an average of frozen weights is off by its rounding
          o.hands = stylize::kLineHands;
          o.steps = 1500;
        },
    .check = check_stylizer_run,
    .settle = settle_hands,
    .networks =
        [](const TrainOptions& o) {
          std::vector<PlannedNetwork> planned;
          planned.push_back({"g", stylizer_network(o), {1, o.crop_size, o.crop_size, 3}});
          return planned;
        },
    .make = [](const TrainOptions& o) -> std::unique_ptr<Model> { return std::make_unique<Animator>(o); },
};

}  // namespace sumi
