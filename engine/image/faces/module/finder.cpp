// The module behind engine/image/faces/face_finder.h. Everything but its table is hidden.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/objdetect.hpp>
#include <string>
#include <vector>

#include "engine/image/faces/face_finder.h"
#include "kernels/base/check.h"

namespace sumi::faces {
namespace {

// Where Debian's opencv-data has its files, or where the environment variable SUMI_CASCADES says.
std::filesystem::path cascade_file(const char* name) {
  const char* given = std::getenv("SUMI_CASCADES");
  const std::filesystem::path file =
      std::filesystem::path(given && *given ? given : SUMI_CASCADES_DIR) / name;
  std::error_code ec;
  if (!std::filesystem::exists(file, ec))
    throw Error("[faces] there is no " + file.string() +
                "; install opencv-data, or set SUMI_CASCADES to the folder of OpenCV's haarcascades");
  return file;
}

cv::CascadeClassifier load(const char* name) {
  const std::filesystem::path file = cascade_file(name);
  cv::CascadeClassifier cascade;
  bool loaded = false;
  try {
    loaded = cascade.load(file.string());
  } catch (const cv::Exception&) {
  }
  if (!loaded)
    throw Error("[faces] " + file.string() +
                " is not a cascade that OpenCV reads; install opencv-data again");
  return cascade;
}

void detect(cv::CascadeClassifier& cascade, const cv::Mat& image, int neighbors, int min_size, bool mirrored,
            std::vector<FaceBox>& boxes) {
  std::vector<cv::Rect> found;
  cascade.detectMultiScale(image, found, 1.15, neighbors, 0, {min_size, min_size});
  for (const cv::Rect& r : found)
    boxes.push_back({mirrored ? image.cols - r.x - r.width : r.x, r.y, r.width, r.height});
}

void detect_cats(const cv::Mat& image, int min_size, std::vector<FaceBox>& boxes) {
  static cv::CascadeClassifier cats = load("haarcascade_frontalcatface.xml");
  detect(cats, image, 6, min_size, false, boxes);
}

std::vector<FaceBox> find(const GrayView& view, const FinderOptions& options) {
  static cv::CascadeClassifier frontal = load("haarcascade_frontalface_alt2.xml");
  static cv::CascadeClassifier profile = load("haarcascade_profileface.xml");
  cv::setNumThreads(options.threads);
  const cv::Mat image(view.height, view.width, CV_8UC1, const_cast<std::uint8_t*>(view.data),
                      static_cast<std::size_t>(view.stride));
  std::vector<FaceBox> boxes;
  try {
    if (options.cats) {
      detect_cats(image, options.min_size, boxes);
      return boxes;
    }
    detect(frontal, image, options.careful ? 8 : 4, options.min_size, false, boxes);
    if (options.careful) return boxes;
    detect(profile, image, 5, options.min_size, false, boxes);
    cv::Mat mirrored;
    cv::flip(image, mirrored, 1);
    detect(profile, mirrored, 5, options.min_size, true, boxes);
  } catch (const cv::Exception& error) {
    throw Error(std::string("[faces] OpenCV failed: ") + error.what());
  }
  return boxes;
}

void segment(int width, int height, const std::uint8_t* rgb, std::uint8_t* labels, int rounds) {
  cv::setNumThreads(1);
  cv::theRNG().state = 1;  // of the clustering that it begins with: the same result at every call
  const cv::Mat image(height, width, CV_8UC3, const_cast<std::uint8_t*>(rgb));
  cv::Mat mask(height, width, CV_8UC1, labels), behind, before;
  try {
    cv::grabCut(image, mask, {}, behind, before, rounds, cv::GC_INIT_WITH_MASK);
  } catch (const cv::Exception& error) {
    throw Error(std::string("[faces] OpenCV failed: ") + error.what());
  }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) const FaceFinder* sumi_faces() {
  static const FaceFinder table{SUMI_FACES_STAMP, find, segment};
  return &table;
}

}  // namespace sumi::faces
