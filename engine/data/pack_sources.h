// Where the pictures of a packed set come from. Private to the image and data libraries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/data/file_listing.h"
#include "engine/data/idx.h"
#include "engine/data/pack.h"

namespace sumi::io {

// How many, how many bytes their pack will have (roughly, if sizes are not known
// before decoding), and picture i, from any thread.
struct Source {
  std::int64_t count = 0, bytes = 0;
  std::function<PackItem(std::int64_t)> produce;
};

// Files of a folder; `partners`: of Pairs::folders.
Source folder_source(const DatasetSpec& spec, std::vector<ListedFile> files,
                     std::vector<ListedFile> partners);
Source idx_source(const DatasetSpec& spec, std::shared_ptr<const IdxImages> images);
// The pictures of a pack, which have their sizes already, with smoothed edges. The pack must outlive it.
Source smoothed_source(const DatasetSpec& spec, const Pack& pack);

}  // namespace sumi::io
