// Training examples and options of tiny stylizers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "engine/image/image.h"
#include "engine/ops.h"
#include "models/settings.h"
#include "tests/models/runs.h"
#include "tests/support.h"

namespace sumi::test {

inline Image8 slope_picture(int w, int h, int seed) {
  Image8 image(w, h, 3);
  for (int y = 0; y < h; ++y)
    for (int x = 0; x < w; ++x)
      for (int c = 0; c < 3; ++c)
        image.at(x, y)[c] =
            static_cast<std::uint8_t>((x * (3 + seed) + y * (5 + c) + 40 * ((x / 8 + y / 8) % 2)) % 256);
  return image;
}

// Photographs a.png and b.png, and planes of two styles: a brighter flat image, and lines where x
// is a multiple of 8.
inline void write_examples(const std::filesystem::path& folder) {
  for (int i = 0; i < 2; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    const Image8 photo = slope_picture(40, 32, i);
    std::filesystem::create_directories(folder / "photos");
    save_image(folder / "photos" / (name + ".png"), photo);
    for (const char* style : {"ink", "own"}) {
      std::filesystem::create_directories(folder / style / "32");
      Image8 flat = photo, line(40, 32, 1);
      for (std::uint8_t& level : flat.data)
        level = static_cast<std::uint8_t>(level / 2 + (style[0] == 'i' ? 100 : 20));
      for (int y = 0; y < 32; ++y)
        for (int x = 0; x < 40; x += 8) *line.at(x, y) = 255;
      save_image(folder / style / "32" / (name + ".flat.png"), flat);
      save_image(folder / style / "32" / (name + ".line.png"), line);
    }
  }
}

// A run on the photographs of write_examples(), the same for stylizers and animators.
inline TrainOptions tiny_run(const char* model, const std::filesystem::path& folder, const std::string& run,
                             int steps) {
  TrainOptions o = default_options(model);
  o.data_a = (folder / "photos").string();
  o.outdir = (folder / run).string();
  o.cache = (folder / "cache").string();
  o.crop_size = 16;
  o.batch_size = 2;
  o.steps = steps;
  o.seed = 3;
  o.threads = 1;
  o.workers = 0;
  o.sample_every = 0;
  o.save_every = 0;
  o.device = test_device();
  return o;
}

inline TrainOptions tiny_stylizer(const std::filesystem::path& folder, const std::string& run, int steps) {
  TrainOptions o = tiny_run("stylizer", folder, run, steps);
  o.styles = "ink=" + (folder / "ink").string() + ",own=" + (folder / "own").string();
  o.ngf = 4;
  o.n_blocks = 1;
  return o;
}

inline Tensor uniform(const Shape& s, std::uint64_t stream, const Device& device) {
  return RandomStream(9, stream).uniform(s, device.is_ref() ? DType::f64 : DType::f32, device, 0, 1);
}

}  // namespace sumi::test
