// What happens to one image in sumi convert: loaded, computed, saved.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "tools/convert_estimate.h"
#include "tools/convert_options.h"
#include "tools/convert_pipeline.h"
#include "tools/convert_report.h"
#include "tools/photo_filter.h"

namespace sumi::cli {

// Each function may be called by several threads, compute() only where the filter may. They throw
// nothing: what fails is the item's error, in one line that names the image.
class ConvertSteps {
 public:
  ConvertSteps(const ConvertArguments& args, const PhotoFilter& filter, const ConvertEstimate& estimate,
               ConvertReport& report)
      : args_(args), filter_(filter), estimate_(estimate), report_(report) {}

  // The image and its mask, shrunk to --max-size.
  void load(ConvertItem& item);
  // The filter, then in this order: brightness, colors, strength and mask, verdict, comparison.
  // Before the first image the expected time is printed.
  void compute(ConvertItem& item);
  // The file, with the image's metadata.
  void save(ConvertItem& item);

 private:
  template <class Body>
  void guarded(ConvertItem& item, const Body& body);
  bool asks_gate(ConvertItem& item) const;
  Photo filtered(const Photo& photo, const Photo* mask) const;
  void blend(const Photo& photo, const Photo* mask, Photo& result) const;
  std::optional<std::string> kept_file(const ConvertItem& item) const;
  std::string encoded(const ConvertItem& item) const;
  void warn_of_alpha(ConvertItem& item);

  const ConvertArguments& args_;
  const PhotoFilter& filter_;
  const ConvertEstimate& estimate_;
  ConvertReport& report_;
  std::once_flag told_of_time_, told_of_alpha_;
};

}  // namespace sumi::cli
