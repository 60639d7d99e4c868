// Untrusted files, each given to the command that reads it: one line that names the file and says
// what to do, in seconds and in bounded memory. tests/fuzz tests the parsers with more input.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/data/pack.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

// Address space is unlimited under AddressSanitizer, which reserves terabytes of it.
#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kMemory = 0;
constexpr double kSeconds = 30;
#else
constexpr std::uint64_t kMemory = std::uint64_t{5} << 29;  // 2.5 GiB; good files take half a GiB
constexpr double kSeconds = 5;
#endif

Result run_bounded(const Folder& folder, const std::string& arguments) {
  const Result result = run(folder, arguments, kMemory);
  CAPTURE(arguments);
  CHECK(result.seconds < kSeconds);
  return result;
}

// A tensor's entry in the header.
std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                  const std::string& offsets) {
  return "\"" + name + R"(":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}";
}

std::string safetensors(const std::string& header, std::size_t data = 0) {
  const std::uint64_t length = header.size();
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &length, 8);
  return bytes + header + std::string(data, '\0');
}

// A checkpoint in parts, so that each can be falsified.
struct Checkpoint {
  Json header;
  std::string data;

  explicit Checkpoint(const fs::path& path) {
    const std::string bytes = read(path);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    header = Json::parse(bytes.substr(8, length));
    data = bytes.substr(8 + length);
  }
  std::string& metadata(const std::string& key) {
    return header["__metadata__"][key].get_ref<std::string&>();
  }
  void change(const std::string& key, const std::function<void(Json&)>& edit) {
    Json json = Json::parse(metadata(key));
    edit(json);
    metadata(key) = json.dump();
  }
  std::string bytes() const { return safetensors(header.dump()) + data; }
};

struct Trained : Folder {
  Trained() {
    write_images(*this, "pictures", 8, 16);
    REQUIRE(program::run(*this, kTiny + "--outdir run --steps 1 --sample-every 0").code == 0);
  }
  Checkpoint checkpoint() const { return Checkpoint(*this / "run/checkpoints/1.safetensors"); }
};

std::string nested(int levels) {
  return std::string(static_cast<std::size_t>(levels), '[');
}

std::string big_endian(std::uint32_t v) {
  return {static_cast<char>(v >> 24), static_cast<char>(v >> 16), static_cast<char>(v >> 8),
          static_cast<char>(v)};
}

fs::path corpus(const std::string& target) {
  const char* root = std::getenv("SUMI_SOURCE_DIR");
  REQUIRE(root);
  return fs::path(root) / "tests/fuzz/corpus" / target;
}

}  // namespace

TEST_CASE("untrusted files: checkpoints") {
  const Trained folder;
  struct Row {
    const char* what;
    const char* command;  // the file's name follows
    std::string bytes;
    const char* says;
  };
  const auto lying = [&](const std::function<void(Checkpoint&)>& edit) {
    Checkpoint checkpoint = folder.checkpoint();
    edit(checkpoint);
    return checkpoint.bytes();
  };
  const std::vector<Row> rows{
      {"overlapping tensors", "generate -n 1 -o a.png -m",
       safetensors("{" + entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[2]", "[4,12]") + "}",
                   12),
       "an overlap"},
      {"an overflowing shape", "export --net g -o w.safetensors -m",
       safetensors("{" + entry("a", "F32", "[4294967296,4294967296]", "[0,8]") + "}", 8), "impossible shape"},
      {"a dtype with line breaks", "inspect",
       safetensors("{" + entry("a", "F\\n\\u001b[2J", "[2]", "[0,8]") + "}", 8), "convert it to F32"},
      {"a deep header", "inspect", safetensors(R"({"a":{"shape":)" + nested(1'000'000)), "an array"},
      {"a size of 0 beside a huge one", "generate -n 1 -o a.png -m", lying([](Checkpoint& c) {
         c.header["z"] = {
             {"dtype", "F32"}, {"shape", {9223372036854775807, 9, 9, 0}}, {"data_offsets", {0, 0}}};
       }),
       "tensor z"},
      {"deep options", "generate -n 1 -o a.png -m",
       lying([](Checkpoint& c) { c.metadata("sumi.options") = R"({"size":)" + nested(100'000); }),
       "nested deeper"},
      {"endless options", "export --net g -o w.safetensors -m", lying([](Checkpoint& c) {
         std::string text = R"({"size":1)";
         for (int i = 0; i < 100'000; ++i) text += ",\"" + std::to_string(i) + "\":1";
         c.metadata("sumi.options") = text + "}";
       }),
       "holds more than 20000 values"},
      {"options of another model", "generate -n 1 -o a.png -m",
       lying([](Checkpoint& c) { c.change("sumi.options", [](Json& o) { o["model"] = "gan"; }); }),
       "of the model gan"},
      {"options that cannot be", "generate -n 1 -o a.png -m",
       lying([](Checkpoint& c) { c.change("sumi.options", [](Json& o) { o["size"] = 2000000000; }); }),
       "--size"},
      {"options that ask for gigabytes", "generate -n 1 -o a.png -m",
       lying([](Checkpoint& c) { c.change("sumi.options", [](Json& o) { o["ngf"] = 4096; }); }),
       "its options ask for"},
      {"weights that are NaN", "generate -n 1 -o a.png -m",
       lying([](Checkpoint& c) { std::fill(c.data.begin(), c.data.end(), '\xff'); }), "NaN or infinity"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.what));
    write(folder / "bad.safetensors", row.bytes);
    const Result result = run_bounded(folder, std::string(row.command) + " bad.safetensors");
    check_error(result, 1, row.says);
    check_error(result, 1, "bad.safetensors]");
  }
  CHECK_FALSE(fs::exists(folder / "a.png"));
  CHECK_FALSE(fs::exists(folder / "w.safetensors"));
}

TEST_CASE("untrusted files: large valid files are read in seconds") {
  const Trained folder;
  // A separate group for each of 100,000 tensors, and names with terminal escape sequences.
  std::string header =
      R"({"__metadata__":{"sumi.format":"1","sumi.kind":"networks","sumi.model":"\u001b[2J","sumi.groups":"[]"})";
  const int count = 100'000;
  for (int i = 0; i < count; ++i)
    header += "," + entry("\\u001b" + std::to_string(i) + ".x", "U8", "[1,1,1,1]",
                          fmt::format("[{},{}]", i, i + 1));
  write(folder / "many.safetensors", safetensors(header + "}", count));
  for (const char* command : {"inspect ", "inspect --json "}) {
    const Result result = run_bounded(folder, std::string(command) + "many.safetensors");
    CHECK(result.code == 0);
    CHECK_FALSE(has(result.out + result.err, "\x1b"));
  }
  Checkpoint deep = folder.checkpoint();
  deep.metadata("sumi.options") = nested(1'000'000);
  write(folder / "deep.safetensors", deep.bytes());
  CHECK(run_bounded(folder, "inspect --json deep.safetensors").code == 0);
#ifndef __SANITIZE_ADDRESS__
  write(folder / "sparse.safetensors", deep.bytes());
  fs::resize_file(folder / "sparse.safetensors", std::uintmax_t{100} << 30);
  check_error(run_bounded(folder, "inspect sparse.safetensors"), 1, "sparse.safetensors");
#endif
}

TEST_CASE("untrusted files: a run directory") {
  const Trained folder;
  const fs::path newest = folder / "run/checkpoints/1.safetensors";
  const std::string good = read(newest), resume = "train --resume run --steps 2 -q";
  const std::map<std::string, std::function<void(Json&)>> lies{
      {"threads", [](Json& state) { state["threads"] = "all"; }},
      {"step", [](Json& state) { state["step"] = 1e300; }},
      {"adam.", [](Json& state) { state["counters"]["adam.g.main.0.weight"] = ~std::uint64_t{0}; }},
      {"not an object",
       [](Json& state) {
         state = Json::array({1, 2});
       }},
  };
  for (const auto& [says, lie] : lies) {
    Checkpoint checkpoint = folder.checkpoint();
    checkpoint.change("sumi.state", lie);
    write(newest, checkpoint.bytes());
    const Result result = run_bounded(folder, resume);
    check_error(result, 1, says);
    check_error(result, 1, "[state of checkpoint run/checkpoints/1.safetensors]");
    write(newest, good);
  }
  // The history ends at the damage.
  const std::string line = R"({"step":1,"loss_d":1e308,"loss_g":-1e308})"
                           "\n";
  write(folder / "run/stats.jsonl",
        line + R"({"step":1e300,"images":-1e300,"loss_d":)" + nested(30'000) + "\n");
  const Result result = run_bounded(folder, resume);
  CAPTURE(result.err);
  CHECK(result.code == 0);
  const std::string stats = read(folder / "run/stats.jsonl");
  CHECK(stats.starts_with(line));
  CHECK(count_lines(stats) == 2);
}

TEST_CASE("untrusted files: weights, data and configuration") {
  const Trained folder;
  const std::string import =
      "import --model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 --net g -o out.safetensors -i bad.safetensors";
  REQUIRE(run(folder, "export -m run --net g -o g.safetensors").code == 0);
  Checkpoint weights(folder / "g.safetensors");
  std::fill(weights.data.begin(), weights.data.end(), '\x7f');
  std::memcpy(weights.data.data() + weights.data.size() / 8 * 4, "\0\0\x80\x7f", 4);  // infinity
  write(folder / "bad.safetensors", weights.bytes());
  check_error(run_bounded(folder, import), 1, "[import bad.safetensors]");
  check_error(run_bounded(folder, import), 1, "NaN, infinity");
  write(folder / "bad.safetensors",
        safetensors("{" + entry("main.0.weight", "F32", "[9223372036854775807,9,0]", "[0,0]") + "}"));
  check_error(run_bounded(folder, import), 1, "[import bad.safetensors]");
  CHECK_FALSE(fs::exists(folder / "out.safetensors"));

  // 900 images of 4096 x 4096, 14 GiB, in 17 bytes.
  write(folder / "bomb.idx", big_endian(0x803) + big_endian(900) + big_endian(4096) + big_endian(4096) + "x");
  check_error(run_bounded(folder, "train gan --data bomb.idx --outdir new -q"), 1, "[data bomb.idx]");
  sumi::io::Hash sum, whole;
  std::string pack = "SUMIPACK", index = std::string("\0\0\0\x40\0\0\0\x40", 8);
  const auto put = [&](std::uint64_t v, std::size_t bytes) {
    pack.append(reinterpret_cast<const char*>(&v), bytes);
  };
  for (const std::uint64_t v : {2, 0, 0, 16})
    put(v, 4);                                           // version, sizes, channels: 2^30 x 2^30 x 16 is 2^64
  for (const std::uint64_t v : {1, 0, 8, 1}) put(v, 8);  // count, broken, bytes of the tail, key
  sum.add(index.data(), index.size());
  put(sum.value(), 8);
  whole.add(pack.data(), pack.size());
  put(whole.value(), 8);
  write(folder / "bad.pack", pack + index);
  check_error(run_bounded(folder, "train dcgan --data bad.pack --outdir new -q"), 1, "[data bad.pack]");
  CHECK_FALSE(fs::exists(folder / "new"));

  for (const std::string& text :
       {R"({"size":)" + nested(30'000), "size = " + nested(30'000), std::string("steps = \xff")}) {
    write(folder / "bad.conf", text);
    check_error(run_bounded(folder, "train dcgan --dry-run --config bad.conf"), 2, "bad.conf");
  }
}

TEST_CASE("untrusted files: images") {
  const Folder folder;
  write_images(folder, "a", 3, 20);
  write_images(folder, "b", 2, 20);
  REQUIRE(run(folder,
              "train cyclegan --data-a a --data-b b --outdir run --load-size 18 --crop-size 16 --ngf 2 --ndf "
              "2 --n-blocks 1 "
              "--n-layers-d 1 --steps 1 --sample-every 0 --threads 1 -q")
              .code == 0);
  // Decompression bombs, truncated images, and good ones with a wrong extension.
  fs::create_directories(folder / "in");
  std::vector<std::string> bad, good;
  for (const auto& file : fs::directory_iterator(corpus("image"))) {
    const std::string name = file.path().filename().string(), bytes = read(file.path());
    if (name.starts_with("bomb"))
      bad.push_back(name), write((folder / "in") / name, bytes);
    else if (name.starts_with("rgb") && !name.ends_with(".tga"))  // whose reader fills in missing data
      bad.push_back("half-" + name),
          write((folder / "in") / ("half-" + name), bytes.substr(0, bytes.size() / 2));
  }
  REQUIRE(bad.size() > 20);
  for (const auto& [from, to] :
       {std::pair("rgb.png", "a.jpg"), {"rgb.webp", "b.png"}, {"rgb.tga", "c.tga"}}) {
    good.push_back(to);
    write((folder / "in") / to, read(corpus("image") / from));
  }
  const Result result = run_bounded(folder, "convert -m run --threads 1 -i in -o out/ -f png");
  CAPTURE(result.err);
  CHECK(result.code == 1);
  CHECK(count_lines(result.err) == static_cast<int>(bad.size()));
  for (const std::string& name : bad) CHECK_MESSAGE(has(result.err, "[image in/" + name + "]"), name);
  CHECK(has(result.out, "3 of "));
  for (const std::string& name : good)
    CHECK_MESSAGE(fs::exists(folder / "out" / fs::path(name).replace_extension(".png")), name);
}

TEST_CASE("untrusted files: networks and weights of other programs") {
  const Folder folder;
  write_images(folder, "a", 1, 20);
  const std::string head = "7767517\n2 2\nInput in 0 1 x\n";
  write(folder / "lone.param", head + "ReLU act 1 1 x y\n");
  write(folder / "big.param", head + "Convolution c 1 1 x y 0=1048576 1=32 6=1073741824\n");
  write(folder / "big.bin", std::string(64, '\0'));
  write(folder / "other.param", head + "Warp w 1 1 x y\n");
  write(folder / "other.bin", "");
  for (const auto& [name, cause] :
       {std::pair("lone", "put lone.bin beside it"), {"big", "60 left"}, {"other", "Warp"}}) {
    const Result result =
        run_bounded(folder, fmt::format("convert -m {}.param -i a -o out/ -f png --threads 1", name));
    check_error(result, 1, fmt::format("[ncnn {}.param]", name));
    CHECK(has(result.err, cause));
  }
  write(folder / "cut.h5", read(corpus("h5") / "weights").substr(0, 3000));
  write(folder / "loop.h5", read(corpus("h5") / "tree-loop"));
  for (const char* name : {"cut.h5", "loop.h5"})
    check_error(run_bounded(folder, fmt::format("inspect {}", name)), 1, fmt::format("[weights {}]", name));
}
