#include "engine/serialize/torch_writer.h"

#include <array>
#include <map>
#include <string_view>

#include "engine/serialize/element.h"
#include "engine/serialize/zip_writer.h"
#include "kernels/base/check.h"

namespace sumi {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kAlignment = 64;  // of tensors in the archive, as torch.save aligns them
constexpr const char* kFolder = "archive/";

// The class of a tensor's storage in PyTorch, "" for an unknown dtype.
std::string_view storage_class(std::string_view dtype) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> classes{
      {{"F32", "FloatStorage"},
       {"F64", "DoubleStorage"},
       {"F16", "HalfStorage"},
       {"BF16", "BFloat16Storage"},
       {"I64", "LongStorage"}}};
  for (const auto& [name, storage] : classes)
    if (name == dtype) return storage;
  return "";
}

// Writes pickle opcodes of protocol 2. Globals and repeated strings are memoized.
class Pickler {
 public:
  Pickler() { out_ = "\x80\x02"; }

  void op(char code) { out_ += code; }
  void global(const std::string& module, const std::string& name) {
    memoized("c" + module + "\n" + name + "\n");
  }
  void text(std::string_view value) {
    std::string bytes = "X";
    append_little(bytes, value.size(), 4);
    out_ += bytes + std::string(value);
  }
  void repeated_text(std::string_view value) {
    std::string bytes = "X";
    append_little(bytes, value.size(), 4);
    memoized(bytes + std::string(value));
  }
  void number(std::int64_t value) {
    if (value >= 0 && value < 256) {
      out_ += 'K';
      append_little(out_, static_cast<std::uint64_t>(value), 1);
    } else if (value >= 0 && value <= INT32_MAX) {
      out_ += 'J';
      append_little(out_, static_cast<std::uint64_t>(value), 4);
    } else {  // LONG1: eight bytes of two's complement
      out_ += "\x8a\x08"sv;
      append_little(out_, static_cast<std::uint64_t>(value), 8);
    }
  }
  void numbers(const std::vector<std::int64_t>& values) {
    op('(');
    for (const std::int64_t value : values) number(value);
    op('t');
  }
  void ordered_dict() {
    global("collections", "OrderedDict");
    out_ += ")R";
  }
  std::string finish() { return std::move(out_ += '.'); }

 private:
  // Writes the bytes that push a value; later only the number under which it is stored.
  void memoized(const std::string& bytes) {
    const auto [at, fresh] = memo_.emplace(bytes, memo_.size());
    if (fresh) out_ += bytes;
    out_ += fresh ? 'q' : 'h';
    append_little(out_, at->second, 1);
  }

  std::string out_;
  std::map<std::string, std::size_t> memo_;  // globals and a few strings: far below 256
};

std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

// torch._utils._rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks)
void put_tensor(Pickler& pickle, const StateTensor& t, std::size_t key, const std::string& where) {
  const std::string_view storage = storage_class(t.dtype);
  if (storage.empty())
    fail(where, "tensor " + t.name + " has dtype " + t.dtype + "; convert it to F32 first");
  std::int64_t count = 1;
  for (const std::int64_t size : t.shape) count *= size;
  pickle.global("torch._utils", "_rebuild_tensor_v2");
  pickle.op('(');
  pickle.op('(');
  pickle.repeated_text("storage");
  pickle.global("torch", std::string(storage));
  pickle.text(std::to_string(key));
  pickle.repeated_text("cpu");
  pickle.number(count);
  pickle.op('t');
  pickle.op('Q');  // the persistent id: a storage
  pickle.number(0);
  pickle.numbers(t.shape);
  pickle.numbers(row_major_strides(t.shape));
  pickle.op('\x89');  // False
  pickle.ordered_dict();
  pickle.op('t');
  pickle.op('R');
}

}  // namespace

std::string torch_pickle(const TorchFile& content, const std::string& where) {
  Pickler pickle;
  std::size_t key = 0;
  const auto put_network = [&](const StateDict& tensors) {
    pickle.ordered_dict();
    pickle.op('(');
    for (const StateTensor& t : tensors) {
      pickle.text(t.name);
      put_tensor(pickle, t, key++, where);
    }
    pickle.op('u');
  };
  const bool single = content.networks.size() == 1 && content.networks[0].first.empty();
  if (!single) {
    pickle.op('}');
    pickle.op('(');
  }
  for (const auto& [name, tensors] : content.networks) {
    if (!single) pickle.text(name);
    put_network(tensors);
  }
  if (!single) pickle.op('u');
  return pickle.finish();
}

void write_torch_file(const std::filesystem::path& path, const TorchFile& content) {
  const std::string where = "write " + path.string();
  const std::string pickle = torch_pickle(content, where);
  write_file_atomically(path, [&](FileWriter& file) {
    ZipWriter zip(file, where, kAlignment);
    const auto named = [](const std::string& name) { return kFolder + name; };
    zip.add(named("data.pkl"), pickle);
    zip.add(named("byteorder"), "little");
    std::size_t key = 0;
    for (const auto& [name, tensors] : content.networks)
      for (const StateTensor& t : tensors)
        zip.add(named("data/" + std::to_string(key++)), t.bytes.data(), t.bytes.size());
    for (const auto& [name, text] : content.extra) zip.add(named("extra/" + name), text);
    zip.add(named("version"), "3\n");
    zip.finish();
  });
}

}  // namespace sumi
