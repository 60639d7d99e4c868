// Counts the images of a data set without decoding them.
#include <algorithm>
#include <filesystem>

#include "engine/data/dataset.h"
#include "engine/data/idx.h"
#include "engine/data/image_folder.h"
#include "engine/data/pack.h"
#include "engine/error.h"

namespace sumi {
namespace fs = std::filesystem;

std::int64_t count_images(const DatasetSpec& spec) {
  std::error_code error;
  std::int64_t count = 0;
  if (fs::is_directory(spec.data, error) || io::is_archive(spec.data)) {
    count = static_cast<std::int64_t>(io::ImageFolder(spec.data).list({}).size());
  } else if (spec.data.extension() == ".pack") {
    const auto pack = io::Pack::read(spec.data);
    if (!pack) fail("data " + spec.data.string(), "is not a packed set of this version, or is damaged");
    count = pack->count();
  } else {
    count = idx_image_count(spec.data);
  }
  return spec.max_items > 0 ? std::min(count, spec.max_items) : count;
}

}  // namespace sumi
