// BatchLoader: which pictures, in which order, mirrored or not, as floats.
#include <fmt/format.h>

#include <array>
#include <limits>
#include <mutex>
#include <numeric>

#include "engine/io/dataset.h"
#include "kernels/base/check.h"
#include "kernels/base/philox.h"

namespace sumi {
namespace {

// Streams of random numbers that nothing else in a run uses ("orde", "flip"); the low half is the epoch.
constexpr std::uint64_t kOrderStream = 0x6f72646500000000ULL, kFlipStream = 0x666c697000000000ULL;

using Order = std::vector<std::int64_t>;

// Fisher and Yates. The remainder's bias is below count / 2^64.
Order shuffled(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
  Order order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (auto i = static_cast<std::uint64_t>(count) - 1; i > 0; --i) {
    const auto w = philox::words(seed, kOrderStream + static_cast<std::uint64_t>(epoch), i);
    const std::uint64_t random = (std::uint64_t{w.v[0]} << 32) | w.v[1];
    std::swap(order[i], order[random % (i + 1)]);
  }
  return order;
}

const std::array<float, 256>& unit_values() {
  static const auto table = [] {
    std::array<float, 256> t{};
    for (std::size_t i = 0; i < t.size(); ++i) t[i] = static_cast<float>(static_cast<double>(i) / 127.5 - 1);
    return t;
  }();
  return table;
}

void copy_item(const std::uint8_t* in, std::int64_t size, std::int64_t channels, bool mirror, float* out) {
  const auto& value = unit_values();
  for (std::int64_t y = 0; y < size; ++y)
    for (std::int64_t x = 0; x < size; ++x) {
      const auto* p = in + (y * size + (mirror ? size - 1 - x : x)) * channels;
      for (std::int64_t c = 0; c < channels; ++c) *out++ = value[p[c]];
    }
}

}  // namespace

// The orders of the two newest epochs in use: workers may stand on both sides of a border.
struct BatchLoader::Orders {
  std::mutex mutex;
  std::array<std::pair<std::int64_t, std::shared_ptr<const Order>>, 2> slots{{{-1, nullptr}, {-1, nullptr}}};

  std::shared_ptr<const Order> get(std::int64_t count, std::uint64_t seed, std::int64_t epoch) {
    const std::lock_guard lock(mutex);
    auto& [held, order] = slots[static_cast<std::size_t>(epoch % 2)];
    if (held != epoch) {
      order = std::make_shared<const Order>(shuffled(count, seed, epoch));
      held = epoch;
    }
    return order;
  }
};

BatchLoader::BatchLoader(Dataset data, const DatasetSpec& spec)
    : data_(std::move(data)),
      batch_size_(spec.batch_size),
      workers_(spec.workers),
      seed_(spec.seed),
      flip_(spec.flip),
      orders_(std::make_shared<Orders>()) {
  if (batch_size_ <= 0) fail("data", fmt::format("the batch size is {}; it must be at least 1", batch_size_));
  if (batch_size_ > data_.count())
    fail("data " + spec.data.string(),
         fmt::format(
             "has {} pictures, fewer than one batch of {}; lower --batch-size to {} or less, or add pictures",
             data_.count(), batch_size_, data_.count()));
  per_epoch_ = data_.count() / batch_size_;
  seek(0);
}

void BatchLoader::seek(std::int64_t k) {
  if (k < 0) fail("data", fmt::format("cannot go to batch {}; they count from 0", k));
  pipeline_.reset();
  position_ = k;
  pipeline_ = std::make_unique<io::OrderedPipeline<Batch>>(workers_, workers_ + 2, k,
                                                           std::numeric_limits<std::int64_t>::max(),
                                                           [this](std::int64_t i) { return make(i); });
}

Batch BatchLoader::next() {
  Batch batch = pipeline_->next();
  ++position_;
  return batch;
}

Batch BatchLoader::make(std::int64_t k) const {
  Batch batch;
  batch.epoch = k / per_epoch_;
  batch.index = k % per_epoch_;
  batch.n = batch_size_;
  batch.h = batch.w = data_.size();
  batch.c = data_.channels();
  const auto order = orders_->get(data_.count(), seed_, batch.epoch);
  const std::int64_t pixels = data_.item_bytes();
  batch.data.resize(static_cast<std::size_t>(batch.n * pixels));
  for (std::int64_t i = 0; i < batch.n; ++i) {
    const auto place = batch.index * batch.n + i;  // in the epoch
    const auto item = (*order)[static_cast<std::size_t>(place)];
    const auto stream = kFlipStream + static_cast<std::uint64_t>(batch.epoch);
    const bool mirror =
        flip_ && (philox::word_at(seed_, stream, static_cast<std::uint64_t>(place)) >> 31) != 0;
    copy_item(data_.item(item), data_.size(), data_.channels(), mirror, batch.data.data() + i * pixels);
    batch.items.push_back(item);
  }
  return batch;
}

}  // namespace sumi
