// Times image styles and prints one JSON line per style and size.
//   bench_styles PHOTO [--threads N] [--runs N] [--sizes WxH,...]
// The photograph is enlarged to each size. Fields: milliseconds of a run and of processor time,
// medians over the runs; the first run, which fills the memory, does not count.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "bench/clock.h"
#include "engine/image/photo.h"
#include "engine/image/stylize/style.h"
#include "kernels/thread_pool.h"

namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void time_styles(const sumi::Photo& photo, int threads, int runs) {
  for (const sumi::stylize::StyleInfo& style : sumi::stylize::styles()) {
    std::vector<double> wall, processor;
    for (int i = 0; i <= runs; ++i) {
      double cpu = 0;
      const double ms = sumi::bench::time_ms([&] {
        cpu = sumi::bench::cpu_ms([&] {
          sumi::stylize::apply_style(style.name, {photo.width, photo.height, photo.rgb.data()});
        });
      });
      if (i == 0) continue;
      wall.push_back(ms);
      processor.push_back(cpu);
    }
    fmt::print(
        "{{\"style\": \"{}\", \"width\": {}, \"height\": {}, \"threads\": {}, \"ms\": {:.1f}, \"cpu_ms\": "
        "{:.1f}}}\n",
        style.name, photo.width, photo.height, threads, median(wall), median(processor));
  }
}

int run(int argc, char** argv) {
  std::string path, sizes = "1280x720,4000x3000";
  int threads = sumi::kernels::num_processors(), runs = 5;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--threads" && i + 1 < argc) {
      threads = std::atoi(argv[++i]);
    } else if (word == "--runs" && i + 1 < argc) {
      runs = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--sizes" && i + 1 < argc) {
      sizes = argv[++i];
    } else {
      path = word;
    }
  }
  if (path.empty()) {
    fmt::print(stderr, "usage: bench_styles PHOTO [--threads N] [--runs N] [--sizes WxH,...]\n");
    return 2;
  }
  sumi::kernels::set_num_threads(threads);
  const sumi::Photo photo = sumi::load_photo(path);
  for (std::size_t at = 0; at < sizes.size();
       at = sizes.find(',', at) == std::string::npos ? sizes.size() : sizes.find(',', at) + 1) {
    int width = 0, height = 0;
    if (std::sscanf(sizes.c_str() + at, "%dx%d", &width, &height) != 2 || width < 1 || height < 1) {
      fmt::print(stderr, "bench_styles: --sizes {} is not WxH,...\n", sizes);
      return 2;
    }
    time_styles(resize_photo(photo, width, height), threads, runs);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_styles: {}\n", error.what());
    return 1;
  }
}
