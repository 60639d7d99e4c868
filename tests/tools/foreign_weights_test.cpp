// Weights of other programs: recognized, converted, imported, inspected and refused.
#include <doctest/doctest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/serialize/safetensors.h"
#include "tests/tools/program.h"
#include "tests/torch_files.h"

using namespace program;
using sumi::test::TorchTensor;
namespace fs = std::filesystem;

namespace {

// The tensors of a file of sumi export, under names that `rename` gives.
template <class Rename>
std::vector<TorchTensor> torch_tensors(const fs::path& path, Rename&& rename) {
  std::vector<TorchTensor> tensors;
  const auto file = sumi::SafetensorsFile::open(path);
  for (const auto& [name, t] : file.tensors()) {
    TorchTensor made{rename(name), t.shape, {reinterpret_cast<const char*>(t.data), t.bytes}};
    if (t.dtype == "I64") made.type = "LongStorage", made.element = 8;
    tensors.push_back(std::move(made));
  }
  return tensors;
}

std::string same_name(const std::string& name) {
  return name;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  if (const auto at = text.find(from); at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// A trained tiny dcgan, and its generator as g.safetensors.
struct ForeignDcgan : Folder {
  ForeignDcgan() {
    write_images(*this, "pictures", 8, 16);
    REQUIRE(program::run(*this, kTiny + "--outdir run --steps 3").code == 0);
    REQUIRE(program::run(*this, "export -m run --net g -o g.safetensors").code == 0);
    REQUIRE(program::run(*this, "generate -m g.safetensors -n 3 --seed 2 -o want.png").code == 0);
  }
  template <class Rename>
  std::vector<TorchTensor> tensors(Rename&& rename) const {
    return torch_tensors(*this / "g.safetensors", rename);
  }
  std::vector<TorchTensor> tensors() const { return tensors(same_name); }
  Result generate(const std::string& bytes, const std::string& options = "") const {
    write(*this / "net.bin", bytes);
    Result result = program::run(*this, "generate -m net.bin -n 3 --seed 2 -o got.png " + options);
    CAPTURE(result.err);
    if (result.code == 0) CHECK(read(*this / "got.png") == read(*this / "want.png"));
    return result;
  }
};

// A CycleGAN's generator of one direction as g.safetensors, and what it makes of the folder a.
struct ForeignCycleGan : Folder {
  explicit ForeignCycleGan(const std::string& options = "") {
    write_images(*this, "a", 2, 16);
    const Result trained = program::run(
        *this,
        "train cyclegan --data-a a --data-b a --outdir run --load-size 16 --crop-size 16 --ngf 2 --ndf 2 "
        "--n-blocks 2 --n-layers-d 1 --steps 1 --sample-every 0 --init-gain 0.3 --threads 1 -q " +
            options);
    CAPTURE(trained.err);
    REQUIRE(trained.code == 0);
    REQUIRE(program::run(*this, "export -m run --net g_ab -o g.safetensors").code == 0);
    REQUIRE(program::run(*this, "convert -m g.safetensors -i a -o want/").code == 0);
  }
  Result convert(const std::string& bytes, const std::string& options = "") const {
    write(*this / "net.bin", bytes);
    Result result = program::run(*this, "convert -m net.bin -i a -o got/ --overwrite " + options);
    CAPTURE(result.err);
    if (result.code == 0)
      for (const auto& entry : fs::directory_iterator(*this / "want"))
        CHECK(read(entry.path()) == read(*this / "got" / entry.path().filename().string()));
    return result;
  }
};

}  // namespace

TEST_CASE("foreign weights: a DCGAN of torch.save generates, whatever wraps it") {
  const ForeignDcgan folder;
  const auto plain = folder.tensors();
  const Result zip = folder.generate(sumi::test::torch_zip(plain));
  CHECK(zip.code == 0);
  CHECK(has(zip.out,
            "a DCGAN generator: 16x16, nz 8, ngf 4, transposed upsampling, 3 channels; as g of dcgan"));
  CHECK(has(zip.out, "counters ignored"));
  CHECK(folder.generate(sumi::test::torch_stream(plain)).code == 0);
  for (const std::string prefix : {"module.", "_orig_mod.module.", "netG."})
    CHECK(
        folder
            .generate(sumi::test::torch_zip(folder.tensors([&](const std::string& n) { return prefix + n; })))
            .code == 0);
  // Other names: matched in order.
  const Result renamed = folder.generate(sumi::test::torch_zip(
      folder.tensors([](const std::string& n) { return replaced(n, "main.", "net.layer"); })));
  CHECK(renamed.code == 0);
  CHECK(has(renamed.out, "taken in their order"));

  const std::string inner = sumi::test::pickled_dictionary(plain);
  const auto named = [](const std::string& name) { return sumi::test::pickled_text(name); };
  CHECK(folder
            .generate(sumi::test::torch_zip(
                "}(" + named("epoch") + "K\x05" + named("netG_state_dict") + inner + "u", plain))
            .code == 0);
  const std::string both =
      sumi::test::torch_zip("}(" + named("g") + inner + named("g_ema") + inner + "u", plain);
  check_error(folder.generate(both), 1, "choose one by --net-key: g, g_ema");
  CHECK(folder.generate(both, "--net-key g_ema").code == 0);
  check_error(folder.generate(both, "--net-key gema"), 1,
              "has no dictionary 'gema'; --net-key takes one of: g, g_ema");
  // Two networks in one flat file.
  auto flat = folder.tensors([](const std::string& n) { return "netG." + n; });
  flat.push_back({"netD.main.0.weight", {1, 3, 4, 4}, std::string(192, '\0')});
  flat.push_back({"netD.main.2.weight", {1, 1, 4, 4}, std::string(64, '\0')});
  CHECK(folder.generate(sumi::test::torch_zip(flat)).code == 0);
}

TEST_CASE(
    "foreign weights: a CycleGAN converts, with blocks named otherwise, dropout, affine norm and resizing") {
  {
    const ForeignCycleGan folder;
    const auto tensors = [&](const std::string& from, const std::string& to) {
      return torch_tensors(folder / "g.safetensors",
                           [&](const std::string& name) { return replaced(name, from, to); });
    };
    const Result same = folder.convert(sumi::test::torch_zip(tensors("", "")));
    CHECK(same.code == 0);
    CHECK(has(same.err + same.out,
              "a resnet generator: 2 blocks, ngf 2, instance norm, transposed upsampling"));
    CHECK(folder.convert(sumi::test::torch_zip(tensors("conv_block", "block"))).code == 0);
    CHECK(folder.convert(sumi::test::torch_zip(tensors("conv_block.5", "conv_block.6"))).code == 0);
    const Result quiet = folder.convert(sumi::test::torch_zip(tensors("", "")), "-q");
    CHECK((quiet.out + quiet.err).empty());
    // Statistics of old instance norms.
    auto old = tensors("", "");
    old.push_back({"model.2.running_mean", {2}, std::string(8, '\0')});
    const Result stale = folder.convert(sumi::test::torch_zip(old));
    CHECK(stale.code == 0);
    CHECK(has(stale.err + stale.out, "1 unused running statistics of instance norms ignored"));
  }
  for (const std::string options :
       {"--norm instance-affine", "--norm batch", "--upsample nearest", "--dropout"}) {
    CAPTURE(options);
    const ForeignCycleGan folder(options);
    const Result done =
        folder.convert(sumi::test::torch_zip(torch_tensors(folder / "g.safetensors", same_name)));
    CHECK(done.code == 0);
  }
}

TEST_CASE("foreign weights: import and inspect") {
  const ForeignDcgan folder;
  write(folder / "net.tar", sumi::test::torch_zip(folder.tensors()));
  const Result imported = run(folder, "import -i net.tar -o kept.safetensors");
  CAPTURE(imported.err);
  REQUIRE(imported.code == 0);
  CHECK(has(imported.out, "a DCGAN generator"));
  REQUIRE(run(folder, "generate -m kept.safetensors -n 3 --seed 2 -o got.png").code == 0);
  CHECK(read(folder / "got.png") == read(folder / "want.png"));
  REQUIRE(run(folder,
              "import --model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 --net g -i net.tar -o named.safetensors")
              .code == 0);
  check_error(
      run(folder,
          "import --model dcgan --size 16 --ngf 5 --ndf 4 --nz 8 --net g -i net.tar -o x.safetensors"),
      1, "they fit with --ngf 4: add it");
  CHECK(run(folder, kTiny + "--outdir tuned --init kept.safetensors --ndf 64 --steps 1").code == 0);

  const Result text = run(folder, "inspect net.tar");
  CHECK(text.code == 0);
  for (const char* word : {"a PyTorch file (zip archive of torch.save)", "recognized as a DCGAN generator",
                           "main.0.weight", "8x8x4x4", "F32"})
    CHECK_MESSAGE(has(text.out, word), word);
  const auto parsed = nlohmann::json::parse(run(folder, "inspect --json net.tar").out);
  CHECK(parsed.at("tensors").size() == folder.tensors().size());
  check_error(run(folder, kTiny + "--outdir r --init net.tar"), 1, "sumi import makes one of it");
}

TEST_CASE("foreign weights: hostile and unknown files get one line") {
  const ForeignDcgan folder;
  const auto refused = [&](const std::string& bytes, const std::string& part) {
    write(folder / "net.pth", bytes);
    for (const char* command : {"generate -n 1 -o x.png -m", "convert -i pictures -o x/ -m", "inspect",
                                "import -o x.safetensors -i"})
      check_error(run(folder, std::string(command) + " net.pth"), 1, part);
    CHECK_FALSE(fs::exists(folder / "opened"));
    CHECK_FALSE(fs::exists(folder / "x.safetensors"));
  };
  refused(sumi::test::torch_zip("cos\nsystem\n" + sumi::test::pickled_text("touch opened") + "\x85R", {}),
          "names os.system");
  refused(sumi::test::torch_zip(sumi::test::pickled_global("__main__", "Generator") + ")\x81", {}),
          "names __main__.Generator");
  const std::string good = sumi::test::torch_zip(folder.tensors());
  refused(good.substr(0, good.size() / 2), "net.pth");
  auto infinite = folder.tensors();
  infinite.back().storage_bytes.replace(0, 4, std::string("\0\0\x80\x7f", 4));
  REQUIRE(infinite.back().type == "FloatStorage");
  write(folder / "net.pth", sumi::test::torch_zip(infinite));
  check_error(run(folder, "generate -n 1 -o x.png -m net.pth"), 1, "holds NaN, infinity");

  const std::vector<TorchTensor> other{{"fc.weight", {2, 3}, std::string(24, '\0')}};
  write(folder / "net.pth", sumi::test::torch_zip(other));
  check_error(run(folder, "generate -n 1 -o x.png -m net.pth"), 1,
              "with 1 tensors, the first fc.weight [2, 3]");
  CHECK(run(folder, "inspect net.pth").code == 0);
}
