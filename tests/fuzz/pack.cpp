// A packed data set. If the first byte is odd, the checksums in the rest are corrected, so that
// mutations reach the code behind them.
#include "engine/data/pack.h"

#include <cstring>
#include <string>

#include "engine/data/dataset.h"
#include "tests/fuzz/target.h"

using namespace sumi;

namespace {

// Places in the header of pack.cpp.
constexpr std::size_t kTailBytes = 40, kTailCheck = 56, kCheck = 64, kHeader = 72;

void put_checksums_right(std::string& bytes) {
  if (bytes.size() < kHeader) return;
  std::uint64_t tail = 0;
  std::memcpy(&tail, bytes.data() + kTailBytes, sizeof tail);
  const auto store = [&](std::size_t at, const void* from, std::size_t count) {
    io::Hash hash;
    hash.add(from, count);
    const std::uint64_t value = hash.value();
    std::memcpy(bytes.data() + at, &value, sizeof value);
  };
  if (tail <= bytes.size() - kHeader) store(kTailCheck, bytes.data() + bytes.size() - tail, tail);
  store(kCheck, bytes.data(), kCheck);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static fuzz::MemoryFile file(".pack");
  std::string bytes(data + 1, data + size);
  if (data[0] % 2 == 1) put_checksums_right(bytes);
  const auto& path = file.put(bytes.data(), bytes.size());
  DatasetSpec spec;
  spec.data = path;
  spec.workers = 0;
  spec.batch_size = 1;
  spec.preprocess = Preprocess::none;
  if (const auto pack = io::Pack::read(path)) {
    for (std::int64_t i = 0; i < pack->count(); ++i)
      fuzz::touch(pack->item(i), static_cast<std::size_t>(pack->width(i) * pack->height(i) *
                                                          pack->shape().channels * pack->shape().bits / 8));
    spec.bits = pack->shape().bits;
    spec.channels = static_cast<int>(pack->shape().channels);
    if (pack->shape().height > 0) {
      spec.preprocess = Preprocess::square;
      spec.size = static_cast<int>(pack->shape().height);
    }
  }
  fuzz::use_or_refuse(path, [&] {
    const Dataset set = Dataset::open(spec);
    for (std::int64_t i = 0; i < set.count(); ++i)
      fuzz::touch(set.item(i), static_cast<std::size_t>(set.item_bytes(i)));
    BatchLoader({set}, spec).next();
  });
  return 0;
}
