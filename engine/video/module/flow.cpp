#include <algorithm>
#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/video/tracking.hpp>

#include "engine/video/module/flow.h"

namespace sumi::video {
namespace {

class DisFlow final : public DenseFlow {
 public:
  // The flow is computed in threads that end while OpenCV works elsewhere, for example on faces.
  // oneTBB 2021.8 then frees tasks in a pool that is gone. So OpenCV, all of it, runs in the
  // calling thread; drawing and reading overlap anyway.
  explicit DisFlow(FlowQuality quality)
      : dis_(cv::DISOpticalFlow::create(quality == FlowQuality::medium ? cv::DISOpticalFlow::PRESET_MEDIUM
                                                                       : cv::DISOpticalFlow::PRESET_FAST)) {
    cv::setNumThreads(1);
    if (quality == FlowQuality::medium) return;
    const bool fine = quality == FlowQuality::fine;
    // As exact as with the preset's numbers, 16 and 5 (bench/results/notes.md, "Clips").
    dis_->setGradientDescentIterations(fine ? 6 : 4);
    dis_->setVariationalRefinementIterations(fine ? 1 : 2);
    if (fine) dis_->setFinestScale(1);
  }
  void compute(const std::uint8_t* from, const std::uint8_t* to, int width, int height,
               float* flow) override {
    const auto view = [&](const std::uint8_t* gray) {
      return cv::Mat(height, width, CV_8U, const_cast<std::uint8_t*>(gray));
    };
    cv::Mat result;  // empty: a flow that is there would be where the search begins
    try {
      dis_->calc(view(from), view(to), result);
    } catch (const cv::Exception& error) {
      fail("video", std::string("optical flow: ") + error.err);
    }
    std::copy_n(result.ptr<float>(), std::size_t{2} * width * height, flow);
  }

 private:
  cv::Ptr<cv::DISOpticalFlow> dis_;
};

}  // namespace

std::unique_ptr<DenseFlow> make_flow(FlowQuality quality) {
  return std::make_unique<DisFlow>(quality);
}

}  // namespace sumi::video
