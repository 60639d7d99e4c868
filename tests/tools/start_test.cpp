// Libraries loaded at the program's start, and those loaded on demand.
#include <doctest/doctest.h>

#include <cstdlib>

#include "engine/image/image.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

// Sets an environment variable for child processes.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { ::setenv(name, value.c_str(), 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

// A run of a tiny network in folder/run.
void make_tiny_run(const Folder& folder) {
  write_images(folder, "pictures", 8, 16);
  REQUIRE(run(folder, kTiny + "--steps 1 --outdir run").code == 0);
}

// Returns true if the loader has loaded OpenCV's detector for `sumi ARGUMENTS`.
bool loads_faces(const Folder& folder, const std::string& arguments) {
  const Variable log("LD_DEBUG", "files");
  const Result result = run(folder, arguments);
  CAPTURE(arguments);
  CHECK(result.code == 0);
  return has(result.err, "libopencv_objdetect");
}

// Returns true if the loader, whose log goes to stderr, has loaded the codecs for `sumi ARGUMENTS`.
bool loads_codecs(const Folder& folder, const std::string& arguments) {
  const Variable log("LD_DEBUG", "files");
  const Result result = run(folder, arguments);
  CAPTURE(arguments);
  CHECK(result.code == 0);
  CHECK(has(result.err, "calling init: "));
  CHECK(has(result.err, "libfmt"));
  CHECK(has(result.err, "libOpenImageIO") == has(result.err, "sumi_codecs"));
  return has(result.err, "libOpenImageIO");
}

}  // namespace

TEST_CASE("start: only formats other than PNG, JPEG and BMP load the codecs") {
  const Folder folder;
  make_tiny_run(folder);
  sumi::save_image(folder / "photo.jpg", sumi::Image8(16, 16, 3, 90));
  for (const char* arguments :
       {"--version", "--help", "models", "devices", "inspect run", "generate -m run -n 4 -o new.png",
        "generate -m run -n 4 -o new.jpg", "distance -a pictures -b pictures"})
    CHECK(!loads_codecs(folder, arguments));
  CHECK(!loads_codecs(folder, kTiny + "--steps 2 --outdir again"));  // PNG to samples and a plot
  CHECK(loads_codecs(folder, "generate -m run -n 4 -o new.tga"));
}

TEST_CASE("start: only styles load the face module") {
  const Folder folder;
  write_images(folder, "pictures", 1, 60);
  for (const char* arguments : {"--version", "convert --help", "convert -i pictures -o off --faces off"})
    CHECK(!loads_faces(folder, arguments));
}

TEST_CASE("start: without the codecs PNG and JPEG work, and other formats are rejected in one line") {
  const Folder folder;
  make_tiny_run(folder);
  fs::create_directories(folder / "mixed");
  fs::copy(folder / "pictures", folder / "mixed");
  sumi::save_image(folder / "mixed/z.tga", sumi::Image8(16, 16, 3, 90));
  const std::string missing = (folder / "nowhere.so").string();
  const Variable place("SUMI_CODECS", missing);
  const std::string generate = "generate -m run -n 4 -o ";
  CHECK(run(folder, generate + "new.png").code == 0);
  CHECK(run(folder, generate + "new.jpg").code == 0);
  check_error(run(folder, generate + "new.tga"), 1, "[codecs] there is no " + missing + ", without");
  check_error(run(folder, generate + "new.tga"), 1, "install sumi again, or set SUMI_CODECS");
  CHECK(!fs::exists(folder / "new.tga"));
  // The program stops instead of training on fewer images.
  const Result train =
      run(folder,
          "train dcgan --data mixed --size 16 --ngf 4 --ndf 4 --nz 8 --batch-size 4 --steps 1 --outdir no");
  CHECK(train.code == 1);
  CHECK(has(train.err, "[codecs] there is no "));
}

TEST_CASE("start: missing codecs and those of another build are rejected") {
  const Folder folder;
  make_tiny_run(folder);
  const std::string generate = "generate -m run -n 4 -o new.tga";
  const std::string text = (folder / "text.so").string();
  write(text, "text");
  {
    const Variable place("SUMI_CODECS", text);
    check_error(run(folder, generate), 1, "[codecs " + text + "] cannot be loaded: ");
  }
  const char* other = std::getenv("SUMI_OTHER_CODECS");
  REQUIRE(other != nullptr);
  const Variable place("SUMI_CODECS", other);
  check_error(run(folder, generate), 1, "belongs to another build of sumi (0.0.0-other, not ");
}
