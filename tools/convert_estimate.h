// How long a call of sumi convert will take.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tools/convert_jobs.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// Sizes are those that the files claim, of at most a hundred of them; the time of a pixel is
// measured on two small versions of the first image.
class ConvertEstimate {
 public:
  ConvertEstimate(const std::vector<ConvertJob>& jobs, int max_size, const PhotoFilter& filter);

  // "12 images, 144.0 megapixels: about 2 min", or "" below ten seconds. `first` is a loaded image;
  // `process` what is done to each; it took `load_seconds` to load `first`. Nothing is measured
  // where it cannot take so long.
  std::string line(const Photo& first, double load_seconds,
                   const std::function<void(const Photo&)>& process) const;

 private:
  struct Timed {
    double seconds, work;
  };
  // Of `first` shrunk until its work is at most that, or its long side is 128.
  Timed timed(const Photo& first, double most_work, const std::function<void(const Photo&)>& process) const;

  std::size_t count_;
  double pixels_ = 0, work_ = 0;  // of all images
  std::string size_;              // of the only image
  const PhotoFilter& filter_;
};

}  // namespace sumi::cli
