// Colors given by code points (ITU-T H.273) in the place of a profile. Private to the image and data libraries.
#pragma once

#include <string>

namespace sumi::io {

// The ICC profile of ColorPrimaries and TransferCharacteristics, or "" for sRGB, for BT.709, which pictures use as sRGB, and for
// codes without a meaning. PQ and HLG: 203 cd/m2 (BT.2408) become white and what is brighter is clipped; `hdr` says so.
std::string profile_of_code_points(int primaries, int transfer, bool& hdr);

}  // namespace sumi::io
