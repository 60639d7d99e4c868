// Where the images of a set lie: a folder, or a zip archive of one. Private to the image and data
// libraries.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/file_listing.h"

namespace sumi::io {

// Returns true for a file that begins as a zip archive does.
bool is_archive(const std::filesystem::path& path);

class ImageFolder {
 public:
  // Maps an archive and reads its directory. Throws Error "[data PATH] ..." for one that is
  // damaged. The entries' names are names only: nothing is written under them.
  explicit ImageFolder(const std::filesystem::path& path);

  // Of a folder: list_images(). Of an archive: its entries with an image's extension, sorted,
  // without hidden ones; their times are the archive's.
  std::vector<ListedFile> list(const std::function<void(const std::string&)>& warn) const;

  // Calls read() with a file that holds the image `name` of the list: an entry of an archive is
  // unpacked into memory for the call. An Error that read() throws names the image as
  // `folder/name`. Thread-safe. Throws Error for an entry that is damaged, encrypted or of more
  // than kMaxImageBytes.
  void with_file(const std::string& name,
                 const std::function<void(const std::filesystem::path&)>& read) const;

 private:
  struct Archive;
  std::filesystem::path path_;
  std::shared_ptr<const Archive> archive_;  // null: a folder
};

}  // namespace sumi::io
