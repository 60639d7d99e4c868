// Gates: made of a classifier, kept in a checkpoint, and what they say of images.
#include "models/inference/gate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "engine/runtime/device.h"
#include "engine/serialize/safetensors.h"
#include "models/inference/exported.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "tests/models/images.h"
#include "tests/models/runs.h"
#include "tests/support.h"

using namespace sumi;
using sumi::test::error_of, sumi::test::has, sumi::test::TempDir;
namespace fs = std::filesystem;

namespace {

Photo plain(int width, int height, std::array<std::uint16_t, 3> color) {
  Photo photo;
  photo.width = width;
  photo.height = height;
  for (std::size_t i = 0; i < photo.pixels(); ++i)
    photo.rgb.insert(photo.rgb.end(), color.begin(), color.end());
  return photo;
}
const std::array<std::uint16_t, 3> kRed{65535, 0, 0}, kGreen{0, 65535, 0}, kBlue{0, 0, 65535};

void write_plain(const fs::path& folder, const std::array<std::uint16_t, 3>& color) {
  fs::create_directories(folder);
  for (int i = 0; i < 8; ++i) {
    Image8 image(16 + i, 16, 3);
    for (std::size_t k = 0; k < image.data.size(); ++k)
      image.data[k] = static_cast<std::uint8_t>(color[k % 3] / 257 * (200 - 10 * i) / 200);
    save_image(folder / (std::to_string(i) + ".png"), image);
  }
}

// A classifier of red, green and blue images.
fs::path train_classifier(const fs::path& work, int width = 2) {
  write_plain(work / "kinds/a", kRed);
  write_plain(work / "kinds/b", kGreen);
  write_plain(work / "kinds/other", kBlue);
  TrainOptions o = default_options("classifier");
  o.device = "cpu";
  o.data = (work / "kinds").string();
  o.outdir = (work / "classifier").string();
  o.cache = (work / "cache").string();
  o.size = 16;
  o.width = width;
  o.val_every = 0;
  o.batch_size = 12;
  o.steps = 60;
  o.lr = 0.02;
  o.sample_every = 0;
  o.threads = 1;
  TrainingObserver quiet;
  train(o, quiet);
  return o.outdir;
}

// A translator's checkpoint, as it is without a gate.
fs::path translator(const fs::path& work) {
  TrainOptions o = default_options("pix2pix");
  o.device = "cpu";
  o.ngf = 2;
  o.ndf = 2;
  o.threads = 1;
  const auto model = make_model(o);
  CheckpointWriter writer;
  model->save(writer, false);
  writer.write(work / "plain.safetensors", {"networks", "pix2pix", to_json(o).dump(), "{}"});
  return work / "plain.safetensors";
}

std::size_t best(const GateScores& scores) {
  return static_cast<std::size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// A copy with other metadata of the gate, and perhaps another tensor.
void write_spoiled(const fs::path& from, const fs::path& to, const std::string& description,
                   const std::string& tensor = "") {
  const SafetensorsFile file = SafetensorsFile::open(from);
  SafetensorsWriter writer;
  for (const auto& [key, value] : file.metadata())
    writer.set_metadata(key, key == kGateKey ? description : value);
  const float nan = NAN;
  for (const auto& [name, t] : file.tensors()) {
    if (name != tensor) writer.add(name, t.dtype, t.shape, t.data, t.bytes);
    if (name == tensor && has(tensor, "bias")) writer.add(name, "F32", {1, 1, 1, 1}, &nan, 4);
  }
  writer.write(to);
}

}  // namespace

TEST_CASE("gate: of a classifier, in a checkpoint that is otherwise unchanged") {
  const TempDir work;
  const fs::path run = train_classifier(work.path), plain_file = translator(work.path),
                 gated = work.path / "gated.safetensors";
  CHECK(!read_gate(plain_file));
  const GateWeights weights = gate_of_classifier(run, {"a", "b", "other"});
  attach_gate(plain_file, weights, gated);
  const auto before = bytes_of(plain_file);
  auto after = bytes_of(gated);
  std::erase_if(after, [](const auto& tensor) { return tensor.first.starts_with("gate."); });
  CHECK(before == after);
  CHECK(open_model(gated, "cpu").options.model == "pix2pix");

  const auto stored = read_gate(gated);
  REQUIRE(stored);
  const Gate gate(*stored);
  CHECK(gate.size() == 16);
  CHECK(best(gate.scores(plain(40, 30, kRed))) == gate_a);
  CHECK(best(gate.scores(plain(30, 200, kGreen))) == gate_b);
  CHECK(best(gate.scores(plain(3000, 2000, kBlue))) == gate_other);
  const GateScores scores = gate.scores(plain(1, 1, kRed));
  CHECK(scores[0] + scores[1] + scores[2] == doctest::Approx(1));

  // The same values, in another order of the classes.
  const Gate turned(gate_of_classifier(run, {"other", "a", "b"}));
  const Photo photo = plain(20, 20, {40000, 20000, 1000});
  const GateScores one = gate.scores(photo), two = turned.scores(photo);
  CHECK(two[0] == doctest::Approx(one[2]).epsilon(1e-4));
  CHECK(two[1] == doctest::Approx(one[0]).epsilon(1e-4));

  SUBCASE("a gate in place of another, in the same file") {
    GateWeights softer = weights;
    softer.temperature = 7.5;
    attach_gate(gated, softer, gated);
    CHECK(read_gate(gated)->temperature == 7.5);
    CHECK(bytes_of(gated).size() == before.size() + weights.tensors.size());
    CHECK(Gate(*read_gate(gated)).scores(photo)[0] < 1);
  }
  SUBCASE("a stripe is judged by squares along it") {
    Photo stripe = plain(300, 20, kRed);
    for (std::size_t i = 0; i < stripe.rgb.size(); i += 3)
      if (i / 3 % 300 >= 140)
        std::copy(kBlue.begin(), kBlue.end(), stripe.rgb.begin() + static_cast<long>(i));
    const GateScores mixed = gate.scores(stripe);
    CHECK(mixed[gate_other] > gate.scores(plain(300, 20, kRed))[gate_other]);
    CHECK(mixed[gate_a] > gate.scores(plain(300, 20, kBlue))[gate_a]);
  }
  SUBCASE("damaged sections are refused") {
    const std::string good = SafetensorsFile::open(gated).metadata().at(kGateKey);
    const fs::path bad = work.path / "bad.safetensors";
    const auto refused = [&](const std::string& description, const std::string& tensor, const char* part) {
      write_spoiled(gated, bad, description, tensor);
      const std::string error = error_of([&] { read_gate(bad); });
      CAPTURE(description);
      CAPTURE(error);
      CHECK(has(error, "[gate of "));
      CHECK(has(error, part));
    };
    auto json = nlohmann::ordered_json::parse(good);
    const auto with = [&](const char* key, const nlohmann::ordered_json& value) {
      auto other = json;
      other[key] = value;
      return other.dump();
    };
    refused("[", "", "JSON");
    refused("[]", "", "format");
    refused(with("format", 2), "", "format");
    refused(with("size", 1 << 20), "", "size");
    refused(with("size", -4), "", "size");
    refused(with("temperature", 0), "", "temperature");
    refused(with("temperature", "hot"), "", "temperature");
    refused(with("names", {"a", "b"}), "", "names");
    refused(with("names", {"a", "b", ""}), "", "names");
    refused(good, "gate.f.conv3_1.weight", "conv3_1.weight");
    refused(good, "gate.f.conv1_1.weight", "width");
    refused(good, "gate.head.fc.bias", "head.fc.bias");
  }
  SUBCASE("what cannot become a gate is refused") {
    CHECK(has(error_of([&] { gate_of_classifier(plain_file, {"a", "b", "other"}); }), "model pix2pix"));
    CHECK(has(error_of([&] { gate_of_classifier(run, {"a", "b", "c"}); }), "has the classes a, b, other"));
    CHECK(has(error_of([&] { gate_of_classifier(run, {"a", "a", "b"}); }), "name each once"));
  }
}

TEST_CASE("gate: the verdict") {
  CHECK(Gate::judge({0.5, 0.4, 0.1}) == GateVerdict::convert);
  CHECK(Gate::judge({0.01, 0.985, 0.005}) == GateVerdict::already);
  CHECK(Gate::judge({0.02, 0.97, 0.01}) == GateVerdict::unfit);
  CHECK(Gate::judge({0.1, 0.1, 0.8}) == GateVerdict::unfit);
  CHECK(Gate::judge({0.985, 0.01, 0.005}, true) == GateVerdict::already);
  CHECK(Gate::judge({0.3, 0.6, 0.1}, true) == GateVerdict::convert);
}

TEST_CASE("gate: the temperature is the one that the logits were made with") {
  // Labels drawn as softmax(logits / 2) says: in their exact proportions.
  std::vector<std::array<double, 3>> logits;
  std::vector<std::size_t> labels;
  for (const double d : {1.0, 3.0, -2.0}) {
    const std::array<double, 3> row{d, 0, -1};
    const double a = std::exp(row[0] / 2), b = 1, c = std::exp(row[2] / 2), sum = a + b + c;
    const std::array<double, 3> share{a / sum, b / sum, c / sum};
    for (std::size_t k = 0; k < 3; ++k)
      for (int i = 0; i < std::lround(20000 * share[k]); ++i) {
        logits.push_back(row);
        labels.push_back(k);
      }
  }
  CHECK(Gate::fit_temperature(logits, labels) == doctest::Approx(2).epsilon(0.01));
  CHECK(has(error_of([] { Gate::fit_temperature({}, {}); }), "no images"));
}
