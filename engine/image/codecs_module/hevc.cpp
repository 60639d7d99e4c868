#include "engine/image/codecs_module/hevc.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/image/byte_order.h"

namespace sumi::io {
namespace {

// Bits of a NAL unit, without emulation prevention bytes; zeros beyond the end.
class Bits {
 public:
  explicit Bits(const std::string& unit) {
    std::size_t zeros = 0;
    for (const char c : unit) {
      if (zeros >= 2 && c == 3) {
        zeros = 0;
        continue;
      }
      zeros = c == 0 ? zeros + 1 : 0;
      bytes_ += c;
    }
  }
  bool past_end() const { return at_ > 8 * bytes_.size(); }
  unsigned bit() {
    const std::size_t byte = at_ / 8, shift = 7 - at_ % 8;
    ++at_;
    return byte < bytes_.size() ? static_cast<unsigned char>(bytes_[byte]) >> shift & 1U : 0U;
  }
  unsigned take(int count) {
    unsigned v = 0;
    for (int i = 0; i < count; ++i) v = v << 1 | bit();
    return v;
  }
  void skip(std::size_t count) { at_ += count; }
  // ue(v): Exp-Golomb.
  unsigned golomb() {
    int zeros = 0;
    while (zeros < 31 && bit() == 0) ++zeros;
    return (1U << zeros) - 1 + take(zeros);
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
};

void skip_profile(Bits& bits, unsigned sub_layers) {
  bits.skip(88 + 8);
  std::vector<unsigned> present;
  for (unsigned i = 0; i < sub_layers; ++i) present.push_back(bits.take(2));
  if (sub_layers > 0) bits.skip(2 * (8 - sub_layers));
  for (const unsigned flags : present) bits.skip(((flags & 2) != 0 ? 88 : 0) + ((flags & 1) != 0 ? 8 : 0));
}

void skip_scaling_lists(Bits& bits) {
  for (int size = 0; size < 4; ++size)
    for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
      if (bits.bit() == 0) {
        bits.golomb();
        continue;
      }
      if (size > 1) bits.golomb();
      for (int i = 0; i < std::min(64, 1 << (4 + 2 * size)); ++i) bits.golomb();
    }
}

// Skips the short-term reference image sets; returns false for more than the standard allows.
bool skip_reference_sets(Bits& bits) {
  constexpr unsigned kMostSets = 64, kMostPictures = 16;
  const unsigned sets = bits.golomb();
  if (sets > kMostSets) return false;
  unsigned pictures = 0;  // of the previous set
  for (unsigned i = 0; i < sets; ++i) {
    if (i > 0 && bits.bit() == 1) {  // predicted from the previous set
      bits.bit();
      bits.golomb();
      unsigned used = 0;
      for (unsigned j = 0; j <= pictures; ++j) {
        const bool kept = bits.bit() == 1 || bits.bit() == 1;
        used += kept ? 1 : 0;
      }
      pictures = used;
    } else {
      const unsigned before = bits.golomb(), behind = bits.golomb();
      if (before > kMostPictures || behind > kMostPictures) return false;
      pictures = before + behind;
      for (unsigned j = 0; j < pictures; ++j) {
        bits.golomb();
        bits.bit();
      }
    }
  }
  return true;
}

CodePoints read_usability(Bits& bits) {
  constexpr unsigned kExtended = 255;
  if (bits.bit() == 1 && bits.take(8) == kExtended) bits.skip(32);
  if (bits.bit() == 1) bits.bit();
  if (bits.bit() == 0) return {};
  bits.skip(4);
  if (bits.bit() == 0) return {};
  const auto primaries = static_cast<int>(bits.take(8)), transfer = static_cast<int>(bits.take(8));
  return bits.past_end() ? CodePoints{} : CodePoints{primaries, transfer};
}

// ITU-T H.265, 7.3.2.2, up to the colors.
CodePoints read_parameter_set(Bits bits) {
  bits.skip(16 + 4);  // the unit's header and the video parameter set
  const unsigned sub_layers = bits.take(3);
  bits.bit();
  skip_profile(bits, sub_layers);
  bits.golomb();
  if (bits.golomb() == 3) bits.bit();
  bits.golomb();
  bits.golomb();
  if (bits.bit() == 1)
    for (int i = 0; i < 4; ++i) bits.golomb();
  bits.golomb();
  bits.golomb();
  const unsigned count_bits = bits.golomb() + 4;
  const unsigned orders = bits.bit() == 1 ? sub_layers + 1 : 1;
  for (unsigned i = 0; i < 3 * orders; ++i) bits.golomb();
  for (int i = 0; i < 6; ++i) bits.golomb();
  if (bits.bit() == 1 && bits.bit() == 1) skip_scaling_lists(bits);
  bits.skip(2);
  if (bits.bit() == 1) {
    bits.skip(8);
    bits.golomb();
    bits.golomb();
    bits.bit();
  }
  if (!skip_reference_sets(bits)) return {};
  if (bits.bit() == 1) {
    constexpr unsigned kMost = 32;
    const unsigned pictures = bits.golomb();
    if (pictures > kMost) return {};
    bits.skip(std::size_t{pictures} * (count_bits + 1));
  }
  bits.skip(2);
  return bits.bit() == 1 && !bits.past_end() ? read_usability(bits) : CodePoints{};
}

}  // namespace

// ISO/IEC 14496-15: 22 bytes, then arrays of units, each with its type.
CodePoints hevc_code_points(const std::string& file) {
  constexpr unsigned kParameterSet = 33;
  const std::size_t box = file.find("hvcC");
  if (box == std::string::npos) return {};
  std::size_t at = box + 4 + 22;
  const std::uint32_t arrays = number_at(file, at++, 1, true);
  for (std::uint32_t i = 0; i < arrays && at < file.size(); ++i) {
    const std::uint32_t kind = number_at(file, at, 1, true) & 63, units = number_at(file, at + 1, 2, true);
    at += 3;
    for (std::uint32_t k = 0; k < units && at < file.size(); ++k) {
      const std::size_t size = number_at(file, at, 2, true);
      if (kind == kParameterSet)
        return read_parameter_set(Bits(file.substr(std::min(at + 2, file.size()), size)));
      at += 2 + size;
    }
  }
  return {};
}

}  // namespace sumi::io
