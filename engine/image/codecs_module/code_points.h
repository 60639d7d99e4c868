// Color spaces given by code points (ITU-T H.273) instead of a profile. Private to the image and
// data libraries.
#pragma once

#include <string>

namespace sumi::io {

// Returns the ICC profile for ColorPrimaries and TransferCharacteristics, or "" for sRGB, for
// BT.709, which images use as sRGB, and for undefined codes. For PQ and HLG, 203 cd/m2 (BT.2408)
// become white, brighter values are clipped, and `hdr` is set.
std::string profile_of_code_points(int primaries, int transfer, bool& hdr);

}  // namespace sumi::io
