// Faces that a style keeps.
#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/image/faces/faces.h"
#include "engine/image/photo.h"

namespace fs = std::filesystem;

namespace {

sumi::Photo sample(const char* name) {
  const char* folder = std::getenv("SUMI_SOURCE_DIR");
  return sumi::load_photo(fs::path(folder ? folder : ".") / "samples" / "photos" / name);
}

sumi::stylize::RgbView view_of(const sumi::Photo& photo) {
  return {photo.width, photo.height, photo.rgb.data()};
}

// Whether this build has the module: SUMI_FACES=OFF is a build, too.
bool can_find() {
  try {
    sumi::faces::find_faces(view_of(sample("astronaut.jpg")));
    return true;
  } catch (const sumi::faces::FacesUnavailable& error) {
    MESSAGE(error.what());
    return false;
  }
}

}  // namespace

TEST_CASE("faces: a portrait has one, in color and in gray, and no landscape, cup or cat has any") {
  if (!can_find()) return;
  sumi::Photo portrait = sample("astronaut.jpg");
  for (const bool gray : {false, true}) {
    CAPTURE(gray);
    if (gray)
      for (std::size_t i = 0; i < portrait.rgb.size(); i += 3)
        portrait.rgb[i] = portrait.rgb[i + 2] = portrait.rgb[i + 1];
    const std::vector<sumi::faces::FaceBox> found = sumi::faces::find_faces(view_of(portrait));
    REQUIRE(found.size() == 1);
    CHECK(std::abs(found[0].x + found[0].width / 2 - 224) < 20);
    CHECK(std::abs(found[0].y + found[0].height / 2 - 115) < 20);
    CHECK(std::abs(found[0].width - 100) < 30);
    const sumi::stylize::Plane mask = sumi::faces::face_mask(view_of(portrait), found);
    CHECK(mask.width() == 512);
    CHECK(mask.row(115)[224] == 1);
    CHECK(mask.row(400)[224] == 0);
  }
  for (const char* name : {"lake.jpg", "coffee.jpg", "cat.jpg"}) {
    CAPTURE(std::string(name));
    CHECK(sumi::faces::find_faces(view_of(sample(name))).empty());
  }
}

TEST_CASE("faces: photographs too small for one have none, and a mask of none is empty") {
  const sumi::Photo dot{1, 1, 8, {0, 0, 0}, {}, ""};
  CHECK(sumi::faces::find_faces(view_of(dot)).empty());
  CHECK(sumi::faces::face_mask(view_of(dot), {}).empty());
  const sumi::stylize::Plane mask = sumi::faces::face_mask(view_of(dot), {{0, 0, 1, 1}});
  CHECK(mask.pixels() == 1);
}
