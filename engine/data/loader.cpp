// BatchLoader: the selection, order, crop and mirroring of images, and their conversion to floats.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <numeric>

#include "engine/data/dataset.h"
#include "engine/data/pairs.h"
#include "engine/data/preprocess.h"
#include "kernels/base/check.h"
#include "kernels/base/philox.h"

namespace sumi {
namespace {

// Random streams that nothing else in a run uses ("orde", "draw", "flip", "crop", "dama" in the
// upper half).
constexpr std::uint64_t kOrderStream = 0x6f72646500000000ULL, kFlipStream = 0x666c697000000000ULL,
                        kCropStream = 0x63726f7000000000ULL, kDrawStream = 0x6472617700000000ULL,
                        kDamageStream = 0x64616d6100000000ULL;

// A separate stream for each domain and each of its rounds through its images.
std::uint64_t stream_of(std::uint64_t base, std::size_t domain, std::int64_t round) {
  return (base ^ (std::uint64_t{domain} << 32)) + static_cast<std::uint64_t>(round);
}

using Order = std::vector<std::int64_t>;

// Fisher-Yates shuffle. The bias of the remainder is below count / 2^64.
Order shuffled(std::int64_t count, std::uint64_t seed, std::uint64_t stream) {
  Order order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (auto i = static_cast<std::uint64_t>(count) - 1; i > 0; --i) {
    const auto w = philox::words(seed, stream, i);
    const std::uint64_t random = (std::uint64_t{w.v[0]} << 32) | w.v[1];
    std::swap(order[i], order[random % (i + 1)]);
  }
  return order;
}

// A uniform index below `count`, up to a bias of count / 2^64.
std::int64_t drawn(std::int64_t count, const philox::Words& random) {
  const std::uint64_t word = (std::uint64_t{random.v[0]} << 32) | random.v[1];
  return static_cast<std::int64_t>(word % static_cast<std::uint64_t>(count));
}

// A level mapped to [-1, 1].
template <class Level>
float unit_value(Level level) {
  return static_cast<float>(level / (std::numeric_limits<Level>::max() / 2.0) - 1);
}
template <>
float unit_value(std::uint8_t level) {
  static const auto table = [] {
    std::array<float, 256> t{};
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(static_cast<double>(i) / 127.5 - 1);
    return t;
  }();
  return table[level];
}

// Uniform in [0, n), up to 2^-32.
std::int64_t below(std::uint32_t word, std::int64_t n) {
  return static_cast<std::int64_t>((std::uint64_t{word} * static_cast<std::uint64_t>(n)) >> 32);
}

void check_count(const Dataset& data, int batch_size) {
  if (batch_size > data.count())
    fail("data " + data.source().string(),
         fmt::format("has {} image{}, fewer than one batch of {}; lower --batch-size to {}, add images, "
                     "or draw each from the whole set with --sample-with-replacement",
                     data.count(), data.count() == 1 ? "" : "s", batch_size, data.count()));
}

// `sides`: images per item.
void check_sizes(const Dataset& data, int batch_size, int crop, int sides) {
  const auto where = "data " + data.source().string();
  for (std::int64_t i = 0; i < data.count(); ++i) {
    const int w = data.width(i) / sides, h = data.height(i);
    if (crop > 0 && (w < crop || h < crop))
      fail(where,
           fmt::format("has an image of {}x{}, smaller than crops of {}; open it with the crop size of "
                       "the batches",
                       w, h, crop));
    if (crop == 0 && batch_size > 1 && (w != data.width(0) / sides || h != data.height(0)))
      fail(where, fmt::format("has images of {}x{} and of {}x{}, which cannot share a batch; use "
                              "--batch-size 1, or preprocessing that crops",
                              data.width(0) / sides, data.height(0), w, h));
  }
}

}  // namespace

// The orders of the two most recent rounds: workers may be on both sides of a boundary.
struct BatchLoader::Orders {
  std::mutex mutex;
  std::array<std::pair<std::int64_t, std::shared_ptr<const Order>>, 2> slots{{{-1, nullptr}, {-1, nullptr}}};

  std::int64_t item(std::int64_t count, std::uint64_t seed, std::size_t domain, std::int64_t round,
                    std::int64_t index) {
    const std::lock_guard lock(mutex);
    auto& [held, order] = slots[static_cast<std::size_t>(round % 2)];
    if (held != round) {
      order = std::make_shared<const Order>(shuffled(count, seed, stream_of(kOrderStream, domain, round)));
      held = round;
    }
    return (*order)[static_cast<std::size_t>(index)];
  }
};

BatchLoader::BatchLoader(std::vector<Dataset> domains, const DatasetSpec& spec)
    : domains_(std::move(domains)),
      batch_size_(spec.batch_size),
      workers_(spec.workers),
      seed_(spec.seed),
      flip_(spec.flip),
      replacement_(spec.replacement),
      crop_(io::is_cropped(spec.preprocess) ? spec.crop_size : 0),
      pairs_(spec.pairs),
      from_b_(spec.from_b),
      damage_(spec.degradation) {
  if (domains_.empty()) fail("data", "has no domain; give at least one data set");
  if (pairs_ != Pairs::none && domains_.size() != 1)
    fail("data", fmt::format("has {} domains; pairs come from one", domains_.size()));
  if (batch_size_ <= 0) fail("data", fmt::format("the batch size is {}; it must be at least 1", batch_size_));
  for (const auto& data : domains_) {
    if (!replacement_) check_count(data, batch_size_);
    check_sizes(data, batch_size_, crop_, io::two_sided(pairs_) ? 2 : 1);
    size_ = std::max(size_, data.count());
    orders_.push_back(std::make_shared<Orders>());
  }
  per_epoch_ = std::max<std::int64_t>(size_ / batch_size_, 1);  // fewer only with replacement
  seek(0);
}

void BatchLoader::seek(std::int64_t k) {
  constexpr auto last = std::numeric_limits<std::int64_t>::max();
  if (k < 0 || k > last / 2 / batch_size_)
    fail("data", fmt::format("cannot go to batch {}; they count from 0", k));
  pipeline_.reset();
  position_ = k;
  pipeline_ = std::make_unique<io::OrderedPipeline<std::vector<Batch>>>(
      workers_, workers_ + 2, k, last, [this](std::int64_t i) {
        std::vector<Batch> batches;
        for (std::size_t which = 0; which < this->batches(); ++which) batches.push_back(make(i, which));
        return batches;
      });
}

std::vector<Batch> BatchLoader::next() {
  auto batches = pipeline_->next();
  ++position_;
  return batches;
}

// The position of image i of batch k in its domain: the round through the images, and the index
// within it.
struct BatchLoader::Place {
  std::int64_t round, index;
};

BatchLoader::Place BatchLoader::place_of(std::int64_t k, std::int64_t i, std::size_t domain) const {
  if (domains_.size() == 1) return {k / per_epoch_, k % per_epoch_ * batch_size_ + i};
  const std::int64_t p = k * batch_size_ + i, count = domains_[domain].count();
  return {p / count, p % count};
}

// The part of an image that a batch uses, from the left of its side.
struct BatchLoader::Window {
  std::int64_t left, top, width, height;
  bool mirror = false;
};

int BatchLoader::width(std::size_t domain, std::int64_t item) const {
  return domains_[domain].width(item) / (io::two_sided(pairs_) ? 2 : 1);
}

template <class Level>
BasicImage<Level> BatchLoader::cut(std::size_t which, std::int64_t item, const Window& window) const {
  const Dataset& data = domains_[domain_of(which)];
  const std::int64_t c = data.channels(), row = std::int64_t{data.width(item)} * c;
  const std::int64_t side =
      io::two_sided(pairs_) && (which == 1) != from_b_ ? width(0, item) : 0;  // offset of B
  // The pack starts at a page boundary and holds levels of one size, so they are aligned.
  const auto* from = reinterpret_cast<const Level*>(data.item(item));
  auto image = BasicImage<Level>::of_planes(static_cast<int>(window.width), static_cast<int>(window.height),
                                            data.channels());
  Level* to = image.data.data();
  for (std::int64_t y = 0; y < window.height; ++y)
    for (std::int64_t x = 0; x < window.width; ++x, to += c) {
      const std::int64_t column = side + window.left + (window.mirror ? window.width - 1 - x : x);
      std::copy_n(from + (window.top + y) * row + column * c, c, to);
    }
  return image;
}

template <class Level>
void BatchLoader::add_levels(Batch& batch, std::size_t which, const BasicImage<Level>& image,
                             std::uint64_t stream, std::uint64_t position) const {
  const Degraded<Level> shown = pairs_ == Pairs::made && which == 0
                                    ? degrade(image, damage_, seed_, stream, position)
                                    : Degraded<Level>{image, {}};
  const std::size_t before = batch.data.size(), c = static_cast<std::size_t>(image.channels);
  batch.data.resize(before + shown.image.data.size());
  float* const pixels = batch.data.data() + before;
  std::transform(shown.image.data.begin(), shown.image.data.end(), pixels, unit_value<Level>);
  for (std::size_t i = 0; i < shown.hole.size(); ++i)
    if (shown.hole[i]) std::fill_n(pixels + i * c, c, kMaskValue);
}

// Appends one image to the batch. `stream` and `position`: of its degradation.
void BatchLoader::add(Batch& batch, std::size_t which, std::int64_t item, const Window& window,
                      std::uint64_t stream, std::uint64_t position) const {
  const Dataset& data = domains_[domain_of(which)];
  batch.h = window.height;
  batch.w = window.width;
  batch.c = data.channels();
  if (data.bits() == 16)
    add_levels(batch, which, cut<std::uint16_t>(which, item, window), stream, position);
  else
    add_levels(batch, which, cut<std::uint8_t>(which, item, window), stream, position);
  batch.items.push_back(item);
  ++batch.n;
}

Batch BatchLoader::make(std::int64_t k, std::size_t which) const {
  const std::size_t domain = domain_of(which);
  const Dataset& data = domains_[domain];
  Batch batch;
  batch.epoch = k / per_epoch_;
  batch.index = k % per_epoch_;
  for (std::int64_t i = 0; i < batch_size_; ++i) {
    const auto [round, index] = place_of(k, i, domain);
    const auto position = static_cast<std::uint64_t>(index);
    const auto item =
        replacement_
            ? drawn(data.count(), philox::words(seed_, stream_of(kDrawStream, domain, round), position))
            : orders_[domain]->item(data.count(), seed_, domain, round, index);
    Window window{0, 0, width(domain, item), data.height(item)};
    if (crop_ > 0) {
      const auto random = philox::words(seed_, stream_of(kCropStream, domain, round), position);
      window = {below(random.v[0], window.width - crop_ + 1), below(random.v[1], window.height - crop_ + 1),
                crop_, crop_};
    }
    window.mirror =
        flip_ && (philox::word_at(seed_, stream_of(kFlipStream, domain, round), position) >> 31) != 0;
    add(batch, which, item, window, stream_of(kDamageStream, domain, round), position);
    if (!data.classes().empty()) batch.labels.push_back(data.label(item));
  }
  return batch;
}

Batch BatchLoader::middle(std::size_t which, std::int64_t i) const {
  const std::int64_t w = width(domain_of(which), i), h = domains_[domain_of(which)].height(i);
  Window window{0, 0, w, h};
  if (crop_ > 0) window = {(w - crop_) / 2, (h - crop_) / 2, crop_, crop_};
  Batch batch;
  // Uses the stream of a nonexistent domain, which no training step uses.
  add(batch, which, i, window, stream_of(kDamageStream, domains_.size(), 0), static_cast<std::uint64_t>(i));
  return batch;
}

}  // namespace sumi
