// Uses of a trained model: generate, inspect, export and import.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "engine/image/image.h"
#include "engine/serialize/safetensors.h"
#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

// A folder with a trained tiny dcgan in "run".
struct TrainedWeights : Folder {
  TrainedWeights() {
    write_images(*this, "pictures", 8, 16);
    REQUIRE(program::run(*this, kTiny + "--outdir run --steps 3 --ema 0.5").code == 0);
  }
};

sumi::Image8 load(const fs::path& path) {
  return sumi::load_image(path);
}

}  // namespace

TEST_CASE("generate: an interpolation is a clip by its name, and loops") {
  const TrainedWeights folder;
  for (const char* name : {"walk.mp4", "walk.gif", "walk.webm"}) {
    CAPTURE(name);
    const Result clip =
        run(folder, std::string("generate -m run -n 3 --interpolate 4 --scale 4 --seed 7 -o ") + name);
    if (has(clip.err, "SUMI_VIDEO=OFF")) return;
    CAPTURE(clip.err);
    REQUIRE(clip.code == 0);
    CHECK(has(clip.out, "15 images of 64x64"));
    REQUIRE(
        run(folder, std::string("convert -i ") + name + " -o f/%d.png --style ink --strength 0 --temporal 0")
            .code == 0);
    CHECK(fs::exists(folder / "f/15.png"));
    CHECK_FALSE(fs::exists(folder / "f/16.png"));
    fs::remove_all(folder / "f");
  }
  // Without interpolation, .webp is a sheet as before.
  REQUIRE(run(folder, "generate -m run -n 4 --seed 7 -o sheet.webp").code == 0);
  CHECK(load(folder / "sheet.webp").width > 2 * 16);
}

TEST_CASE("generate: a model of four channels makes transparent images, and only those from noise can") {
  const Folder folder;
  sumi::Image8 image(16, 16, 4, 255);
  for (int x = 0; x < 8; ++x) image.at(x, 3)[3] = 0;
  fs::create_directories(folder / "data");
  for (const char* name : {"a", "b", "c", "d"})
    sumi::save_image(folder / ("data/" + std::string(name) + ".png"), image);
  const Result trained =
      run(folder,
          "train dcgan --channels 4 --size 16 --ngf 4 --ndf 4 --nz 4 --batch-size 2 --steps 2 --threads 1 "
          "--data data --outdir run");
  CAPTURE(trained.err);
  REQUIRE(trained.code == 0);
  CHECK(run(folder, "generate -m run -n 2 -o one/").code == 0);
  CHECK_FALSE(sumi::load_photo(folder / "one/00000.png").alpha.empty());
  CHECK(run(folder, "generate -m run -n 2 -o 'two-{:1}.bmp'").code == 0);
  CHECK(sumi::load_image(folder / "two-1.bmp") == sumi::load_image(folder / "one/00001.png"));
  check_error(run(folder, "train cyclegan --channels 4 --data data --outdir no"), 2,
              "[--channels] 4 is not possible for cyclegan");
}

TEST_CASE("generate: sheets, folders, patterns and interpolation") {
  const TrainedWeights folder;
  const Result sheet = run(folder, "generate -m run -n 6 --columns 3 --seed 7 -o sheet.png");
  CAPTURE(sheet.err);
  REQUIRE(sheet.code == 0);
  CHECK(has(sheet.out, "6 images of 16x16"));
  const sumi::Image8 six = load(folder / "sheet.png");
  CHECK(six.width > 3 * 16);
  CHECK(six.height > 2 * 16);
  CHECK(six.height < 3 * 16);
  REQUIRE(
      run(folder, "generate -m run/checkpoints/3.safetensors -n 6 --columns 3 --seed 7 -o again.png").code ==
      0);
  CHECK(read(folder / "again.png") == read(folder / "sheet.png"));
  REQUIRE(run(folder, "generate -m run -n 6 --columns 3 --seed 7 --raw -o raw.png").code == 0);
  CHECK(read(folder / "raw.png") != read(folder / "sheet.png"));

  // Image K does not depend on the number of images.
  REQUIRE(run(folder, "generate -m run -n 70 --seed 7 -o many/").code == 0);
  REQUIRE(run(folder, "generate -m run -n 2 --seed 7 --scale 3 -o 'two-{:2}.png'").code == 0);
  CHECK(fs::exists(folder / "many/00069.png"));
  const sumi::Image8 small = load(folder / "many/00001.png"), large = load(folder / "two-01.png");
  CHECK(small.width == 16);
  REQUIRE(large.width == 48);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 48; ++x) REQUIRE(large.at(x, y)[1] == small.at(x / 3, y / 3)[1]);

  // An interpolation: the files pass through each seed once, ends included.
  REQUIRE(run(folder, "generate -m run -n 3 --seed 7 --interpolate 4 -o walk-%03d.png").code == 0);
  CHECK(fs::exists(folder / "walk-010.png"));
  CHECK_FALSE(fs::exists(folder / "walk-011.png"));
  CHECK(read(folder / "walk-000.png") == read(folder / "many/00000.png"));
  CHECK(read(folder / "walk-010.png") == read(folder / "many/00002.png"));
  REQUIRE(run(folder, "generate -m run -n 3 --interpolate 4 -o walk.png").code == 0);
  CHECK(load(folder / "walk.png").width > 6 * 16);
  CHECK(load(folder / "walk.png").height < 3 * 16);
}

TEST_CASE("inspect: text and JSON") {
  const TrainedWeights folder;
  const Result text = run(folder, "inspect run");
  CHECK(text.code == 0);
  for (const char* word : {"model     dcgan", "step 3", "size 16 (default 64)", "network g", "network d",
                           "main.0.weight", "8x4x4x", "ema.g", "optim.g.m"})
    CHECK_MESSAGE(has(text.out, word), word);
  const Result json = run(folder, "inspect run/checkpoints/3.safetensors --json");
  CHECK(json.code == 0);
  const auto parsed = nlohmann::json::parse(json.out);
  CHECK(parsed.at("model") == "dcgan");
  CHECK(parsed.at("kind") == "full");
  CHECK(parsed.at("state").at("step") == 3);
  CHECK(parsed.at("options").at("ngf") == 4);
  CHECK(parsed.at("groups").at("g").at("tensors").at(0).contains("shape"));

  REQUIRE(run(folder, "export -m run --net d -o d.safetensors").code == 0);
  const Result foreign = run(folder, "inspect d.safetensors");
  CHECK(foreign.code == 0);
  CHECK(has(foreign.out, "weights of sumi export"));
  CHECK(has(foreign.out, "networks  d"));
  CHECK(has(foreign.out, "num_batches_tracked"));
  CHECK(nlohmann::json::parse(run(folder, "inspect --json d.safetensors").out).contains("tensors"));
}

TEST_CASE("export and import: PyTorch's names and shapes, and the same bytes back") {
  const TrainedWeights folder;
  const std::string model = "--model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 ";
  REQUIRE(run(folder, "export -m run --net g --layout torch -o g.safetensors").code == 0);
  const auto g = sumi::SafetensorsFile::open(folder / "g.safetensors");
  const auto* first = g.find("main.0.weight");
  REQUIRE(first);
  CHECK(first->shape[0] == 8);  // [in, out, 4, 4]
  CHECK(first->shape[2] == 4);
  CHECK(first->shape[3] == 4);
  const auto* batches = g.find("main.1.num_batches_tracked");
  REQUIRE(batches);
  CHECK(batches->dtype == "I64");
  CHECK(batches->shape.empty());

  REQUIRE(run(folder, "import " + model + "--net g -i g.safetensors -o half.safetensors").code == 0);
  REQUIRE(run(folder, "export -m run -o both.safetensors").code == 0);
  REQUIRE(run(folder, "import " + model + "-i both.safetensors -o whole.safetensors").code == 0);
  for (const std::string from : {"half", "whole"}) {
    REQUIRE(run(folder, "export -m " + from + ".safetensors --net g -o back.safetensors").code == 0);
    CHECK(read(folder / "back.safetensors") == read(folder / "g.safetensors"));
  }
  const auto ours = sumi::SafetensorsFile::open(folder / "run/checkpoints/3.safetensors");
  const auto whole = sumi::SafetensorsFile::open(folder / "whole.safetensors");
  for (const auto& [name, tensor] : whole.tensors()) {
    const auto* stored = ours.find(name);
    REQUIRE_MESSAGE(stored, name);
    CHECK_MESSAGE(std::equal(tensor.data, tensor.data + tensor.bytes, stored->data), name);
  }
  // --net selects one network of a file that holds both.
  REQUIRE(run(folder, "import " + model + "--net g -i both.safetensors -o one.safetensors").code == 0);
  CHECK(read(folder / "one.safetensors") == read(folder / "half.safetensors"));

  CHECK(run(folder, "generate -m half.safetensors -n 2 -o a.png").code == 0);
  CHECK(run(folder, kTiny + "--outdir tuned --init half.safetensors --steps 1").code == 0);
  REQUIRE(run(folder, "export -m run --net g --ema -o ema.safetensors").code == 0);
  CHECK(differing_tensors(folder / "ema.safetensors", folder / "g.safetensors") != "");
}

TEST_CASE("-q: generate, export and import print nothing where all goes well") {
  const TrainedWeights folder;
  for (const char* command :
       {"generate -m run -n 2 -o two.png", "export -m run --net g -o g.safetensors",
        "import --model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 --net g -i g.safetensors -o i.safetensors"}) {
    CHECK_FALSE(run(folder, command).out.empty());
    for (const char* flag : {" -q", " --quiet"}) {
      const Result quiet = run(folder, command + std::string(flag));
      CHECK(quiet.code == 0);
      CHECK(quiet.out.empty());
      CHECK(quiet.err.empty());
    }
  }
}

TEST_CASE("import: every mismatched tensor is named") {
  const TrainedWeights folder;
  REQUIRE(run(folder, "export -m run --net g -o g.safetensors").code == 0);
  const std::string model = "import --model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 -o out.safetensors ";

  const auto g = sumi::SafetensorsFile::open(folder / "g.safetensors");
  sumi::SafetensorsWriter writer, bare;  // bare: without the description of sumi export
  const float extra = 1;
  for (const auto& [name, t] : g.tensors()) bare.add(name, t.dtype, t.shape, t.data, t.bytes);
  bare.write(folder / "bare.safetensors");
  for (const auto& [name, t] : g.tensors()) {
    auto shape = t.shape;
    if (name == "main.1.weight") continue;
    if (name == "main.1.bias") shape.push_back(1);
    writer.add(name, t.dtype, shape, t.data, t.bytes);
  }
  writer.add("surplus", "F32", {1}, &extra, sizeof extra);
  writer.write(folder / "bad.safetensors");
  const Result bad = run(folder, model + "--net g -i bad.safetensors");
  check_error(bad, 1, "3 of its tensors");
  check_error(bad, 1, "g.main.1.weight is missing");
  check_error(bad, 1, "g.main.1.bias has shape [8, 1] instead of [8]");
  check_error(bad, 1, "g.surplus is not in the model");
  check_error(run(folder, model + "--ngf 5 --net g -i g.safetensors"), 1, "instead of");
  check_error(run(folder, model + "-i bare.safetensors"), 2, "add --net g");
  check_error(run(folder, model + "--net x -i g.safetensors"), 2, "use one of: g, d");
  check_error(run(folder, model + "--net g -i absent.safetensors"), 1, "absent.safetensors");
  check_error(run(folder, "import --model nope -i g.safetensors -o out.safetensors"), 2, "unknown model");
  check_error(run(folder, "export -m run --net x -o w.safetensors"), 2, "use one of: g, d");
  check_error(run(folder, "export -m run --net d --ema -o w.safetensors"), 1, "no EMA");
  CHECK_FALSE(fs::exists(folder / "out.safetensors"));
  CHECK_FALSE(fs::exists(folder / "w.safetensors"));
}

TEST_CASE("export: the file of a generator alone generates and converts like its model") {
  const TrainedWeights folder;
  REQUIRE(run(folder, "generate -m run -n 3 --seed 2 -o whole.png").code == 0);
  REQUIRE(run(folder, "generate -m run -n 3 --seed 2 --raw -o raw.png").code == 0);
  REQUIRE(run(folder, "export -m run --net g -o g.safetensors").code == 0);
  REQUIRE(run(folder, "export -m run --ema -o ema.safetensors").code == 0);
  REQUIRE(run(folder, "export -m run -o all.safetensors").code == 0);
  for (const auto& [file, picture] : {std::pair{"g", "raw.png"}, {"all", "raw.png"}, {"ema", "whole.png"}}) {
    CAPTURE(std::string(file));
    const Result drawn =
        run(folder, std::string("generate -m ") + file + ".safetensors -n 3 --seed 2 -o new/deep/x.png");
    CAPTURE(drawn.err);
    REQUIRE(drawn.code == 0);
    CHECK(read(folder / "new/deep/x.png") == read(folder / picture));
    // Import needs no options, and its result generates the same images.
    REQUIRE(run(folder, std::string("import -i ") + file + ".safetensors -o back.safetensors").code == 0);
    REQUIRE(run(folder, "generate -m back.safetensors -n 3 --seed 2 -o back.png").code == 0);
    CHECK(read(folder / "back.png") == read(folder / picture));
  }
  CHECK(fs::file_size(folder / "g.safetensors") <
        fs::file_size(folder / "run/checkpoints/3.safetensors") / 3);

  REQUIRE(run(folder, "export -m run --net d -o d.safetensors").code == 0);
  check_error(run(folder, "generate -m d.safetensors -o x.png"), 1,
              "holds d of dcgan only, which is not a generator");
  check_error(run(folder, kTiny + "--outdir r --init g.safetensors"), 1, "sumi import makes one of it");
  // Nothing is written under a name that says another format.
  check_error(run(folder, "export -m run -o w.npz"), 2, "no format of sumi export has the extension .npz");
  check_error(run(folder, "export -m run --format safetensors -o w.pth"), 2, "name it w.safetensors");
  check_error(run(folder, "export -m run --format pth -o w.bin"), 2, "name it w.pth");
  check_error(run(folder, "export -m run --format zip -o w.pth"), 2,
              "use one of: safetensors, pth, h5, onnx, ncnn");
  check_error(run(folder, "export -m run --precision f8 -o w.pth"), 2, "use f32, f16 or bf16");
  CHECK_FALSE(fs::exists(folder / "w.pth"));
  check_error(run(folder, "import -i g.safetensors -o w.pt"), 2, "name it w.safetensors");
  check_error(run(folder, "import -i g.safetensors --ngf 5 -o w.safetensors"), 1,
              "they fit with --ngf 4: add it");

  // An untrusted description.
  std::string bytes = read(folder / "g.safetensors");
  const auto at = bytes.find("dcgan");
  bytes.replace(at, 5, "nogan");
  write(folder / "bad.safetensors", bytes);
  check_error(run(folder, "generate -m bad.safetensors -o x.png"), 1, "unknown model 'nogan'");
  CHECK(has(run(folder, "inspect bad.safetensors").out, "without sumi's description"));
  const auto size = read(folder / "g.safetensors").find("\\\"ngf\\\":4");
  REQUIRE(size != std::string::npos);
  bytes = read(folder / "g.safetensors");
  bytes.replace(size, 9, "\\\"ngf\\\":9");
  write(folder / "bad.safetensors", bytes);
  check_error(run(folder, "generate -m bad.safetensors -o x.png"), 1, "instead of");
}

TEST_CASE("export: one direction of a translation, and the task of a repair") {
  const Folder folder;
  write_images(folder, "a", 2, 16);
  write_images(folder, "b", 2, 16);
  const std::string tiny =
      " --load-size 16 --crop-size 16 --ngf 2 --ndf 2 --n-blocks 1 --n-layers-d 1 --steps 1 --sample-every 0 "
      "--init-gain 0.3 --seed 3 --threads 1 -q ";
  REQUIRE(run(folder, "train cyclegan --data-a a --data-b b --outdir run" + tiny).code == 0);
  REQUIRE(run(folder, "convert -m run --direction BtoA -i a -o want/").code == 0);
  REQUIRE(run(folder, "export -m run --net g_ba -o g_ba.safetensors").code == 0);
  REQUIRE(run(folder, "convert -m g_ba.safetensors -i a -o got/").code == 0);
  for (const auto& entry : fs::directory_iterator(folder / "want"))
    CHECK(read(entry.path()) == read(folder / "got" / entry.path().filename().string()));
  check_error(run(folder, "convert -m g_ba.safetensors --direction AtoB -i a -o got/"), 2, "use BtoA");

  REQUIRE(
      run(folder,
          "train pix2pix --task superres --factor 3 --bits 16 --data a --outdir fix --net-g resnet_6blocks" +
              tiny)
          .code == 0);
  REQUIRE(run(folder, "export -m fix -o fix.safetensors").code == 0);
  REQUIRE(run(folder, "import -i fix.safetensors -o back.safetensors").code == 0);
  REQUIRE(run(folder,
              "import -i fix.safetensors --model pix2pix --task superres --factor 3 --bits 16 --net-g "
              "resnet_6blocks "
              "--n-blocks 1 --n-layers-d 1 --ngf 2 --ndf 2 -o told.safetensors")
              .code == 0);
  REQUIRE(run(folder, "convert -m fix -i a/000.png -o want.png").code == 0);
  CHECK(load(folder / "want.png").width == 48);
  for (const std::string from : {"fix", "back", "told"}) {
    REQUIRE(run(folder, "convert -m " + from + ".safetensors -i a/000.png -o got.png").code == 0);
    CHECK_MESSAGE(read(folder / "got.png") == read(folder / "want.png"), from);
  }
}

TEST_CASE("import: half precision, wrapper prefixes, and the option that makes the file fit") {
  const TrainedWeights folder;
  REQUIRE(run(folder, "export -m run --net g -o g.safetensors").code == 0);
  const auto g = sumi::SafetensorsFile::open(folder / "g.safetensors");
  const std::string model =
      "import --model dcgan --size 16 --ngf 4 --ndf 4 --nz 8 --net g -o out.safetensors ";
  for (const std::string prefix : {"", "module.", "_orig_mod.module.", "netG.", "module.g_ema."}) {
    CAPTURE(prefix);
    sumi::SafetensorsWriter writer;
    for (const auto& [name, t] : g.tensors()) writer.add(prefix + name, t.dtype, t.shape, t.data, t.bytes);
    writer.write(folder / "w.safetensors");
    const Result taken = run(folder, model + "-i w.safetensors");
    CAPTURE(taken.err);
    REQUIRE(taken.code == 0);
    REQUIRE(run(folder, "export -m out.safetensors --net g -o back.safetensors").code == 0);
    CHECK(differing_tensors(folder / "back.safetensors", folder / "g.safetensors") == "");
  }

  // 1, -2, the largest, the smallest normal and the smallest value; the rest is 0.5.
  const std::vector<std::uint16_t> halves{0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001};
  const std::vector<float> values{1, -2, 65504, 0x1p-14f, 0x1p-24f};
  sumi::SafetensorsWriter writer;
  std::vector<std::vector<std::uint16_t>> kept;
  for (const auto& [name, t] : g.tensors()) {
    if (t.dtype != "F32") continue;
    auto& half = kept.emplace_back(t.bytes / 4, std::uint16_t{0x3800});
    if (name == "main.0.weight") std::copy(halves.begin(), halves.end(), half.begin());
    writer.add(name, "F16", t.shape, half.data(), half.size() * 2);
  }
  writer.write(folder / "half.safetensors");
  REQUIRE(run(folder, model + "-i half.safetensors").code == 0);
  REQUIRE(run(folder, "export -m out.safetensors --net g -o back.safetensors").code == 0);
  const auto back = sumi::SafetensorsFile::open(folder / "back.safetensors");
  const auto* weight = reinterpret_cast<const float*>(back.find("main.0.weight")->data);
  CHECK(std::equal(values.begin(), values.end(), weight));
  CHECK(weight[values.size()] == 0.5f);

  sumi::SafetensorsWriter odd;
  for (const auto& [name, t] : g.tensors()) odd.add("other." + name + "x", t.dtype, t.shape, t.data, t.bytes);
  odd.write(folder / "odd.safetensors");
  check_error(run(folder, model + "-i odd.safetensors"), 1, "do not fit the model");
}

TEST_CASE("import: dropout shifts the names of a generator's layers, and the message says so") {
  const Folder folder;
  const std::string tiny = "--model cyclegan --ngf 2 --ndf 2 --n-blocks 1 --n-layers-d 1 --net g_ab ";
  write_images(folder, "a", 1, 16);
  REQUIRE(
      run(folder,
          "train cyclegan --data-a a --data-b a --outdir run --dropout --load-size 16 --crop-size 16 --ngf 2 "
          "--ndf 2 --n-blocks 1 --n-layers-d 1 --steps 1 --sample-every 0 -q")
          .code == 0);
  REQUIRE(run(folder, "export -m run --net g_ab -o g.safetensors").code == 0);
  check_error(run(folder, "import " + tiny + "-i g.safetensors --no-dropout -o o.safetensors"), 1,
              "they fit with --dropout");
  CHECK(run(folder, "import " + tiny + "-i g.safetensors --dropout -o o.safetensors").code == 0);
  check_error(run(folder, "import " + tiny + "-i g.safetensors --n-blocks 2 -o o.safetensors"), 1,
              "they fit with --n-blocks 1");
}

TEST_CASE("generate: image 0 of each listed seed; truncation makes images more alike") {
  const Folder folder;
  write_images(folder, "pictures", 8, 16);
  REQUIRE(run(folder, kTiny + "--outdir run --steps 2 -q").code == 0);
  REQUIRE(run(folder, "generate -m run --seeds 3,17,40-41 -o listed/ -q").code == 0);
  REQUIRE(run(folder, "generate -m run -n 1 --seed 17 -o one.png -q").code == 0);
  REQUIRE(run(folder, "generate -m run -n 1 --seed 41 -o last.png -q").code == 0);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder / "listed")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  REQUIRE(files.size() == 4);
  CHECK(read(files[1]) == read(folder / "one.png"));
  CHECK(read(files[3]) == read(folder / "last.png"));
  REQUIRE(run(folder, "generate -m run --seeds 3,17 --truncation 0 -o middle/ -q").code == 0);
  files.clear();
  for (const auto& entry : fs::directory_iterator(folder / "middle")) files.push_back(entry.path());
  REQUIRE(files.size() == 2);
  CHECK(read(files[0]) == read(files[1]));
  for (const char* list : {"", "3,", "x", "5-", "-5", "9-3", "0-99999999", "1--2"})
    if (*list) check_error(run(folder, std::string("generate -m run -o a/ --seeds ") + list), 2, "--seeds");
  check_error(run(folder, "generate -m run -o a/ --truncation -1"), 2, "--truncation");
}
