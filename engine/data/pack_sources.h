// The sources of the images of a packed set. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/data/dataset_spec.h"
#include "engine/data/file_listing.h"
#include "engine/data/idx.h"
#include "engine/data/pack.h"
#include "engine/data/pairs.h"

namespace sumi::io {

// The number of images, the size of their pack in bytes (an estimate if sizes are not known before
// decoding), and image i, from any thread.
struct Source {
  std::int64_t count = 0, bytes = 0;
  std::function<PackItem(std::int64_t)> produce;
};

// Files of a folder or archive. `partners`: for Pairs::folders.
Source folder_source(const DatasetSpec& spec, ImageFolders folders, std::vector<ListedFile> files,
                     std::vector<ListedFile> partners);
Source idx_source(const DatasetSpec& spec, std::shared_ptr<const IdxImages> images);
// The images of a pack, already resized, with smoothed edges. The pack must outlive the source.
Source smoothed_source(const DatasetSpec& spec, const Pack& pack);

}  // namespace sumi::io
