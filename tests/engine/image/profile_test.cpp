// Embedded ICC profiles: images are converted to sRGB.
#include <lcms2.h>
#include <libheif/heif.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "engine/data/dataset.h"
#include "engine/image/codecs_module/code_points.h"
#include "engine/image/codecs_module/hevc.h"
#include "engine/image/photo.h"
#include "engine/serialize/file.h"
#include "tests/engine/image_files.h"

using namespace sumi;

namespace {

std::string bytes_of(cmsHPROFILE profile) {
  REQUIRE(profile != nullptr);
  cmsUInt32Number size = 0;
  REQUIRE(cmsSaveProfileToMem(profile, nullptr, &size));
  std::string bytes(size, '\0');
  REQUIRE(cmsSaveProfileToMem(profile, bytes.data(), &size));
  cmsCloseProfile(profile);
  return bytes;
}

struct Curve {
  explicit Curve(double gamma) : curve(cmsBuildGamma(nullptr, gamma)) {}
  ~Curve() { cmsFreeToneCurve(curve); }
  Curve(const Curve&) = delete;
  Curve& operator=(const Curve&) = delete;
  cmsToneCurve* curve;
};

// sRGB primaries with linear light.
std::string linear_rgb() {
  const cmsCIExyY white{0.3127, 0.3290, 1};
  const cmsCIExyYTRIPLE primaries{{0.64, 0.33, 1}, {0.30, 0.60, 1}, {0.15, 0.06, 1}};
  const Curve linear(1);
  std::array<cmsToneCurve*, 3> curves{linear.curve, linear.curve, linear.curve};
  return bytes_of(cmsCreateRGBProfile(&white, &primaries, curves.data()));
}

std::string linear_gray() {
  const Curve linear(1);
  return bytes_of(cmsCreateGrayProfile(cmsD50_xyY(), linear.curve));
}

// A printer whose every ink is black.
std::string black_inks() {
  cmsHPROFILE profile = cmsCreateProfilePlaceholder(nullptr);
  cmsSetProfileVersion(profile, 2.1);
  cmsSetDeviceClass(profile, cmsSigOutputClass);
  cmsSetColorSpace(profile, cmsSigCmykData);
  cmsSetPCS(profile, cmsSigLabData);
  cmsPipeline* pipeline = cmsPipelineAlloc(nullptr, 4, 3);
  cmsStage* table = cmsStageAllocCLut16bit(nullptr, 2, 4, 3, nullptr);
  cmsStageSampleCLut16bit(
      table,
      [](const cmsUInt16Number* ink, cmsUInt16Number* lab, void*) -> cmsInt32Number {
        const bool any = ink[0] || ink[1] || ink[2] || ink[3];
        lab[0] = any ? 0 : 0xFF00;  // L, then a and b of version 2: neutral
        lab[1] = lab[2] = 0x8000;
        return 1;
      },
      nullptr, 0);
  cmsPipelineInsertStage(pipeline, cmsAT_END, table);
  REQUIRE(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
  cmsPipelineFree(pipeline);
  return bytes_of(profile);
}

OIIO::ImageSpec with_profile(int w, int h, int channels, OIIO::TypeDesc type, const std::string& profile) {
  OIIO::ImageSpec spec(w, h, channels, type);
  spec.attribute("ICCProfile", OIIO::TypeDesc(OIIO::TypeDesc::UINT8, static_cast<int>(profile.size())),
                 profile.data());
  return spec;
}

int level(const Photo& photo, std::size_t i) {
  return static_cast<int>(std::lround(photo.rgb.at(i) / 257.0));
}

}  // namespace

TEST_CASE("profile: RGB and gray of linear light become sRGB, in every format that carries profiles") {
  const TempDir dir;
  for (const char* name : {"x.png", "x.tif", "x.jpg"}) {
    CAPTURE(std::string(name));
    const fs::path path = dir.path / name;
    write_raw(path, with_profile(16, 16, 3, OIIO::TypeDesc::UINT8, linear_rgb()),
              std::vector<std::uint8_t>(16 * 16 * 3, 55));
    const Photo photo = load_photo(path);
    CHECK(photo.remark.empty());
    for (std::size_t c = 0; c < 3; ++c) CHECK(std::abs(level(photo, c) - 128) <= 1);
    const Image8 image = load_image(path);  // for training
    for (std::size_t i = 0; i < image.data.size(); ++i) CHECK(image.data[i] == level(photo, i));
    save_photo(dir.path / "out.png", photo);
    CHECK(std::abs(level(load_photo(dir.path / "out.png"), 0) - 128) <= 1);  // not converted twice
  }
  write_raw(dir.path / "g.png", with_profile(1, 1, 1, OIIO::TypeDesc::UINT16, linear_gray()),
            std::vector<std::uint16_t>{55 * 257});
  const Photo gray = load_photo(dir.path / "g.png");
  CHECK(gray.depth == 16);
  CHECK(load_image(dir.path / "g.png", {.channels = 1}).data[0] == level(gray, 0));
  for (std::size_t c = 0; c < 3; ++c) CHECK(std::abs(level(gray, c) - 128) <= 1);
}

TEST_CASE("profile: the colors are converted, not what shows through") {
  const TempDir dir;
  OIIO::ImageSpec spec = with_profile(1, 1, 4, OIIO::TypeDesc::UINT8, linear_rgb());
  spec.attribute("oiio:UnassociatedAlpha", 1);
  write_raw<std::uint8_t>(dir.path / "x.png", spec, {55, 55, 55, 128});
  const Photo photo = load_photo(dir.path / "x.png");
  CHECK(photo.alpha[0] == 128 * 257);
  CHECK(std::abs(level(photo, 0) - 191) <= 1);  // 128 at a half over white
  CHECK(std::abs(load_image(dir.path / "x.png").data[0] - 191) <= 1);
  CHECK(std::abs(load_image(dir.path / "x.png", {.background = 0}).data[0] - 64) <= 1);
}

TEST_CASE("profile: CMYK goes through its profile") {
  const TempDir dir;
  OIIO::ImageSpec spec = with_profile(16, 16, 4, OIIO::TypeDesc::UINT8, black_inks());
  spec.channelnames = {"C", "M", "Y", "K"};
  spec.attribute("tiff:ColorSpace", "CMYK");
  std::vector<std::uint8_t> inks;
  for (int i = 0; i < 256; ++i) inks.insert(inks.end(), {std::uint8_t(i < 128 ? 255 : 0), 0, 0, 0});
  write_raw(dir.path / "x.tif", spec, inks);
  const Photo photo = load_photo(dir.path / "x.tif");
  CHECK(photo.remark.empty());
  CHECK(photo.alpha.empty());
  for (std::size_t c = 0; c < 3; ++c) {
    CHECK(level(photo, c) <= 2);  // not cyan
    CHECK(level(photo, 200 * 3 + c) >= 253);
  }
}

TEST_CASE("profile: CMYK without one is taken for ideal inks") {
  const TempDir dir;
  put(dir.path / "x.jpg", cmyk_jpeg());
  const Photo photo = load_photo(dir.path / "x.jpg");
  for (std::size_t i = 0; i < photo.rgb.size(); ++i)
    CHECK(std::abs(level(photo, i) - (i % 3 ? 0 : 255)) <= 2);
}

TEST_CASE("profile: one that is broken or of another kind is left out, and that is said") {
  const TempDir dir;
  for (const auto& [profile, words] :
       {std::pair{std::string(200, 'x'), "is damaged"}, {linear_gray(), "is for another kind of image"}}) {
    write_raw(dir.path / "x.tif", with_profile(1, 1, 3, OIIO::TypeDesc::UINT8, profile),
              std::vector<std::uint8_t>{10, 20, 30});
    const Photo photo = load_photo(dir.path / "x.tif");
    CHECK(has(photo.remark, words));
    CHECK(level(photo, 1) == 20);
    CHECK(load_image(dir.path / "x.tif").data == std::vector<std::uint8_t>{10, 20, 30});
  }
}

// A gray-blue image with these code points, by libheif's encoder; "" where it has none.
std::string heic(const fs::path& path, int primaries, int transfer) {
  const std::unique_ptr<heif_context, void (*)(heif_context*)> context(heif_context_alloc(),
                                                                       heif_context_free);
  heif_encoder* encoder = nullptr;
  if (heif_context_get_encoder_for_format(context.get(), heif_compression_HEVC, &encoder).code !=
      heif_error_Ok)
    return "";
  heif_image* image = nullptr;
  heif_image_create(64, 64, heif_colorspace_RGB, heif_chroma_interleaved_RGB, &image);
  heif_image_add_plane(image, heif_channel_interleaved, 64, 64, 8);
  int stride = 0;
  std::uint8_t* plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x)
      for (int c = 0; c < 3; ++c)
        plane[y * stride + 3 * x + c] = static_cast<std::uint8_t>(c == 0 ? 200 : 60);
  heif_color_profile_nclx* nclx = heif_nclx_color_profile_alloc();
  nclx->color_primaries = static_cast<heif_color_primaries>(primaries);
  nclx->transfer_characteristics = static_cast<heif_transfer_characteristics>(transfer);
  heif_image_set_nclx_color_profile(image, nclx);
  heif_encoder_set_lossy_quality(encoder, 100);
  heif_image_handle* handle = nullptr;
  heif_context_encode_image(context.get(), image, encoder, nullptr, &handle);
  heif_context_write_to_file(context.get(), path.c_str());
  heif_image_handle_release(handle);
  heif_nclx_color_profile_free(nclx);
  heif_image_release(image);
  heif_encoder_release(encoder);
  return read_file(path, 1 << 20);
}

TEST_CASE("profile: code points of HEIC in the place of a profile, as its stream tells them") {
  const TempDir dir;
  const fs::path p = dir.path / "x.heic";
  bool hdr = false;
  CHECK(io::profile_of_code_points(1, 13, hdr).empty());
  CHECK(io::profile_of_code_points(2, 2, hdr).empty());
  CHECK_FALSE(hdr);
  CHECK_FALSE(io::profile_of_code_points(9, 16, hdr).empty());
  CHECK(hdr);
  std::string file = heic(p, 12, 13);
  if (file.empty()) return;  // this libheif cannot encode
  const io::CodePoints points = io::hevc_code_points(file);
  CHECK(points.primaries == 12);
  CHECK(points.transfer == 13);
  for (std::size_t size = 0; size < file.size(); size += 7) io::hevc_code_points(file.substr(0, size));
  const auto near = [&](int red, int green, int blue) {
    const Photo photo = load_photo(p);
    const std::size_t middle = 3 * (32 * 64 + 32);
    CHECK(std::abs(level(photo, middle) - red) <= 4);
    CHECK(std::abs(level(photo, middle + 1) - green) <= 4);
    CHECK(std::abs(level(photo, middle + 2) - blue) <= 4);
  };
  near(217, 42, 52);  // Display P3's 200, 60, 60 in sRGB
  heic(p, 1, 13);
  near(200, 60, 60);
}

TEST_CASE("profile: images for training: 16 bits of dark linear light, inks, orientation, packs") {
  const TempDir dir;
  OIIO::ImageSpec deep = with_profile(2, 1, 3, OIIO::TypeDesc::UINT16, linear_rgb());
  deep.attribute("Orientation", 6);
  write_raw(dir.path / "x.tif", deep, std::vector<std::uint16_t>{100, 100, 100, 200, 200, 200});
  const Image8 image = load_image(dir.path / "x.tif");
  REQUIRE(image.height == 2);
  // 255 * 12.92 * 100 / 65535; of 8 bits nothing would be left
  CHECK(std::abs(image.data[0] - 5) <= 1);
  CHECK(std::abs(image.data[3] - 10) <= 1);

  OIIO::ImageSpec inks = with_profile(16, 16, 4, OIIO::TypeDesc::UINT8, black_inks());
  inks.channelnames = {"C", "M", "Y", "K"};
  inks.attribute("tiff:ColorSpace", "CMYK");
  std::vector<std::uint8_t> cyan;
  for (int i = 0; i < 256; ++i) cyan.insert(cyan.end(), {255, 0, 0, 0});
  write_raw(dir.path / "cmyk.tif", inks, cyan);
  for (const int v : load_image(dir.path / "cmyk.tif").data) CHECK(v <= 2);

  fs::create_directory(dir.path / "data");
  write_raw(dir.path / "data/a.png", with_profile(4, 4, 3, OIIO::TypeDesc::UINT8, linear_rgb()),
            std::vector<std::uint8_t>(48, 55));
  DatasetSpec spec;
  spec.data = dir.path / "data";
  spec.size = 4;
  spec.cache_dir = dir.path / "cache";
  const Dataset data = Dataset::open(spec);
  CHECK(std::abs(data.item(0)[0] - 128) <= 1);
}
