#include "engine/image/faces/face_finder.h"
#include "engine/load_module.h"

namespace sumi::faces {

const FaceFinder& face_finder() {
#ifdef SUMI_FACES_FILE
  static const FaceFinder& finder = load_module<FacesUnavailable, FaceFinder>(  // retried if it throws
      {"faces", "SUMI_FACES", SUMI_FACES_FILE, SUMI_FACES_DIR, "sumi_faces"}, SUMI_FACES_STAMP);
  return finder;
#else
  throw FacesUnavailable("[faces] this build of sumi was made with SUMI_FACES=OFF");
#endif
}

}  // namespace sumi::faces
