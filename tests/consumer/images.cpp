// Reads and writes images with an installed sumi, from a program elsewhere: TGA is in the codec
// module, which the program must find; PNG is not.
#include <cstdio>
#include <exception>
#include <filesystem>

#include "engine/error.h"
#include "engine/image/image.h"

int main() {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  bool right = true;
  try {
    sumi::Image8 image(5, 3, 3);
    for (std::size_t i = 0; i < image.data.size(); ++i) image.data[i] = static_cast<unsigned char>(5 * i);
    for (const char* name : {"sumi-consumer.png", "sumi-consumer.tga"}) {
      sumi::save_image(folder / name, image);
      const bool same = sumi::load_image(folder / name) == image;
      std::printf("%s: %s\n", name, same ? "the same" : "other pixels");
      right = right && same;
      std::filesystem::resize_file(folder / name, 30);
      try {
        sumi::load_image(folder / name);
        std::printf("%s cut off: accepted\n", name);
        right = false;
      } catch (const sumi::Error& error) {
        std::printf("cut off: %s\n", error.what());
      }
      std::filesystem::remove(folder / name);
    }
  } catch (const std::exception& error) {
    std::printf("%s\n", error.what());
    right = false;
  }
  return right ? 0 : 1;
}
