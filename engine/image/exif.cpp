#include "engine/image/exif.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "engine/image/byte_order.h"

namespace sumi::io {
namespace {

constexpr std::uint16_t kOrientationTag = 0x112, kXResolution = 0x11a, kYResolution = 0x11b, kUnit = 0x128,
                        kCameraTag = 0x8769, kPlaceTag = 0x8825, kColorSpace = 0xa001;
constexpr std::size_t kMostFields = 512, kMostFieldBytes = 8192,
                      kMostBytes = 60'000;  // a JPEG segment has 65,533

std::size_t size_of_type(std::uint16_t type) {
  constexpr std::array<std::size_t, 14> kSizes{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
  return type < kSizes.size() ? kSizes[type] : 0;
}

std::string bytes_at(std::istream& in, std::uint64_t at, std::size_t count) {
  std::string bytes(count, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(at));
  in.read(bytes.data(), static_cast<std::streamsize>(count));
  bytes.resize(in ? count : 0);
  return bytes;
}

std::vector<ExifField> read_directory(std::istream& in, std::uint64_t at, bool big_endian) {
  std::vector<ExifField> fields;
  const std::string head = bytes_at(in, at, 2);
  const std::size_t count = std::min<std::size_t>(number_at(head, 0, 2, big_endian), kMostFields);
  const std::string entries = bytes_at(in, at + 2, count * 12);
  for (std::size_t i = 0; i + 12 <= entries.size(); i += 12) {
    ExifField field;
    field.tag = static_cast<std::uint16_t>(number_at(entries, i, 2, big_endian));
    field.type = static_cast<std::uint16_t>(number_at(entries, i + 2, 2, big_endian));
    field.count = number_at(entries, i + 4, 4, big_endian);
    const std::uint64_t size = std::uint64_t{field.count} * size_of_type(field.type);
    if (size == 0 || size > kMostFieldBytes) continue;
    field.bytes = size <= 4 ? entries.substr(i + 8, size)
                            : bytes_at(in, number_at(entries, i + 8, 4, big_endian), size);
    if (field.bytes.size() == size) fields.push_back(std::move(field));
  }
  return fields;
}

const ExifField* find(const std::vector<ExifField>& fields, std::uint16_t tag) {
  const auto found =
      std::find_if(fields.begin(), fields.end(), [&](const ExifField& f) { return f.tag == tag; });
  return found == fields.end() ? nullptr : &*found;
}

bool is_of(std::uint16_t tag, std::initializer_list<int> tags) {
  return std::find(tags.begin(), tags.end(), int{tag}) != tags.end();
}

// For IFD 0: titles, camera, resolution, program, date, author, computer, copyright, rating, and
// Windows' own fields.
bool describes(const ExifField& field) {
  return is_of(field.tag, {0x10d,  0x10e,  0x10f,  0x110,  kOrientationTag, kXResolution, kYResolution,
                           kUnit,  0x131,  0x132,  0x13b,  0x13c,           0x8298,       0x4746,
                           0x4749, 0x9c9b, 0x9c9c, 0x9c9d, 0x9c9e,          0x9c9f});
}

// True for maker notes, whose offsets are valid in the old file only, the size of the old pixels,
// and interoperability data.
bool is_of_old_file(const ExifField& field) {
  return is_of(field.tag, {0x927c, 0xa002, 0xa003, 0xa005});
}

void set_short(std::vector<ExifField>& fields, std::uint16_t tag, std::uint32_t value, bool big_endian) {
  for (ExifField& field : fields)
    if (field.tag == tag) {
      field.type = 3;
      field.count = 1;
      field.bytes = number_bytes(value, 2, big_endian);
    }
}

double rational(const ExifField* field, bool big_endian) {
  if (field == nullptr || field->type != 5 || field->count != 1) return 0;
  const double over = number_at(field->bytes, 0, 4, big_endian),
               under = number_at(field->bytes, 4, 4, big_endian);
  return under > 0 ? over / under : 0;
}

std::size_t size_of(const std::vector<ExifField>& fields) {
  return directory_bytes(fields, 0, false).size();
}

void point_to(std::vector<ExifField>& main, std::uint16_t tag, std::uint32_t offset, bool big_endian) {
  std::erase_if(main, [&](const ExifField& f) { return f.tag == tag; });
  main.push_back({tag, 4, 1, number_bytes(offset, 4, big_endian)});
}

}  // namespace

std::optional<Exif> read_exif(std::istream& in) {
  const std::string head = bytes_at(in, 0, 8);
  Exif exif;
  exif.big_endian = head.starts_with("MM");
  if ((!exif.big_endian && !head.starts_with("II")) || number_at(head, 2, 2, exif.big_endian) != 42)
    return {};
  exif.main = read_directory(in, number_at(head, 4, 4, exif.big_endian), exif.big_endian);
  const auto follow = [&](std::uint16_t tag) {
    const ExifField* field = find(exif.main, tag);
    return field != nullptr && field->bytes.size() == 4
               ? read_directory(in, number_at(field->bytes, 0, 4, exif.big_endian), exif.big_endian)
               : std::vector<ExifField>{};
  };
  exif.camera = follow(kCameraTag);
  exif.place = follow(kPlaceTag);
  std::erase_if(exif.main, [](const ExifField& field) { return !describes(field); });
  std::erase_if(exif.camera, is_of_old_file);
  return exif;
}

int orientation_of(const Exif& exif) {
  const ExifField* field = find(exif.main, kOrientationTag);
  if (field == nullptr || field->type != 3 || field->count != 1) return 1;
  const auto value = number_at(field->bytes, 0, 2, exif.big_endian);
  return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
}

void take_resolution(const Exif& exif, Metadata& metadata) {
  const ExifField* unit = find(exif.main, kUnit);
  const std::uint32_t kind =
      unit != nullptr && unit->type == 3 ? number_at(unit->bytes, 0, 2, exif.big_endian) : 2;
  const double x = rational(find(exif.main, kXResolution), exif.big_endian),
               y = rational(find(exif.main, kYResolution), exif.big_endian);
  if (kind < 2 || kind > 3 || x <= 0 || y <= 0) return;
  metadata.dpi_x = kind == 3 ? 2.54 * x : x;
  metadata.dpi_y = kind == 3 ? 2.54 * y : y;
}

std::string directory_bytes(const std::vector<ExifField>& fields, std::uint32_t offset, bool big_endian) {
  std::vector<ExifField> sorted = fields;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const ExifField& a, const ExifField& b) { return a.tag < b.tag; });
  std::string directory, values;
  const std::size_t behind = offset + 2 + 12 * sorted.size() + 4;
  directory += number_bytes(static_cast<std::uint32_t>(sorted.size()), 2, big_endian);
  for (const ExifField& field : sorted) {
    directory += number_bytes(field.tag, 2, big_endian);
    directory += number_bytes(field.type, 2, big_endian);
    directory += number_bytes(field.count, 4, big_endian);
    if (field.bytes.size() <= 4) {
      directory += field.bytes + std::string(4 - field.bytes.size(), '\0');
      continue;
    }
    directory += number_bytes(static_cast<std::uint32_t>(behind + values.size()), 4, big_endian);
    values += field.bytes + std::string(field.bytes.size() % 2, '\0');
  }
  directory += number_bytes(0, 4, big_endian);
  return directory + values;
}

std::string kept_exif(Exif exif) {
  const bool big_endian = exif.big_endian;
  set_short(exif.main, kOrientationTag, 1, big_endian);
  set_short(exif.camera, kColorSpace, 1, big_endian);
  const bool only_form = std::all_of(exif.main.begin(), exif.main.end(), [](const ExifField& field) {
    return is_of(field.tag, {kOrientationTag, kXResolution, kYResolution, kUnit});
  });
  if (only_form && exif.camera.empty() && exif.place.empty()) return "";
  constexpr std::uint32_t kStart = 8;
  if (!exif.camera.empty()) point_to(exif.main, kCameraTag, 0, big_endian);
  if (!exif.place.empty()) point_to(exif.main, kPlaceTag, 0, big_endian);
  const auto camera_at = static_cast<std::uint32_t>(kStart + size_of(exif.main)),
             place_at =
                 static_cast<std::uint32_t>(camera_at + (exif.camera.empty() ? 0 : size_of(exif.camera)));
  if (!exif.camera.empty()) point_to(exif.main, kCameraTag, camera_at, big_endian);
  if (!exif.place.empty()) point_to(exif.main, kPlaceTag, place_at, big_endian);
  std::string block = big_endian ? "MM" : "II";
  block += number_bytes(42, 2, big_endian);
  block += number_bytes(kStart, 4, big_endian);
  block += directory_bytes(exif.main, kStart, big_endian);
  if (!exif.camera.empty()) block += directory_bytes(exif.camera, camera_at, big_endian);
  if (!exif.place.empty()) block += directory_bytes(exif.place, place_at, big_endian);
  return block.size() <= kMostBytes ? block : "";
}

}  // namespace sumi::io
