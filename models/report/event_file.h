// Event files of TensorBoard: TFRecord frames (a length and its masked CRC-32C, the bytes and
// theirs), each with an Event of Protocol Buffers (tensorboard/compat/proto/event.proto).
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sumi {

// CRC-32C (Castagnoli), as of RFC 3720.
std::uint32_t crc32c(std::string_view bytes);
// One frame of a TFRecord file around `bytes`.
std::string tfrecord(std::string_view bytes);

class EventFile {
 public:
  // Creates folder/events.out.tfevents.TIME.PID.sumi and says that a session starts behind `step`:
  // TensorBoard drops later events of earlier files. Throws Error if the file cannot be written.
  EventFile(const std::filesystem::path& folder, std::int64_t step);

  // Values of one step, by name.
  void scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& values);
  // An encoded image, PNG or JPEG.
  void image(std::int64_t step, const std::string& name, int width, int height, std::string_view bytes);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  void write(std::string_view event);

  std::filesystem::path path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace sumi
