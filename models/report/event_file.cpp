#include "models/report/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "engine/error.h"
#include "engine/export/protobuf_out.h"
#include "engine/serialize/element.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

// Fields of Event, Summary, Summary.Value, Summary.Image and SessionLog.
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
constexpr int kValue = 1, kTag = 1, kSimpleValue = 2, kImage = 4;
constexpr int kImageHeight = 1, kImageWidth = 2, kColorspace = 3, kEncoded = 4;
constexpr int kStatus = 1, kStart = 1, kRgb = 3;

ProtoMessage event_at(std::int64_t step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  ProtoMessage event;
  event.real64(kWallTime, std::chrono::duration<double>(now).count());
  if (step != 0) event.number(kStep, step);
  return event;
}

std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> t{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t v = i;
      for (int bit = 0; bit < 8; ++bit) v = (v >> 1) ^ (v & 1 ? 0x82f63b78u : 0);
      t[i] = v;
    }
    return t;
  }();
  std::uint32_t crc = 0xffffffffu;
  for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

std::string tfrecord(std::string_view bytes) {
  std::string frame;
  append_little(frame, bytes.size(), 8);
  append_little(frame, masked(crc32c(frame)), 4);
  frame += bytes;
  append_little(frame, masked(crc32c(bytes)), 4);
  return frame;
}

EventFile::EventFile(const fs::path& folder, std::int64_t step) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  path_ = folder / fmt::format("events.out.tfevents.{}.{}.sumi", seconds, ::getpid());
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) fail("--tensorboard", "cannot write " + path_.string() + "; is the disk full or read-only?");
  write(event_at(0).text(kFileVersion, "brain.Event:2").bytes());
  ProtoMessage session;
  session.number(kStatus, kStart);
  write(event_at(step + 1).message(kSessionLog, session).bytes());
}

void EventFile::write(std::string_view event) {
  const std::string frame = tfrecord(event);
  const bool good = std::fwrite(frame.data(), 1, frame.size(), file_.get()) == frame.size() &&
                    std::fflush(file_.get()) == 0;
  if (!good) fail("--tensorboard", "cannot write " + path_.string() + "; is the disk full?");
}

void EventFile::scalars(std::int64_t step, const std::vector<std::pair<std::string, double>>& values) {
  ProtoMessage summary;
  for (const auto& [name, value] : values)
    summary.message(kValue, ProtoMessage().text(kTag, name).real(kSimpleValue, static_cast<float>(value)));
  write(event_at(step).message(kSummary, summary).bytes());
}

void EventFile::image(std::int64_t step, const std::string& name, int width, int height,
                      std::string_view bytes) {
  ProtoMessage image;
  image.number(kImageHeight, height)
      .number(kImageWidth, width)
      .number(kColorspace, kRgb)
      .text(kEncoded, bytes);
  ProtoMessage summary;
  summary.message(kValue, ProtoMessage().text(kTag, name).message(kImage, image));
  write(event_at(step).message(kSummary, summary).bytes());
}

}  // namespace sumi
