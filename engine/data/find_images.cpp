#include "engine/data/find_images.h"

#include <utility>

#include "engine/data/file_listing.h"

namespace sumi {

std::vector<std::string> find_images(const std::filesystem::path& folder,
                                     const std::function<void(const std::string&)>& warn) {
  std::vector<std::string> names;
  for (io::ListedFile& file : io::list_images(folder, warn)) names.push_back(std::move(file.name));
  return names;
}

}  // namespace sumi
