// What a model's discriminator thinks of a translated image.
#pragma once

#include <string>

#include "engine/image/photo.h"
#include "models/inference/exported.h"
#include "models/objectives/gan_loss.h"

namespace sumi {

struct Verdict {
  double score =
      0;  // the mean over patches, as d_fake of stats.jsonl: a probability for vanilla and saturating
  double real_share = 0;  // of patches that it takes for real, 0 to 1
};

class DiscriminatorJudge {
 public:
  // The discriminator of the direction's target domain: d_b for AtoB of a CycleGAN, else d.
  // `opened` must outlive this. Error "[--judge] ..." where there is none, where its weights are
  // not in the file, and for --task inpaint, whose discriminator sees the holes.
  DiscriminatorJudge(const OpenedModel& opened, const std::string& direction);

  // `photo` is the translation's input, which conditional discriminators (pix2pix) see, too. At the
  // result's own size: the central 1024 x 1024 of larger images; images below the crops of training
  // are enlarged. A discriminator with one input size gets that.
  Verdict operator()(const Photo& photo, const Photo& result) const;

 private:
  Tensor input_of(const Photo& photo, int width, int height) const;

  Module* d_ = nullptr;
  Shape trained_;  // one image of training
  std::int64_t channels_ = 3;
  bool conditional_ = false, any_size_ = true, gray_condition_ = false;
  DType dtype_;
  Device device_;
  GanLoss loss_;
};

}  // namespace sumi
