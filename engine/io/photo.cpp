#include "engine/io/photo.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/io/decode.h"
#include "engine/io/encode.h"
#include "engine/io/listing.h"
#include "engine/io/profile.h"
#include "kernels/base/check.h"

namespace sumi {
namespace fs = std::filesystem;

namespace {

constexpr unsigned kWhite = 65535;

// value * part / 65535, rounded.
unsigned scaled(unsigned value, unsigned part) {
  return static_cast<unsigned>((std::uint64_t{value} * part + kWhite / 2) / kWhite);
}
std::uint8_t to_8(unsigned v) {
  return static_cast<std::uint8_t>((v * 255 + kWhite / 2) / kWhite);
}

std::uint16_t srgb_of_linear(std::uint16_t v) {
  const double x = v / 65535.0;
  return static_cast<std::uint16_t>(
      std::lround(65535 * (x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055)));
}

// One row of a decoded file, at 16 bits: colours [width, colours], not multiplied by alpha, and alpha [width].
class Rows {
 public:
  explicit Rows(const io::Decoded& raw) : raw_(raw) {
    const auto width = static_cast<std::size_t>(raw.width);
    colours.resize(width * static_cast<std::size_t>(count()));
    alpha.assign(width, kWhite);
    if (!raw.linear) return;
    curve_.resize(kWhite + 1);
    for (unsigned v = 0; v <= kWhite; ++v) curve_[v] = srgb_of_linear(static_cast<std::uint16_t>(v));
  }

  // 1, 3 or 4 (CMYK): of two or more than three colours without a meaning the first ones count.
  int count() const { return raw_.cmyk ? 4 : raw_.colours() >= 3 ? 3 : 1; }

  void load(int y) {
    const auto width = static_cast<std::size_t>(raw_.width),
               channels = static_cast<std::size_t>(raw_.channels);
    std::size_t at = static_cast<std::size_t>(y) * width * channels;
    auto* to = colours.data();
    for (std::size_t x = 0; x < width; ++x, at += channels) {
      const unsigned a = raw_.alpha < 0 ? kWhite : sample(at + static_cast<std::size_t>(raw_.alpha));
      for (int c = 0; c < count(); ++c) {
        unsigned v = sample(at + static_cast<std::size_t>(c));
        if (a < kWhite && !raw_.straight) v = a == 0 ? 0 : std::min(kWhite, (v * kWhite + a / 2) / a);
        *to++ = curve_.empty() ? static_cast<std::uint16_t>(v) : curve_[v];
      }
      alpha[x] = static_cast<std::uint16_t>(a);
    }
  }

  std::vector<std::uint16_t> colours, alpha;

 private:
  unsigned sample(std::size_t i) const {
    if (raw_.depth == 8) return raw_.data[i] * 257U;
    std::uint16_t v = 0;
    std::memcpy(&v, raw_.data.get() + 2 * i, 2);
    return v;
  }

  const io::Decoded& raw_;
  std::vector<std::uint16_t> curve_;
};

void flatten(std::uint16_t* rgb, const std::uint16_t* alpha, std::size_t pixels) {
  for (std::size_t i = 0; i < pixels; ++i)
    for (int c = 0; c < 3; ++c, ++rgb)
      *rgb = static_cast<std::uint16_t>(scaled(*rgb, alpha[i]) + (kWhite - alpha[i]));
}

// [h, w, c] turned upright.
std::vector<std::uint16_t> turn(const std::vector<std::uint16_t>& in, std::size_t channels,
                                const io::Decoded& raw, int width, int height) {
  std::vector<std::uint16_t> out(in.size());
  auto* to = out.data();
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x, to += channels) {
      const auto [sx, sy] = io::stored_position(raw.orientation, x, y, raw.width, raw.height);
      const auto at =
          static_cast<std::size_t>(sy) * static_cast<std::size_t>(raw.width) + static_cast<std::size_t>(sx);
      std::copy_n(in.data() + at * channels, channels, to);
    }
  return out;
}

// Without a profile that fits: grey repeated, RGB as it is, inks as if they were ideal.
void plain_rgb(const Rows& rows, std::uint16_t* to) {
  const auto count = static_cast<std::size_t>(rows.count());
  for (std::size_t i = 0; i < rows.colours.size(); i += count)
    for (std::size_t c = 0; c < 3; ++c) {
      const auto* p = rows.colours.data() + i;
      *to++ = count == 4 ? static_cast<std::uint16_t>(scaled(kWhite - p[c], kWhite - p[3]))
                         : p[count == 3 ? c : 0];
    }
}

}  // namespace

Photo load_photo(const fs::path& path, std::int64_t max_pixels) {
  const io::Decoded raw = io::decode_picture(path, {.max_pixels = max_pixels, .deep = true, .profile = true});
  Photo photo{raw.width, raw.height, raw.depth, {}, {}, ""};
  Rows rows(raw);
  std::unique_ptr<io::ProfileTransform> transform;
  if (!raw.profile.empty()) {
    transform = std::make_unique<io::ProfileTransform>(raw.profile, rows.count());
    if (!transform->objection().empty()) {
      photo.remark = fmt::format("its colour profile {} and was not used", transform->objection());
      transform.reset();
    }
  }
  const auto width = static_cast<std::size_t>(raw.width);
  photo.rgb.resize(photo.pixels() * 3);
  if (raw.alpha >= 0) photo.alpha.resize(photo.pixels());
  for (int y = 0; y < raw.height; ++y) {
    rows.load(y);
    const std::size_t at = static_cast<std::size_t>(y) * width;
    auto* to = photo.rgb.data() + 3 * at;
    if (transform)
      (*transform)(rows.colours.data(), to, width);
    else
      plain_rgb(rows, to);
    if (raw.alpha < 0) continue;
    flatten(to, rows.alpha.data(), width);
    std::copy(rows.alpha.begin(), rows.alpha.end(), photo.alpha.begin() + static_cast<std::ptrdiff_t>(at));
  }
  if (raw.orientation < 2 || raw.orientation > 8) return photo;
  if (io::swaps_sides(raw.orientation)) std::swap(photo.width, photo.height);
  photo.rgb = turn(photo.rgb, 3, raw, photo.width, photo.height);
  if (!photo.alpha.empty()) photo.alpha = turn(photo.alpha, 1, raw, photo.width, photo.height);
  return photo;
}

void save_photo(const fs::path& path, const Photo& photo, int quality) {
  const std::string extension = io::extension_of(path);
  const bool with_alpha = !photo.alpha.empty() && io::holds_alpha(extension);
  const bool deep = photo.depth == 16 && io::holds_16_bits(extension);
  const std::size_t channels = with_alpha ? 4 : 3;
  std::vector<std::uint16_t> wide;
  std::vector<std::uint8_t> narrow;
  (deep ? wide.resize(photo.pixels() * channels) : narrow.resize(photo.pixels() * channels));
  std::size_t at = 0;
  const auto put = [&](unsigned v) {
    if (deep)
      wide[at++] = static_cast<std::uint16_t>(v);
    else
      narrow[at++] = to_8(v);
  };
  for (std::size_t i = 0; i < photo.pixels(); ++i) {
    std::array<std::uint16_t, 3> p{photo.rgb[3 * i], photo.rgb[3 * i + 1], photo.rgb[3 * i + 2]};
    if (!photo.alpha.empty() && !with_alpha) flatten(p.data(), &photo.alpha[i], 1);
    for (const unsigned v : p) put(v);
    if (with_alpha) put(photo.alpha[i]);
  }
  const void* data = deep ? static_cast<const void*>(wide.data()) : narrow.data();
  io::encode_picture(path, {photo.width, photo.height, static_cast<int>(channels), deep ? 16 : 8, data},
                     quality);
}

Photo beside(const Photo& left, const Photo& right) {
  if (left.height != right.height)
    fail("compare", fmt::format("a picture of {} rows does not stand beside one of {}; resize one of them",
                                left.height, right.height));
  Photo out{left.width + right.width, left.height, std::max(left.depth, right.depth), {}, {}, ""};
  const auto join = [&](std::vector<std::uint16_t> Photo::*plane, int channels) {
    const auto a = static_cast<std::ptrdiff_t>(left.width) * channels,
               b = static_cast<std::ptrdiff_t>(right.width) * channels;
    for (int y = 0; y < out.height; ++y) {
      const auto l = (left.*plane).begin() + y * a, r = (right.*plane).begin() + y * b;
      (out.*plane).insert((out.*plane).end(), l, l + a);
      (out.*plane).insert((out.*plane).end(), r, r + b);
    }
  };
  out.rgb.reserve(out.pixels() * 3);
  join(&Photo::rgb, 3);
  if (!left.alpha.empty() && !right.alpha.empty()) join(&Photo::alpha, 1);
  return out;
}

std::vector<std::string> find_pictures(const fs::path& folder,
                                       const std::function<void(const std::string&)>& warn) {
  std::vector<std::string> names;
  for (io::ListedFile& file : io::list_pictures(folder, warn)) names.push_back(std::move(file.name));
  return names;
}

}  // namespace sumi
