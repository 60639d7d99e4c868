// Files of torch.save: what is read, and what is refused.
#include <doctest/doctest.h>

#include <fmt/format.h>

#include <string>
#include <vector>

#include "engine/serialize/pickle.h"
#include "engine/serialize/weight_file.h"
#include "engine/serialize/zip_file.h"
#include "tests/support.h"
#include "tests/torch_files.h"

using namespace sumi;
using namespace sumi::test;

namespace {

std::string floats(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::vector<TorchTensor> two_tensors() {
  return {{"a.weight", {2, 3}, floats({1, 2, 3, 4, 5, 6})}, {"a.bias", {2}, floats({-1, 0.5F})}};
}

struct TorchFolder : TempDir {
  std::filesystem::path file(const std::string& bytes) const {
    put(path / "net.bin", bytes);  // the name says nothing
    return path / "net.bin";
  }
  std::string refused(const std::string& bytes) const {
    const std::string error = error_of([&] {
      const WeightFile weights(file(bytes));
      for (const auto& entry : weights.entries()) weights.values(entry.name);
    });
    CHECK(error.find('\n') == std::string::npos);
    return error;
  }
};

// The error for a zip archive whose data.pkl has these opcodes.
std::string pickle_error(const TorchFolder& folder, const std::string& opcodes) {
  return folder.refused(torch_zip(opcodes, {}));
}

std::string view_error(const TorchFolder& folder, std::vector<std::int64_t> shape,
                       std::vector<std::int64_t> strides, std::int64_t offset, std::int64_t count = -1) {
  const TorchTensor t{
      "t",  std::move(shape), floats({1, 2, 3, 4, 5, 6}), "FloatStorage", 4, std::move(strides), offset,
      count};
  return folder.refused(torch_zip({t}));
}

}  // namespace

TEST_CASE("torch file: zip, zip64, data descriptors and the older stream hold the same tensors") {
  const TorchFolder folder;
  const auto tensors = two_tensors();
  const std::string opcodes = pickled_dictionary(tensors);
  for (const std::string& bytes : {torch_zip(tensors), torch_zip(opcodes, tensors, 8),
                                   torch_zip(opcodes, tensors, 0, true), torch_stream(tensors)}) {
    const WeightFile file(folder.file(bytes));
    CHECK(file.dictionaries() == std::vector<std::string>{""});
    REQUIRE(file.entries().size() == 2);
    CHECK(file.entries()[0].name == "a.weight");
    CHECK(file.entries()[0].shape == std::vector<std::int64_t>{2, 3});
    CHECK(file.values("a.weight") == std::vector<double>{1, 2, 3, 4, 5, 6});
    CHECK(file.values("a.bias") == std::vector<double>{-1, 0.5});
    CHECK(file.values("b").empty());
  }
  CHECK(weight_format(folder.file(torch_stream(tensors))) == WeightFormat::torch_stream);
  CHECK(weight_format(folder.file(torch_zip(tensors))) == WeightFormat::torch_zip);
}

TEST_CASE("torch file: tensors without elements may have any other sizes") {
  const TorchFolder folder;
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  const std::vector<TorchTensor> tensors{{"a", {kHuge, 0, kHuge}, floats({1}), "FloatStorage", 4, {1, 1, 1}},
                                         {"b", {kHuge, kHuge, 0}, floats({1}), "FloatStorage", 4, {1, 1, 1}}};
  const WeightFile file(folder.file(torch_zip(tensors)));
  for (const char* name : {"a", "b"}) CHECK(file.values(name).empty());
}

TEST_CASE("torch file: types, views and scalars") {
  const TorchFolder folder;
  const std::string six = floats({1, 2, 3, 4, 5, 6});
  const std::vector<TorchTensor> tensors{
      {"transposed", {3, 2}, six, "FloatStorage", 4, {1, 3}},
      {"part", {2, 2}, six, "FloatStorage", 4, {3, 1}, 1},
      {"scalar", {}, floats({7}), "FloatStorage", 4},
      {"half",
       {7},
       std::string("\x00\x3c\x00\xc0\x01\x00\xff\x7b\x00\x7c\x00\x00\x01\x80", 14),
       "HalfStorage",
       2},
      {"brain", {2}, std::string("\x80\x3f\x20\xc1", 4), "BFloat16Storage", 2},
      {"double", {1}, bytes_of(0.1), "DoubleStorage", 8},
      {"count", {1}, bytes_of<std::int64_t>(5), "LongStorage", 8},
      {"none", {0, 4}, "", "FloatStorage", 4}};
  const WeightFile file(folder.file(torch_zip(tensors)));
  CHECK(file.values("transposed") == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(file.values("part") == std::vector<double>{2, 3, 5, 6});
  CHECK(file.values("scalar") == std::vector<double>{7});
  const auto half = file.values("half");
  CHECK(std::vector<double>(half.begin(), half.begin() + 4) == std::vector<double>{1, -2, 0x1p-24, 65504});
  CHECK(half[4] > 1e300);
  CHECK(half[6] == -0x1p-24);
  CHECK(file.values("brain") == std::vector<double>{1, -10});
  CHECK(file.values("double") == std::vector<double>{0.1});
  CHECK(file.values("count").empty());  // no floating-point type
  CHECK(file.values("none").empty());
}

TEST_CASE("torch file: nested dictionaries are told apart") {
  const TorchFolder folder;
  const auto tensors = two_tensors();
  const std::string inner = pickled_dictionary(tensors);
  const std::string nested = "}(" + pickled_text("epoch") + pickled_number(3) +
                             pickled_text("netG_state_dict") + inner + pickled_text("models") + "}(" +
                             pickled_text("ema") + inner + "u" + pickled_text("losses") + "](G" +
                             std::string(8, '\0') + "Neu";
  WeightFile file(folder.file(torch_zip(nested, tensors)));
  CHECK(file.dictionaries() == std::vector<std::string>{"netG_state_dict", "models.ema"});
  CHECK(file.entries().size() == 2);
  file.choose("models.ema");
  CHECK(file.values("a.bias") == std::vector<double>{-1, 0.5});
  file.choose("models.ema", "a.");
  CHECK(file.entries()[0].name == "weight");
  CHECK(file.values("weight").size() == 6);
}

TEST_CASE("pickle: nothing but tensors is built, and the error names the rest") {
  const TorchFolder folder;
  CHECK(
      has(pickle_error(folder, "cos\nsystem\n" + pickled_text("touch opened") + "\x85R"), "names os.system"));
  CHECK(has(pickle_error(folder, pickled_global("torch.nn.modules.conv", "Conv2d") + ")\x81"), "Conv2d"));
  CHECK(has(pickle_error(folder, pickled_global("builtins", "eval") + pickled_text("1") + "\x85R"),
            "builtins.eval"));
  CHECK(has(pickle_error(folder, pickled_global("torch", "load") + ")R"), "names torch.load"));
  // Opcodes that call or import in other ways.
  for (const std::string opcode :
       {"ios\nsystem\n", "\x93", "\x81", "\x92", "o", "P0\n", "\x82\x01", "B", "I1\n"})
    CHECK(has(pickle_error(folder, "(" + opcode), "opcode 0x"));
  // An allowed name is not a function for any arguments.
  CHECK(has(pickle_error(folder, pickled_global("torch", "FloatStorage") + ")R"), "malformed"));
  CHECK(has(pickle_error(folder, pickled_global("torch._utils", "_rebuild_tensor_v2") + ")R"), "malformed"));
  CHECK(has(pickle_error(folder, pickled_text("x") + ")R"), "malformed"));
  CHECK(has(pickle_error(folder, "(" + pickled_text("module") + "tQ"), "whole Python module"));
  CHECK(has(pickle_error(folder, ""), "malformed"));       // STOP on an empty stack
  CHECK(has(pickle_error(folder, "t"), "malformed"));      // no mark
  CHECK(has(pickle_error(folder, "h\x05"), "malformed"));  // never stored
  CHECK(has(pickle_error(folder, "}(Nu"), "malformed"));   // a key without a value
  CHECK(has(pickle_error(folder, "X\xff\xff\xff\x7f"), "ends in the middle"));
}

TEST_CASE("pickle: bombs of the memo, of nesting and of opcodes end in an error") {
  const TorchFolder folder;
  // Each list holds the one before it ten times: 10^12 visits.
  std::string bomb = "](Neq\x01";
  for (char level = 1; level < 13; ++level) {
    bomb += "](";
    for (int i = 0; i < 10; ++i) bomb += std::string("h") + level;
    bomb += std::string("eq") + static_cast<char>(level + 1);
  }
  CHECK(has(pickle_error(folder, bomb), "too often"));
  CHECK(has(pickle_error(folder,
                         "]q\x01h\x01"
                         "a"),
            "nested deeper"));  // a list in itself
  CHECK(has(pickle_error(folder, std::string(2'000'000, ']')), "pickle opcodes"));
  // One list of 100,000 pairs, made a dictionary again and again.
  std::string again = "](";
  for (int i = 0; i < 100'000; ++i) again += "NN\x86";
  again += "eq\x01";
  for (int i = 0; i < 1000; ++i) again += pickled_global("collections", "OrderedDict") + "h\x01\x85R";
  CHECK(has(pickle_error(folder, again), "too often"));
  CHECK(has(pickle_error(folder, pickled_dictionary({two_tensors()[0], two_tensors()[0]})),
            "two tensors named a.weight"));
}

TEST_CASE("torch file: views stay inside their storage") {
  const TorchFolder folder;
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  CHECK(view_error(folder, {2, 3}, {3, 1}, 0).empty());
  for (const std::string& error :
       {view_error(folder, {2, 3}, {3, 1}, 1), view_error(folder, {7}, {1}, 0),
        view_error(folder, {2}, {-1}, 1), view_error(folder, {-1}, {1}, 0),
        view_error(folder, {1000, 1000}, {0, 0}, 0), view_error(folder, {3, 3}, {1, 1}, 0),
        view_error(folder, {kHuge, 4}, {1, kHuge}, 0), view_error(folder, {2}, {kHuge}, kHuge),
        view_error(folder, {1}, {1}, 6)})
    CHECK(has(error, "reaches outside its storage"));
  CHECK(has(view_error(folder, {1}, {1}, 0, 7), "storage of 7 elements in 24 bytes"));
  CHECK(has(view_error(folder, {1}, {1}, 0, kHuge), "elements in 24 bytes"));
  CHECK(has(view_error(folder, {1}, {1}, -1), "malformed"));
}

TEST_CASE("zip: damaged, duplicate and compressed archives are refused") {
  const TorchFolder folder;
  const auto tensors = two_tensors();
  const std::string pickle = whole_pickle(pickled_dictionary(tensors));
  CHECK(has(folder.refused(zip_archive({{"n/data.pkl", pickle}, {"n/data.pkl", pickle}})),
            "two entries named"));
  CHECK(has(folder.refused(zip_archive({{"n/data.pkl", pickle}})), "has no storage 0"));
  CHECK(has(folder.refused(zip_archive({{"n/data.pkl", pickle}, {"n/byteorder", "big"}})), "big-endian"));
  std::string deflated = torch_zip(tensors);
  const std::size_t directory = deflated.find("PK\1\2");
  deflated[directory + 10] = 8;  // the method
  CHECK(has(folder.refused(deflated), "is compressed"));
  std::string moved = torch_zip(tensors);
  moved[moved.find("PK\1\2") + 42] = 1;  // the local header's place
  CHECK(has(folder.refused(moved), "is not where the directory says"));
  std::string longer = torch_zip(tensors);
  longer[longer.find("PK\1\2") + 23] = 0x7f;  // the stored size
  CHECK(has(folder.refused(longer), "instead of"));
  // A declared size beyond what deflate can reach is not allocated.
  const std::string good = torch_zip(tensors);
  const ZipFile bomb(good, "zip");
  ZipEntry entry = bomb.entries()[0];
  entry.method = 8;
  entry.size = 1U << 30;
  CHECK(has(error_of([&] { bomb.unpacked(entry, 1U << 31); }), "does not read"));
  CHECK(has(error_of([&] { bomb.unpacked(entry, 1U << 20); }), "the limit is"));
}

TEST_CASE("torch file: truncated at every byte, it is refused in one line") {
  const TorchFolder folder;
  for (const std::string& whole : {torch_zip(two_tensors()), torch_stream(two_tensors())})
    for (std::size_t length = 0; length < whole.size(); ++length)
      REQUIRE_MESSAGE(!folder.refused(whole.substr(0, length)).empty(), length);
}
