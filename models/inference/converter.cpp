#include "models/inference/converter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/autograd.h"
#include "engine/error.h"
#include "engine/runtime/memory.h"
#include "engine/runtime/trim_on_allocate.h"

namespace sumi {
namespace {

constexpr double kImageBytes = 64, kRounding = 1.125, kScratch = 8 << 20;

int round_up(int value, int multiple) {
  return (value + multiple - 1) / multiple * multiple;
}

// Source of pixel i of an extended row of `size` pixels.
int source_of(int i, int size, int extended) {
  if (i < size) return i;
  return extended - size < size ? 2 * (size - 1) - i : size - 1;
}

// Pixels to be filled in; empty unless the task is inpainting.
std::vector<bool> hole_of(const Photo& photo, const Photo* mask, RestorationTask task) {
  std::vector<bool> hole;
  if (task != RestorationTask::inpaint) {
    if (mask) fail("--mask", "is for models that were trained with --task inpaint; leave it out");
    return hole;
  }
  if (mask && (mask->width != photo.width || mask->height != photo.height))
    fail("--mask", fmt::format("is {}x{}, but the image {}x{}; make the mask as large as the image",
                               mask->width, mask->height, photo.width, photo.height));
  if (mask)
    for (std::size_t i = 0; i < photo.pixels(); ++i) hole.push_back(mask->rgb[3 * i + 1] >= 0x8000);
  else
    for (const std::uint16_t a : photo.alpha) hole.push_back(a < 0xffff);
  if (std::find(hole.begin(), hole.end(), true) == hole.end())
    fail("convert",
         "there is no hole to fill: erase parts of the image, so that they are transparent, or give an "
         "image of the same size, white where the holes are, as --mask");
  return hole;
}

// [1, height, width, channels] in [-1, 1]; kMaskValue in the holes.
Tensor to_tensor(const Photo& photo, const std::vector<bool>& hole, int width, int height,
                 const ImageNetwork& network) {
  const bool gray = network.channels == 1 || network.degradation.task == RestorationTask::colorize;
  const auto c = static_cast<std::size_t>(network.channels);
  std::vector<float> values(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * c);
  float* to = values.data();
  for (int y = 0; y < height; ++y) {
    const auto row =
        static_cast<std::size_t>(source_of(y, photo.height, height)) * static_cast<std::size_t>(photo.width);
    for (int x = 0; x < width; ++x) {
      const std::size_t from = row + static_cast<std::size_t>(source_of(x, photo.width, width));
      const std::uint16_t* p = photo.rgb.data() + 3 * from;
      const float luma = 0.299F * p[0] + 0.587F * p[1] + 0.114F * p[2];
      for (std::size_t k = 0; k < c; ++k)
        *to++ = !hole.empty() && hole[from] ? kMaskValue : (gray ? luma : p[k]) / 32767.5F - 1;
    }
  }
  return Tensor::from(values, {1, height, width, network.channels}, network.dtype, network.device);
}

std::uint16_t to_16(float v) {
  return static_cast<std::uint16_t>(std::lround((std::clamp(v, -1.0F, 1.0F) + 1) * 32767.5F));
}

void check_finite(const std::vector<float>& values) {
  const auto bad = std::find_if(values.begin(), values.end(), [](float v) { return !std::isfinite(v); });
  if (bad != values.end())
    fail("convert", fmt::format("the network drew {}; its weights are damaged; take an earlier checkpoint",
                                std::isnan(*bad) ? "NaN" : "infinity"));
}

double gib(double bytes) {
  return bytes / (1 << 30);
}

}  // namespace

ImageNetwork image_network(Model& model, const std::string& direction, bool raw) {
  const std::vector<std::string> known = model.directions();
  const std::string chosen = direction.empty() && !known.empty() ? known.front() : direction;
  const Model::Translator translator = model.translator(chosen);  // throws for models without directions
  if (std::find(known.begin(), known.end(), chosen) == known.end())
    fail("--direction", fmt::format("the model has no {}; use {}", chosen, fmt::join(known, " or ")));
  const Tensor first = translator.module->parameters().front().value;
  ImageNetwork network;
  network.run = [&model, chosen, raw](const Tensor& x) { return model.translate(x, chosen, raw); };
  network.multiple = translator.multiple;
  network.smallest_side = translator.smallest_side;
  network.degradation = translator.degradation;
  network.bits = translator.bits;
  network.dtype = first.dtype();
  network.device = first.device();
  for (const Model::Network& n : model.networks())
    if (n.module == translator.module) network.channels = static_cast<int>(n.input.c);
  return network;
}

Converter::Converter(ImageNetwork network, std::uint64_t max_memory, std::function<std::uint64_t()> available)
    : network_(std::move(network)), max_memory_(max_memory), available_(std::move(available)) {
  if (!available_) available_ = [device = network_.device] { return available_memory(device); };
  if (network_.channels != 1 && network_.channels != 3)
    fail("convert", fmt::format("the network has {} channels; use one with 1 or 3", network_.channels));
}

int Converter::extended(int side) const {
  return round_up(std::max(side, network_.smallest_side), std::max(network_.multiple, 1));
}

std::uint64_t Converter::peak_of(int side) {
  release_memory(network_.device);
  Pool& pool = Pool::of(network_.device);
  pool.reset_peak();
  const std::uint64_t before = pool.stats().in_use;
  network_.run(Tensor::full({1, side, side, network_.channels}, 0, network_.dtype, network_.device));
  const std::uint64_t scratch = memory_held(network_.device) - pool.stats().held;
  release_memory(network_.device);
  return pool.stats().peak_in_use - before + scratch;
}

std::uint64_t Converter::predicted_bytes(int width, int height) {
  if (!fit_) {
    const NoGrad no_grad;
    const TrimOnAllocate frugal;
    const int small = extended(128), large = extended(2 * small);
    peak_of(small);  // a warm-up: excludes allocations that are made once and kept
    const auto a = static_cast<double>(peak_of(small)), b = static_cast<double>(peak_of(large));
    const double slope = std::max(0.0, (b - a) / (double(large) * large - double(small) * small));
    fit_ = Fit{std::max(0.0, b - slope * large * large) + kScratch, slope};
  }
  const double pixels = double(extended(scale() * width)) * extended(scale() * height);
  return static_cast<std::uint64_t>(fit_->base + (kRounding * fit_->slope + kImageBytes) * pixels);
}

void Converter::check_memory(int width, int height, std::uint64_t need) {
  std::uint64_t left = max_memory_;
  if (max_memory_ == 0) {
    left = available_();
    if (left == 0) return;  // the system does not report it
    // Free blocks and scratch memory are reused before the system is asked for more.
    left += memory_held(network_.device) - Pool::of(network_.device).stats().in_use;
  }
  if (need <= left) return;
  const std::string problem = fmt::format(
      "an image of {}x{} needs about {:.2f} GiB of memory, but {:.2f} are {}", width, height,
      gib(double(need)), gib(double(left)), max_memory_ > 0 ? "allowed (--max-memory)" : "available");
  const auto needed_at = [&](int max_size) {
    const auto [w, h] = limited_size(width, height, max_size);
    return predicted_bytes(w, h);
  };
  // Available memory fluctuates; keep a tenth in reserve.
  const std::uint64_t room = max_memory_ > 0 ? left : left / 10 * 9;
  if (needed_at(1) > room) {
    const double least = std::ceil(gib(double(needed_at(1))) * 1000) / 1000;
    fail("convert",
         max_memory_ > 0
             ? fmt::format("{}; no size fits: raise --max-memory to {:.3f} or more", problem, least)
             : fmt::format("{}; no size fits, the smallest needs {:.3f}: close other programs", problem,
                           least));
  }
  int fits = 1, too_large = std::max(width, height);
  while (too_large - fits > 1) {
    const int middle = fits + (too_large - fits) / 2;
    (needed_at(middle) <= room ? fits : too_large) = middle;
  }
  if (fits > 16) fits = fits / 16 * 16;  // a round number
  fail("convert", fmt::format("{}; shrink it with --max-size {}", problem, fits));
}

Photo Converter::operator()(const Photo& given, const Photo* mask) {
  const NoGrad no_grad;
  const TrimOnAllocate frugal;
  const std::vector<bool> hole = hole_of(given, mask, network_.degradation.task);
  const std::uint64_t need = predicted_bytes(given.width, given.height);
  // Blocks for layers of another size cannot be reused.
  if (given.width != last_width_ || given.height != last_height_) release_memory(network_.device);
  last_width_ = given.width, last_height_ = given.height;
  check_memory(given.width, given.height, need);
  const Photo enlarged =
      scale() == 1 ? Photo{} : resize_photo(given, scale() * given.width, scale() * given.height);
  const Photo& photo = scale() == 1 ? given : enlarged;
  const int width = extended(photo.width), height = extended(photo.height);
  Tensor drawn = network_.run(to_tensor(photo, hole, width, height, network_));
  const Shape expected{1, height, width, network_.channels};
  if (!(drawn.shape() == expected))
    fail("convert", fmt::format("the network drew {} where {} was expected; it does not keep the size",
                                drawn.shape().str(), expected.str()));
  const std::vector<float> values = drawn.to_vector<float>();
  drawn = Tensor();
  check_finite(values);
  const bool gray = network_.channels == 1;
  Photo result{photo.width,  photo.height, std::max(photo.depth, network_.bits), {}, photo.alpha,
               photo.remark, gray};
  if (!hole.empty() && !mask) result.alpha.clear();  // it marked the holes
  result.rgb.resize(result.pixels() * 3);
  std::uint16_t* to = result.rgb.data();
  const auto c = static_cast<std::size_t>(network_.channels);
  for (int y = 0; y < photo.height; ++y) {
    const float* p = values.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) * c;
    for (int x = 0; x < photo.width; ++x, p += c)
      for (std::size_t k = 0; k < 3; ++k) *to++ = to_16(p[c == 3 ? k : 0]);
  }
  for (std::size_t i = 0; i < hole.size(); ++i) {
    if (hole[i]) continue;
    const std::uint16_t* kept = photo.rgb.data() + 3 * i;
    for (std::size_t k = 0; k < 3; ++k) result.rgb[3 * i + k] = gray ? luma(kept) : kept[k];
  }
  return result;
}

std::pair<int, int> limited_size(int width, int height, int max_size) {
  const int longest = std::max(width, height);
  if (max_size <= 0 || longest <= max_size) return {width, height};
  const auto shrunk = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(double(side) * max_size / longest)));
  };
  return {shrunk(width), shrunk(height)};
}

}  // namespace sumi
