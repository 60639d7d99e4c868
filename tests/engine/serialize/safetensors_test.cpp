#include "engine/serialize/safetensors.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "kernels/base/check.h"
#include "tests/support.h"

namespace fs = std::filesystem;
using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;

namespace {

std::string file_bytes(const std::string& header, const std::string& data, std::uint64_t length) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + data;
}

// What opening such a file says; "" if it opens.
std::string open_raw(const std::string& bytes) {
  const TempDir dir;
  const auto path = dir.path / "x.safetensors";
  std::ofstream(path, std::ios::binary) << bytes;
  const auto message = error_of([&] { SafetensorsFile::open(path); });
  if (!message.empty()) {
    CHECK(has(message, "[checkpoint " + path.string() + "] "));
    CHECK(message.find('\n') == std::string::npos);
  }
  return message;
}
std::string open_header(const std::string& header, std::size_t data = 0) {
  return open_raw(file_bytes(header, std::string(data, '\0'), header.size()));
}
std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}";
}

}  // namespace

TEST_CASE("safetensors: what is written reads back, aligned and without holes") {
  const TempDir dir;
  const auto path = dir.path / "a.safetensors";
  const std::vector<std::uint8_t> bytes{1, 2, 3};
  const std::vector<float> floats{1.5F, -2, 3, 4, 5, 6};
  const std::vector<double> doubles{3.25};
  const std::vector<std::uint16_t> halves{0x3f80, 0x4000, 0x4040};
  SafetensorsWriter w;
  w.add("u8", "U8", {3}, bytes.data(), 3);
  w.add("b.weight", "F32", {1, 2, 3}, floats.data(), 24);
  w.add("empty", "F32", {0, 5}, nullptr, 0);
  w.add("bf", "BF16", {3}, halves.data(), 6);
  w.add("scalar", "F64", {}, doubles.data(), 8);
  w.set_metadata("format", "sumi 1");
  w.set_metadata("options", R"({"quote":"\"","text":"漢字"})");
  w.write(path);

  const auto file = SafetensorsFile::open(path);
  CHECK(file.metadata().at("format") == "sumi 1");
  CHECK(file.metadata().at("options") == R"({"quote":"\"","text":"漢字"})");
  REQUIRE(file.tensors().size() == 5);
  const std::byte* end = nullptr;
  for (const auto& [name, t] : file.tensors()) {
    CAPTURE(name);
    CHECK(reinterpret_cast<std::uintptr_t>(t.data) % safetensors_dtype_size(t.dtype) == 0);
    if (end) CHECK(t.data == end);
    end = t.data + t.bytes;
  }
  const auto* t = file.find("b.weight");
  REQUIRE(t);
  CHECK(t->dtype == "F32");
  CHECK(t->shape == std::vector<std::int64_t>{1, 2, 3});
  CHECK(std::memcmp(t->data, floats.data(), 24) == 0);
  CHECK(std::memcmp(file.find("u8")->data, bytes.data(), 3) == 0);
  CHECK(std::memcmp(file.find("bf")->data, halves.data(), 6) == 0);
  CHECK(std::memcmp(file.find("scalar")->data, doubles.data(), 8) == 0);
  CHECK(file.find("scalar")->shape.empty());
  CHECK(file.find("empty")->bytes == 0);
  CHECK(file.find("none") == nullptr);
  // The data part begins at a multiple of 8.
  const auto raw = read_file(path, 1 << 20);
  std::uint64_t length;
  std::memcpy(&length, raw.data(), 8);
  CHECK(length % 8 == 0);
  CHECK(nlohmann::json::parse(raw.substr(8, length))["u8"]["shape"] == nlohmann::json::array({3}));
  w.write(path);
  CHECK(read_file(path, 1 << 20) == raw);
}

TEST_CASE("safetensors: an empty file of tensors and only metadata") {
  const TempDir dir;
  SafetensorsWriter w;
  w.write(dir.path / "a");
  CHECK(SafetensorsFile::open(dir.path / "a").tensors().empty());
  CHECK(open_header("{}").empty());
  CHECK(open_header(R"({"__metadata__":{"a":"b"}}   )").empty());
}

TEST_CASE("safetensors: the writer refuses what cannot be read") {
  const TempDir dir;
  const float x = 1;
  SafetensorsWriter w;
  w.add("a", "F32", {1}, &x, 4);
  CHECK(has(error_of([&] { w.add("a", "F32", {1}, &x, 4); }), "twice"));
  CHECK(has(error_of([&] { w.add("b", "F31", {1}, &x, 4); }), "unknown dtype"));
  CHECK(has(error_of([&] { w.add("b", "F32", {2}, &x, 4); }), "does not fit 4 bytes"));
  CHECK(has(error_of([&] { w.add("b", "F32", {-1}, &x, 4); }), "does not fit"));
  CHECK(has(error_of([&] { w.add("__metadata__", "F32", {1}, &x, 4); }), "reserved"));
  w.set_metadata("bad", "\xff\xfe");
  CHECK(has(error_of([&] { w.write(dir.path / "x"); }), "UTF-8"));
  CHECK_FALSE(fs::exists(dir.path / "x"));
}

TEST_CASE("safetensors: truncated and foreign files") {
  CHECK(has(open_raw(""), "has 0 bytes, too few"));
  CHECK(has(open_raw("1234567"), "too few"));
  CHECK(has(open_raw(file_bytes("", "", 0)), "does not begin with '{'"));
  CHECK(has(open_raw(file_bytes("{}", "", 100)), "claims a header of 100 bytes but has only 10"));
  CHECK(has(open_raw(file_bytes("{}", "", 100'000'001)), "the limit is 100000000"));
  CHECK(has(open_raw(file_bytes("{}", "", ~std::uint64_t{0})), "not a safetensors file"));
  CHECK(has(open_raw("\x89PNG\r\n\x1a\n and more"), "is an image, not weights"));
  CHECK(has(open_raw(file_bytes("[1]     ", "", 8)), "does not begin with '{'"));
  const auto header = R"({"a":)" + entry("F32", "[2]", "[0,8]") + "}";
  CHECK(open_header(header, 8).empty());
  CHECK(has(open_header(header, 7), "past the end of the file"));
  CHECK(has(open_header(header, 9), "1 bytes after the last tensor"));
}

TEST_CASE("safetensors: malformed, deep and doubled headers") {
  CHECK(has(open_header(R"({"a":)"), "not valid JSON"));
  CHECK(has(open_header(R"({} x)"), "not valid JSON"));
  CHECK(has(open_header("{\"\xff\":1}"), "not valid JSON"));
  CHECK(has(open_header(R"({"a":[1]})"), "tensor \"a\" is an array, not an object"));
  CHECK(has(open_header(R"({"a":7})"), "is a number, not an object"));
  CHECK(has(open_header(R"({"a":null})"), "is null"));
  std::string deep = R"({"a":{"shape":)";
  for (int i = 0; i < 200000; ++i) deep += '[';
  CHECK(has(open_header(deep), "an array"));
  std::string objects = "{";
  for (int i = 0; i < 100000; ++i) objects += R"("a":{)";
  CHECK(has(open_header(objects), "unknown field \"a\""));
  CHECK(has(open_header(R"({"a":{"dtype":{"x":1}}})"), "has an object where dtype has none"));
  const auto e = entry("F32", "[1]", "[0,4]");
  CHECK(has(open_header(R"({"a":)" + e + R"(,"a":)" + e + "}", 4), "\"a\" appears twice"));
  CHECK(has(open_header(R"({"__metadata__":{},"__metadata__":{}})"), "appears twice"));
  CHECK(has(open_header(R"({"__metadata__":{"k":"1","k":"2"}})"), "metadata \"k\" appears twice"));
  CHECK(has(open_header(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4),
            "twice"));
  CHECK(has(open_header(R"({"a":{"dtype":"F32","shape":[1]}})", 4), "lacks"));
  CHECK(has(open_header(R"({"a":{}})"), "lacks"));
  CHECK(has(open_header(R"({"a":{"strides":[1]}})"), "unknown field \"strides\""));
}

TEST_CASE("safetensors: metadata must be strings") {
  CHECK(has(open_header(R"({"__metadata__":{"step":3}})"), "metadata \"step\" is a number, not a string"));
  CHECK(has(open_header(R"({"__metadata__":{"x":{"y":"z"}}})"), "is an object, not a string"));
  CHECK(has(open_header(R"({"__metadata__":{"x":["y"]}})"), "is an array, not a string"));
  CHECK(has(open_header(R"({"__metadata__":"text"})"), "not an object of strings"));
}

TEST_CASE("safetensors: offsets and shapes") {
  const auto one = [](const std::string& dtype, const std::string& shape, const std::string& offsets,
                      std::size_t data) {
    return open_header(R"({"t":)" + entry(dtype, shape, offsets) + "}", data);
  };
  CHECK(one("F32", "[2]", "[0,8]", 8).empty());
  CHECK(has(one("F32", "[2]", "[8,0]", 8), "before it begins"));
  CHECK(has(one("F32", "[2]", "[-1,7]", 8), "negative number -1"));
  CHECK(has(one("F32", "[-2]", "[0,8]", 8), "negative number -2"));
  CHECK(has(one("F32", "[2]", "[0,1e1]", 10), "1e1"));
  CHECK(has(one("F32", "[2.0]", "[0,8]", 8), "2.0"));
  CHECK(has(one("F32", "[\"2\"]", "[0,8]", 8), "a string"));
  CHECK(has(one("F32", "[2]", "[0]", 8), "1 data_offsets"));
  CHECK(has(one("F32", "[2]", "[0,4,8]", 8), "3 data_offsets"));
  CHECK(has(one("F32", "[2]", "[0,18446744073709551615]", 8), "too large"));
  CHECK(has(one("F32", "[2]", "[0,9223372036854775807]", 8), "past the end"));
  CHECK(has(one("F32", "[3]", "[0,8]", 8), "needs 12 bytes but has 8"));
  CHECK(has(one("F31", "[2]", "[0,8]", 8), "dtype \"F31\""));
  CHECK(has(one("F32", "[4294967296,4294967296]", "[0,8]", 8), "impossible shape"));
  CHECK(has(one("U8", "[9223372036854775807,3]", "[0,8]", 8), "impossible shape"));
  CHECK(one("F32", "[9223372036854775807,0,9]", "[0,0]", 0).empty());

  const auto two = [](const std::string& a, const std::string& b, std::size_t data) {
    return open_header(R"({"a":)" + entry("U8", "[4]", a) + R"(,"b":)" + entry("U8", "[4]", b) + "}", data);
  };
  CHECK(two("[0,4]", "[4,8]", 8).empty());
  CHECK(two("[4,8]", "[0,4]", 8).empty());
  CHECK(has(two("[0,4]", "[2,6]", 6), "an overlap"));
  CHECK(has(two("[0,4]", "[0,4]", 4), "an overlap"));
  CHECK(has(two("[0,4]", "[6,10]", 10), "a hole"));
  CHECK(has(two("[2,6]", "[6,10]", 10), "a hole"));
}

TEST_CASE("safetensors: every single damaged byte of a header is refused or harmless") {
  const TempDir dir;
  const std::vector<float> x(6, 1.0F);
  SafetensorsWriter w;
  w.add("a.weight", "F32", {2, 3}, x.data(), 24);
  w.set_metadata("k", "v");
  w.write(dir.path / "a");
  const auto good = read_file(dir.path / "a", 1 << 20);
  for (std::size_t i = 0; i + 24 < good.size(); ++i)
    for (const int flip : {1, 0x20, 0x80}) {
      auto bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      std::ofstream(dir.path / "b", std::ios::binary) << bad;
      try {
        const auto file = SafetensorsFile::open(dir.path / "b");
        for (const auto& [name, t] : file.tensors()) CHECK(t.bytes == 24);
      } catch (const Error&) {
      }
    }
}
