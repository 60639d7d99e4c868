// Paired images A and B: matching, and packing as one image each. Private to the image and data
// libraries.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/data/dataset_spec.h"
#include "engine/data/file_listing.h"
#include "engine/data/image_folder.h"

namespace sumi::io {

// Returns true if an item of the data set is an image of A with its partner on the right.
bool two_sided(Pairs pairs);

// Returns the files of B in the order of their partners in A: those with the same name up to the
// extension. Throws Error naming files without a partner and duplicate names.
std::vector<ListedFile> partners(const DatasetSpec& spec, const std::vector<ListedFile>& a,
                                 const std::vector<ListedFile>& b);

// The images of `spec.data` and, for Pairs::folders, those of `spec.partner`.
struct ImageFolders {
  ImageFolder data;
  std::optional<ImageFolder> partner;
};

// An image of `folders.data` as it is packed, for a pair with its partner (a name in
// `folders.partner`). Level is that of spec.bits. `remark` receives what was ignored when reading,
// or "".
template <class Level>
BasicImage<Level> prepared(const DatasetSpec& spec, const ImageFolders& folders, const std::string& name,
                           const std::string& partner, std::string& remark);

// Returns the left and right squares of an image. Throws Error `[where]` unless it is twice as wide
// as high.
template <class Level>
std::pair<BasicImage<Level>, BasicImage<Level>> halves(const std::string& where,
                                                       const BasicImage<Level>& image);

// Preprocesses both as `spec` says and joins them, B on the right of A. Throws Error `[where]` if
// the resulting sizes differ.
template <class Level>
BasicImage<Level> joined(const std::string& where, const BasicImage<Level>& a, const BasicImage<Level>& b,
                         const DatasetSpec& spec);

}  // namespace sumi::io
