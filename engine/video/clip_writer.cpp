#include "engine/video/clip_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "engine/image/photo.h"
#include "engine/serialize/file.h"
#include "engine/video/containers.h"
#include "engine/video/video_module.h"

namespace sumi::video {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJournal = 64U << 20, kMaxState = 4ULL << 30;
constexpr int kHevcSide = 64;
constexpr int kFormat = 1;  // of the journal

std::string subject_of(const fs::path& target) {
  return "write " + target.string();
}

// What the journal says of a clip in work. It names fragments that are whole and on disk, and
// nothing else.
struct Journal {
  std::vector<std::int64_t> counts;  // frames of each fragment
  std::vector<std::int64_t> shots;
  std::int64_t last_pts = 0, last_duration = 1, frames = 0;
};

nlohmann::json to_json(const Journal& journal, const std::string& key) {
  return {{"format", kFormat},
          {"key", key},
          {"fragments", journal.counts},
          {"shots", journal.shots},
          {"last_pts", journal.last_pts},
          {"last_duration", journal.last_duration}};
}

// Empty for a journal that is damaged or of another key.
std::optional<Journal> parse(const std::string& text, const std::string& key) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != kFormat || json.value("key", "") != key) return {};
  try {
    Journal journal;
    json.at("fragments").get_to(journal.counts);
    json.at("shots").get_to(journal.shots);
    json.at("last_pts").get_to(journal.last_pts);
    json.at("last_duration").get_to(journal.last_duration);
    for (const std::int64_t count : journal.counts) {
      if (count < 1) return {};
      journal.frames += count;
    }
    return journal;
  } catch (const nlohmann::json::exception&) {
    return {};
  }
}

std::string usual_codec(const Container& container, const std::string& codec) {
  return codec == "auto" || container.codecs[0] == "lossless" ? container.codecs[0] : codec;
}

const Container* container_for(const fs::path& target, const ClipSpec& spec) {
  return container_of(spec.format.empty() ? target : fs::path("clip" + spec.format));
}

Photo to_photo(const Frame& frame, int depth) {
  Photo photo;
  photo.width = frame.width;
  photo.height = frame.height;
  photo.depth = depth;
  photo.rgb = frame.rgb;
  photo.alpha = frame.alpha;
  return photo;
}

}  // namespace

void check_clip(const fs::path& target, const ClipSpec& spec) {
  const Container* container = container_for(target, spec);
  if (!container) {
    if (is_frame_pattern(target)) return;
    fail(subject_of(target),
         fmt::format("clips are not written to files of that name; use {} or a pattern of frames "
                     "(frames/%06d.png)",
                     container_names()));
  }
  const bool lossless = container->codecs[0] == "lossless";
  if (spec.codec != "auto" &&
      (lossless || std::count(container->codecs.begin(), container->codecs.end(), spec.codec) == 0))
    fail("--codec", lossless ? fmt::format("{} files have one codec; leave --codec out", container->extension)
                             : fmt::format("{} is not written to {} files; use {}", spec.codec,
                                           container->extension, fmt::join(container->codecs, " or ")));
  const std::string codec = usual_codec(*container, spec.codec);
  // libx265 3.5 writes beyond its memory for smaller pictures.
  if (codec == "hevc" && spec.width > 0 && std::min(spec.width, spec.height) < kHevcSide)
    fail("--codec", fmt::format("hevc needs frames of at least {0}x{0}, but these are {1}x{2}; use h264",
                                kHevcSide, spec.width, spec.height));
  const CrfRange range = crf_range(codec);
  if (spec.crf >= 0 && range.most == 0)
    fail("--crf", fmt::format("{} has no quality to choose; leave --crf out",
                              lossless ? container->extension : codec));
  if (spec.crf > range.most)
    fail("--crf",
         fmt::format("{} is out of range; give a number from 0 to {} for {}", spec.crf, range.most, codec));
}

struct ClipWriter::Parts {
  fs::path target, folder;
  ClipSpec spec;
  std::string key, state;
  std::optional<FileLock> lock;
  const Container* container = nullptr;  // null: a pattern of frames
  Journal done;
  std::int64_t open_frames = 0;  // of the fragment that is being written
  std::unique_ptr<FragmentEncoder> encoder;
  bool finished = false;

  fs::path fragment(std::size_t number) const { return folder / fmt::format("{:06}.nut", number); }
  fs::path state_file() const { return folder / fmt::format("{:06}.state", done.counts.size()); }
  fs::path journal_file() const { return folder / "journal.json"; }

  EncodeSpec encoding() const {
    EncodeSpec encode{spec.width, spec.height, spec.time_base, spec.frame_rate, spec.depth, false, spec.color,
                      "",         0,           spec.threads};
    encode.codec = usual_codec(*container, spec.codec);
    encode.alpha = spec.alpha && container->alpha && (encode.codec == "lossless" || encode.codec == "vp9");
    encode.crf = spec.crf >= 0 ? spec.crf : crf_range(encode.codec).usual;
    return encode;
  }

  void open();
  void clear() const;
  bool resume();
  void end_fragment();
  void write_image(const Frame& frame) const;
  std::vector<std::string> assemble() const;
};

// Takes up what a killed program left, or removes it.
void ClipWriter::Parts::open() {
  std::error_code error;
  if (target.has_parent_path()) fs::create_directories(target.parent_path(), error);
  fs::create_directory(folder, error);
  if (error)
    fail(subject_of(target),
         fmt::format("its folder of fragments {} cannot be made: {}", folder.string(), error.message()));
  lock.emplace(folder);
  if (!key.empty() && resume()) return;
  done = {};
  state.clear();
  clear();
}

// Everything but the lock.
void ClipWriter::Parts::clear() const {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename() != ".lock") fs::remove(entry.path(), error);
}

bool ClipWriter::Parts::resume() {
  std::error_code error;
  if (!fs::is_regular_file(journal_file(), error)) return false;
  const std::optional<Journal> journal = parse(read_file(journal_file(), kMaxJournal), key);
  if (!journal || journal->counts.empty()) return false;
  done = *journal;
  for (std::size_t i = 0; container && i < done.counts.size(); ++i)
    if (!fs::is_regular_file(fragment(i), error)) return false;
  if (!fs::is_regular_file(state_file(), error)) return false;
  state = read_file(state_file(), kMaxState);
  return true;
}

void ClipWriter::Parts::end_fragment() {
  if (open_frames == 0) return;
  if (encoder) {
    encoder->finish();
    encoder.reset();
  }
  done.counts.push_back(open_frames);
  open_frames = 0;
}

void ClipWriter::Parts::write_image(const Frame& frame) const {
  save_photo(frame_file(target, done.frames + 1), to_photo(frame, spec.depth), spec.quality);
}

std::vector<std::string> ClipWriter::Parts::assemble() const {
  AssembleSpec all;
  for (std::size_t i = 0; i < done.counts.size(); ++i) all.fragments.push_back(fragment(i).string());
  all.end_pts = done.last_pts + done.last_duration;
  all.last_duration = done.last_duration;
  all.shots = done.shots;
  all.shown = target.string();
  all.container = container->name;
  all.encoded = encoding();
  if (container->streams) all.source = spec.source.string();
  all.start = spec.start;
  all.end = spec.end;
  all.audio = spec.audio;
  all.quality = spec.quality;
  AtomicFile file(target);
  all.target = file.temporary().string();
  std::vector<std::string> remarks = video_module().assemble(all);
  file.commit();
  return remarks;
}

ClipWriter::ClipWriter(const fs::path& target, const ClipSpec& spec, const std::string& key)
    : parts_(std::make_unique<Parts>()) {
  check_clip(target, spec);
  if (spec.width < 1 || spec.height < 1 || spec.time_base.num < 1 || spec.time_base.den < 1)
    fail(subject_of(target), "the clip has no size or no time base");
  parts_->target = target;
  // A pattern's number must not be taken for a frame.
  parts_->folder = target.parent_path() / ("." + target.filename().string() + ".parts");
  parts_->spec = spec;
  parts_->key = key;
  parts_->container = container_for(target, spec);
  parts_->open();
}

ClipWriter::~ClipWriter() {
  Parts& parts = *parts_;
  parts.encoder.reset();
  // to go on from
  if (!parts.finished && (!parts.key.empty() && !parts.done.counts.empty())) return;
  std::error_code error;
  parts.lock.reset();
  fs::remove_all(parts.folder, error);
}

std::int64_t ClipWriter::frames() const {
  return parts_->done.frames;
}

const std::string& ClipWriter::state() const {
  return parts_->state;
}

void ClipWriter::write(const Frame& frame, bool cut) {
  Parts& parts = *parts_;
  if (parts.done.frames > 0 && frame.pts <= parts.done.last_pts)
    fail(subject_of(parts.target),
         fmt::format("frame {} is not later than the one before it", parts.done.frames));
  if (!parts.container) {
    parts.write_image(frame);
  } else {
    if (!parts.encoder)
      parts.encoder = video_module().encode(parts.fragment(parts.done.counts.size()).string(),
                                            parts.target.string(), parts.encoding());
    parts.encoder->write(frame);
  }
  if (cut || parts.done.frames == 0) parts.done.shots.push_back(parts.done.frames);
  parts.done.last_pts = frame.pts;
  parts.done.last_duration = std::max<std::int64_t>(frame.duration, 1);
  ++parts.done.frames;
  ++parts.open_frames;
}

void ClipWriter::checkpoint(const std::string& state) {
  Parts& parts = *parts_;
  if (parts.key.empty() || parts.open_frames == 0) return;
  const fs::path former = parts.state_file();
  parts.end_fragment();
  write_file_atomically(parts.state_file(), state);
  write_file_atomically(parts.journal_file(), to_json(parts.done, parts.key).dump());
  std::error_code error;
  fs::remove(former, error);
}

std::vector<std::string> ClipWriter::finish() {
  Parts& parts = *parts_;
  if (parts.done.frames == 0) fail(subject_of(parts.target), "there are no frames to write");
  parts.end_fragment();
  std::vector<std::string> remarks;
  if (parts.container) remarks = parts.assemble();
  if (parts.container && parts.spec.alpha && !parts.encoding().alpha)
    remarks.push_back(fmt::format(
        "has transparency, which {} does not hold as {}: it was laid over white; write .webm (vp9), "
        ".gif, .webp or .apng to keep it",
        parts.target.filename().string(), parts.encoding().codec));
  parts.finished = true;
  return remarks;
}

}  // namespace sumi::video
