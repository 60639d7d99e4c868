#include "models/inference/converter.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
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
    const auto a = static_cast<double>(peak_of(small));
    const auto start = std::chrono::steady_clock::now();
    const auto b = static_cast<double>(peak_of(large));
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    pixels_per_second_ = double(large) * large / std::max(seconds.count(), 1e-6);
    const double slope = std::max(0.0, (b - a) / (double(large) * large - double(small) * small));
    fit_ = Fit{std::max(0.0, b - slope * large * large) + kScratch, slope};
  }
  const double pixels = double(extended(scale() * width)) * extended(scale() * height);
  const double images = kImageBytes * network_.enlargement * network_.enlargement;
  return static_cast<std::uint64_t>(fit_->base + (kRounding * fit_->slope + images) * pixels);
}

std::uint64_t Converter::room() const {
  if (max_memory_ > 0) return max_memory_;
  const std::uint64_t left = available_();
  // Free blocks and scratch memory are reused before the system is asked for more.
  return left == 0 ? 0 : left + memory_held(network_.device) - Pool::of(network_.device).stats().in_use;
}

void Converter::check_memory(int width, int height, std::uint64_t need) {
  const std::uint64_t left = room();
  if (left == 0) return;  // the system does not report it
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

bool Converter::takes_tiles(int width, int height, std::uint64_t need) {
  if (!tiles_) return false;
  const int longest = std::max(extended(scale() * width), extended(scale() * height));
  if (tiles_->side > 0 ? tiles_->side >= longest : room() == 0 || need <= room()) return false;
  if (program_) return true;
  try {
    const int side = extended(64);
    program_ = record_program(
        network_.run, Tensor::zeros({1, side, side, network_.channels}, network_.dtype, network_.device));
  } catch (const Error&) {
    if (tiles_->side > 0) throw;
    return false;  // check_memory() says which size fits
  }
  return true;
}

void Converter::run_whole(const NetworkInput& input, Photo& result) {
  const Region whole{{0, input.height}, {0, input.width}};
  const std::int64_t factor = network_.enlargement;
  const Region enlarged{{0, factor * input.height}, {0, factor * input.width}};
  const Tensor made = network_.run(input.window(whole));
  const Shape expected{1, enlarged.rows.size(), enlarged.columns.size(), network_.channels};
  if (!(made.shape() == expected))
    fail("convert", fmt::format("the network drew {} where {} was expected; it does not keep the size",
                                made.shape().str(), expected.str()));
  result.rgb.resize(result.pixels() * 3);
  store_window(made, enlarged, result);
}

bool Converter::run_in_tiles(NetworkInput input, Photo& result) {
  TileRequest request;
  request.program = &*program_;
  request.multiple = std::max(network_.multiple, 1);
  request.smallest_side = network_.smallest_side;
  request.enlargement = network_.enlargement;
  request.options = *tiles_;
  // What is left also holds the result, the kernels' own memory, and where a limit was given the
  // photo.
  const std::uint64_t left = room();
  const std::uint64_t others =
      result.pixels() * (max_memory_ > 0 ? 12 : 6) + static_cast<std::uint64_t>(fit_->base);
  if (left > 0) request.memory = left > others ? left - others : 1;
  request.input = std::move(input);
  const int side = extended(256);
  const PassPlan plan = plan_passes(*program_, {1, side, side, network_.channels}, network_.dtype);
  double macs = 0;
  for (const Pass& pass : plan.passes) macs += pass_macs(plan, pass);
  request.macs_per_second = macs / side / side * pixels_per_second_;
  result.rgb.resize(result.pixels() * 3);
  return translate_in_tiles(request, result);
}

Photo Converter::operator()(const Photo& given, const Photo* mask) {
  const NoGrad no_grad;
  const TrimOnAllocate frugal;
  const std::vector<bool> hole = hole_of(given, mask, network_.degradation.task);
  const std::uint64_t need = predicted_bytes(given.width, given.height);
  // Blocks for layers of another size cannot be reused.
  if (given.width != last_width_ || given.height != last_height_) release_memory(network_.device);
  last_width_ = given.width, last_height_ = given.height;
  const bool tiled = takes_tiles(given.width, given.height, need);
  if (!tiled) check_memory(given.width, given.height, need);
  const Photo enlarged =
      scale() == 1 ? Photo{} : resize_photo(given, scale() * given.width, scale() * given.height);
  const Photo& photo = scale() == 1 ? given : enlarged;
  const bool gray = network_.channels == 1;
  Photo result{photo.width,  photo.height, std::max(photo.depth, network_.bits), {}, photo.alpha,
               photo.remark, gray};
  if (network_.enlargement > 1) {
    result.width *= network_.enlargement, result.height *= network_.enlargement;
    if (!photo.alpha.empty()) result.alpha = resize_photo(photo, result.width, result.height).alpha;
  }
  if (!hole.empty() && !mask) result.alpha.clear();  // it marked the holes
  NetworkInput input{&photo,
                     hole,
                     extended(photo.width),
                     extended(photo.height),
                     network_.channels,
                     gray || network_.degradation.task == RestorationTask::colorize,
                     network_.dtype,
                     network_.device};
  if (!tiled) {
    run_whole(input, result);
  } else if (!run_in_tiles(std::move(input), result)) {
    check_memory(given.width, given.height, need);
    fail("convert", "not even small tiles of the image fit in memory; shrink it with --max-size");
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
