#include "engine/serialize/foreign_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sumi {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLooked = 64 << 10;

// Python commands; {0} is the file, {1} the safetensors file to write.
constexpr const char* kScript =
    "import torch, safetensors.torch as s; s.save_file({{k: v.clone() for k, v in torch.jit.load('{0}', "
    "map_location='cpu').state_dict().items()}}, '{1}')";
constexpr const char* kKeras =
    "import keras, safetensors.numpy as s; s.save_file({{w.path: w.numpy() for w in "
    "keras.models.load_model('{0}')"
    ".weights}}, '{1}')";
constexpr const char* kOnnx =
    "import onnx, onnx.numpy_helper as h, safetensors.numpy as s; s.save_file({{t.name: h.to_array(t).copy() "
    "for t in "
    "onnx.load('{0}').graph.initializer}}, '{1}')";
constexpr const char* kNpz =
    "import numpy, safetensors.numpy as s; s.save_file(dict(numpy.load('{0}')), '{1}')";
constexpr const char* kNpy =
    "import numpy, safetensors.numpy as s; s.save_file({{'weight': numpy.load('{0}')}}, '{1}')";
constexpr const char* kRename =
    "; names and layouts must then be PyTorch's, as sumi inspect shows them of a file that sumi export wrote";

// Read by engine/serialize/weight_file.h; these texts are for commands that need sumi's own file.
constexpr const char* kTorchZip =
    "a PyTorch file (a zip archive of pickles), not a checkpoint of sumi; sumi import makes one of it";
constexpr const char* kTorchStream =
    "a PyTorch file (pickles, as torch.save wrote before 1.6), not a checkpoint of sumi; sumi import makes "
    "one of it";

constexpr const char* kKerasFile =
    "an HDF5 file (Keras .h5), not a checkpoint of sumi; sumi import makes one of it";

struct ForeignKind {
  std::string_view start;
  const char* what;
  const char* python = "";
  const char* then = "";
};

constexpr std::array<ForeignKind, 13> kStarts{{
    // torch.save before PyTorch 1.6: a pickle of its magic number 0x1950a86a20f9469cfc6c.
    {"\x80\x02\x8a\x0al\xfc\x9c"
     "F\xf9 j\xa8P\x19"sv,
     kTorchStream},
    {"\x89HDF\r\n\x1a\n"sv, kKerasFile},
    {"\x93NUMPY"sv, "a NumPy array", kNpy},
    {"GGUF"sv, "a GGUF file, of quantized language models; sumi has no such network"},
    {"version https://git-lfs"sv,
     "a Git LFS pointer, not the file itself: run git lfs pull where it comes from"},
    {"<!DOCTYPE"sv, "a web page: the download gave a page instead of the file; download the file itself"},
    {"<!doctype"sv, "a web page: the download gave a page instead of the file; download the file itself"},
    {"<html"sv, "a web page: the download gave a page instead of the file; download the file itself"},
    {"\x1f\x8b"sv, "packed by gzip; unpack it first (gzip -d)"},
    {"\xfd"
     "7zXZ"sv,
     "packed by xz; unpack it first (xz -d)"},
    {"BZh"sv, "packed by bzip2; unpack it first (bzip2 -d)"},
    {"\x89PNG"sv, "an image, not weights"},
    {"\xff\xd8\xff"sv, "an image, not weights"},
}};

std::string advice_on(const std::filesystem::path& path, const ForeignKind& kind) {
  std::string text = std::string("is ") + kind.what;
  if (*kind.python == 0) return text;
  const std::string name = path.string();
  const bool plain = name.find_first_of("'\\\n\r") == std::string::npos;
  const std::filesystem::path file = plain ? path : "FILE";
  std::filesystem::path made = file;
  made.replace_extension(".safetensors");
  return fmt::format("{}. sumi reads safetensors; in Python: {}{}", text,
                     fmt::format(fmt::runtime(kind.python), file.string(), made.string()), kind.then);
}

// Identifies a zip archive by the names in it: the first entry's at the beginning, all in the
// directory at the end.
ForeignKind zip_kind(std::string_view head, std::string_view tail) {
  const auto holds = [&](std::string_view name) {
    return head.find(name) != std::string_view::npos || tail.find(name) != std::string_view::npos;
  };
  if (holds("constants.pkl")) return {"", "a TorchScript file (a zip archive)", kScript};
  if (holds("data.pkl")) return {"", kTorchZip};
  if (holds("model.weights.h5")) return {"", "a Keras file (a zip archive)", kKeras, kRename};
  if (holds(".npy")) return {"", "a NumPy file of arrays (.npz)", kNpz};
  return {"", "a zip archive; unpack it first (unzip)"};
}

}  // namespace

std::string foreign_file_text(const std::filesystem::path& path, const std::byte* data, std::size_t size) {
  if (size < 4) return "";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size),
      head = bytes.substr(0, kLooked), tail = bytes.substr(size - std::min(size, kLooked));
  for (const ForeignKind& kind : kStarts)
    if (head.starts_with(kind.start)) return advice_on(path, kind);
  if (head.starts_with("PK\3\4"sv)) return advice_on(path, zip_kind(head, tail));
  const std::string extension = path.extension().string();
  // A pickle of protocol 2 to 5 that ends with STOP. Whole modules and nested dictionaries need
  // manual conversion.
  if (head[0] == '\x80' && head[1] >= 2 && head[1] <= 5 && tail.back() == '.')
    return advice_on(
        path,
        {"",
         "a Python pickle, not a file of torch.save; in Python: torch.save(net.state_dict(), 'net.pth')"});
  if (head.substr(0, kLooked).find("ustar"sv) == 257)
    return advice_on(path, {"", "a tar archive; unpack it first (tar xf)"});
  if (head.size() > 8 && head.substr(4, 4) == "TFL3"sv)
    return advice_on(path, {"", "a TensorFlow Lite file, whose weights sumi cannot take"});
  // Protobuf: field 1 (ir_version), a small number, then producer, domain, model version, text or
  // graph.
  if (head[0] == 8 && head[1] > 0 && head[1] < 32 &&
      std::string_view("\x12\x1a\x22\x28\x32\x3a").find(head[2]) != std::string_view::npos)
    return advice_on(path, {"", "an ONNX file (or another of Protobuf)", kOnnx, kRename});
  return "";
}

}  // namespace sumi
