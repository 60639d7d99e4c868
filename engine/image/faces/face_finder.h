// The module that finds faces: OpenCV's cascades and the libraries behind them, which take longer
// to load than a small image takes to convert. It is loaded when the first image is searched for
// faces. Private to engine/image/faces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/image/faces/face_box.h"

namespace sumi::faces {

struct GrayView {
  int width, height;
  std::ptrdiff_t stride;  // bytes from row to row
  const std::uint8_t* data;
};

struct FinderOptions {
  int min_size = 20;  // pixels; smaller faces are not found
  int threads = 1;
  bool careful = false;  // frontal faces alone, and only those that many neighboring windows agree on
  bool cats = false;     // faces of cats from the front, and no others
};

// Labels of Segmenter's pixels, before and after.
enum SegmentLabel : std::uint8_t {
  surely_behind = 0,
  surely_subject = 1,
  maybe_behind = 2,
  maybe_subject = 3
};

// All that the module and the program call of each other.
struct FaceFinder {
  const char*
      stamp;  // SUMI_FACES_STAMP of the module: the version and a checksum of this header and face_box.h
  // Errors "[faces] ..." where the cascades are missing or damaged.
  std::vector<FaceBox> (*find)(const GrayView& image, const FinderOptions& options);
  // GrabCut: parts subject and background of [height, width, 3] by colors and edges. `labels`, one
  // SegmentLabel a pixel, are the beginning and the result; both kinds must occur. Errors "[faces] ...".
  void (*segment)(int width, int height, const std::uint8_t* rgb, std::uint8_t* labels, int rounds);
};

// The module's only symbol.
extern "C" const FaceFinder* sumi_faces();

// Loads the module at the first call. Looks for it in the file that the environment variable
// SUMI_FACES names; otherwise beside the program, in the library folder of the program's
// installation, and in the program's RUNPATH. Throws FacesUnavailable.
const FaceFinder& face_finder();

}  // namespace sumi::faces
