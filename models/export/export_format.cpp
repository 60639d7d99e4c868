#include "models/export/export_format.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/error.h"

namespace sumi {
namespace {

bool has_extension(const ExportFormat& format, const std::string& extension) {
  return std::any_of(format.extensions.begin(), format.extensions.end(),
                     [&](const char* known) { return extension == known; });
}

std::string format_names() {
  std::string names;
  for (const ExportFormat& format : export_formats())
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  return names;
}

std::string renamed(std::filesystem::path path, const ExportFormat& format) {
  return path.replace_extension(format.extensions.front()).string();
}

}  // namespace

const std::vector<ExportFormat>& export_formats() {
  static const std::vector<ExportFormat> formats{
      {"safetensors", "weights, for PyTorch and sumi", {".safetensors"}, false, write_safetensors},
      {"pth", "weights, as torch.save writes them", {".pth", ".pt"}, false, write_pth},
      {"h5", "weights, as Keras saves them", {".h5", ".hdf5"}, false, write_h5},
      {"onnx", "a network, for onnxruntime and others", {".onnx"}, true, write_onnx},
      {"ncnn", "a network, with its weights in a .bin file beside it", {".param"}, true, write_ncnn},
  };
  return formats;
}

const ExportFormat& export_format(const std::string& name, const std::filesystem::path& output) {
  const auto& formats = export_formats();
  const std::string extension = output.extension().string();
  const auto of_extension = std::find_if(formats.begin(), formats.end(),
                                         [&](const ExportFormat& f) { return has_extension(f, extension); });
  const ExportFormat* const named = of_extension == formats.end() ? nullptr : &*of_extension;
  if (name.empty()) {
    if (named) return *named;
    if (extension.empty()) return formats.front();
    fail("-o",
         fmt::format("{}: no format of sumi export has the extension {}; name it {}, or use another of: {}",
                     output.string(), extension, renamed(output, formats.front()), format_names()));
  }
  const auto chosen =
      std::find_if(formats.begin(), formats.end(), [&](const ExportFormat& f) { return name == f.name; });
  if (chosen == formats.end())
    fail("--format", fmt::format("{} is unknown; use one of: {}", name, format_names()));
  if (!extension.empty() && named != &*chosen)
    fail("-o", fmt::format("{}: the name says {}, but --format says {}; name it {}", output.string(),
                           named ? named->name : "another format", name, renamed(output, *chosen)));
  return *chosen;
}

}  // namespace sumi
