// Pictures in pairs, A and B: found, and packed as one picture each. Private to the image and data libraries.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/data/file_listing.h"

namespace sumi::io {

// Whether an item of the data set is a picture of A and, at its right, its partner.
bool two_sided(Pairs pairs);

// The files of B in the order of their partners in A: those of the same name up to the extension. Error naming those
// that lack a partner, and two of one name.
std::vector<ListedFile> partners(const DatasetSpec& spec, const std::vector<ListedFile>& a,
                                 const std::vector<ListedFile>& b);

// A picture of `spec.data` as it is packed, of a pair with its partner (a name in `spec.partner`, of Pairs::folders). Level
// is that of spec.bits. `remark` gets what reading left out, in words, or "".
template <class Level>
BasicImage<Level> prepared(const DatasetSpec& spec, const std::string& name, const std::string& partner,
                           std::string& remark);

// The left and the right square of a picture. Error `[where]` unless it is twice as wide as high.
template <class Level>
std::pair<BasicImage<Level>, BasicImage<Level>> halves(const std::string& where,
                                                       const BasicImage<Level>& picture);

// Each prepared as `spec` says, then B at the right of A. Error `[where]` where they come out in different sizes.
template <class Level>
BasicImage<Level> joined(const std::string& where, const BasicImage<Level>& a, const BasicImage<Level>& b,
                         const DatasetSpec& spec);

}  // namespace sumi::io
