// Weight files of other programs.
#include <doctest/doctest.h>

#include "engine/serialize/safetensors.h"
#include "tests/support.h"

using namespace sumi;
using test::has;

namespace {

std::string says(const std::string& name, const std::string& bytes) {
  const test::TempDir dir;
  test::put(dir.path / name, bytes);
  return test::error_of([&] { SafetensorsFile::open(dir.path / name); });
}

// A zip archive's beginning and end, with an entry of this name.
std::string zip(const std::string& name) {
  return "PK\3\4" + std::string(26, '\0') + name + std::string(200'000, 'x') + "PK\1\2" + name;
}

}  // namespace

TEST_CASE("safetensors: other formats are named, with the line that converts them") {
  const auto torch = says("netG.pth", zip("netG/data.pkl"));
  CHECK(has(torch, "is a PyTorch file (a zip archive of pickles)"));
  CHECK(has(torch, "sumi import makes one of it"));
  const std::string old = std::string("\x80\x02\x8a\nl\xfc\x9c") + "F\xf9 j\xa8P\x19" + std::string(60, 'x');
  CHECK(has(says("old.pt", old), "is a PyTorch file (pickles, as torch.save wrote before 1.6)"));
  CHECK(has(says("script.pt", zip("net/code/a.py, net/constants.pkl, net/data.pkl")), "torch.jit.load"));
  CHECK(has(says("k.keras", zip("model.weights.h5")), "is a Keras file"));
  CHECK(has(says("a.npz", zip("w.npy")), "dict(numpy.load("));
  CHECK(has(says("a.zip", zip("readme")), "unpack it first"));
  CHECK(has(says("w.h5", "\x89HDF\r\n\x1a\n" + std::string(100, '\0')), "sumi import makes one of it"));
  CHECK(has(says("w.npy", "\x93NUMPY" + std::string(100, '\0')), "is a NumPy array"));
  CHECK(has(says("m.ckpt", "\x80\x02}" + std::string(60, 'x') + "."), "is a Python pickle"));
  CHECK(
      has(says("m.onnx", std::string("\x08\x07\x12\x07pytorch") + std::string(90, 'x')), "is an ONNX file"));
  CHECK(has(says("m.gguf", "GGUF" + std::string(90, '\0')), "GGUF"));
  CHECK(
      has(says("m.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0"), "git lfs pull"));
  CHECK(has(says("m.safetensors", "<!DOCTYPE html><html>not found</html>"), "is a web page"));
  CHECK(has(says("m.safetensors", "\x1f\x8b" + std::string(90, 'x')), "gzip -d"));
  CHECK(has(says("m.safetensors", "\x89PNG\r\n\x1a\n" + std::string(90, 'x')), "is an image"));
  CHECK(has(says("it's.npz", zip("w.npy")), "numpy.load('FILE'"));  // no quotes within quotes
}

TEST_CASE("safetensors: what is damaged is still called that") {
  CHECK(has(says("m.safetensors", std::string(8, '\x7f') + std::string(90, 'x')), "claims a header of"));
  CHECK(has(says("m.safetensors", std::string("\x40\0\0\0\0\0\0\0", 8) + "{}"), "it is truncated"));
  CHECK(has(says("m.safetensors", "PK"), "too few"));
}
