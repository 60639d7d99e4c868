// Resuming a run: from another folder, with moved data, with the model's name.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/tools/program.h"

using namespace program;
namespace fs = std::filesystem;

namespace {

// Eight images, and a run "run" of two steps on them.
struct Begun : Folder {
  Begun() {
    write_images(*this, "pictures", 8, 16);
    REQUIRE(program::run(*this, kTiny + "--outdir run --steps 2 -q").code == 0);
  }
  std::string at(const std::string& name) const { return (*this / name).string(); }
};

}  // namespace

TEST_CASE("resume: from another folder, the paths are those of where the run was started") {
  const Begun folder;
  const Folder other;
  const Result resumed = run(other, "train --resume " + folder.at("run") + " --steps 4 -q");
  CAPTURE(resumed.err);
  REQUIRE(resumed.code == 0);
  CHECK(resumed.err.empty());
  REQUIRE(run(folder, kTiny + "--outdir whole --steps 4 -q").code == 0);
  CHECK(differing_tensors(folder / "run/checkpoints/4.safetensors",
                          folder / "whole/checkpoints/4.safetensors") == "");
  // Also --config, which accepts a run's options.json.
  REQUIRE(run(other, "train dcgan --config " + folder.at("whole/options.json") + " --outdir again -q").code ==
          0);
  CHECK(differing_tensors(other / "again/checkpoints/4.safetensors",
                          folder / "whole/checkpoints/4.safetensors") == "");

  // A run of a version that did not store the folder: it follows from the run's location.
  auto options = nlohmann::ordered_json::parse(read(folder / "whole/options.json"));
  options.erase("started-in");
  write(folder / "whole/options.json", options.dump());
  CHECK(run(other, "train --resume " + folder.at("whole") + " --steps 5 -q").code == 0);
}

TEST_CASE("resume: moved data must be given, and count as the same data") {
  const Begun folder;
  fs::rename(folder / "pictures", folder / "moved");
  for (const auto& entry : fs::directory_iterator(folder / "moved"))
    fs::last_write_time(entry, fs::file_time_type::clock::now() - std::chrono::hours(100));
  check_error(run(folder, "train --resume run --steps 4 -q"), 1,
              "add where they are: sumi train --resume run --data DIR");
  const Result moved = run(folder, "train --resume run --data moved --steps 4 -q");
  CHECK(moved.code == 0);
  CHECK(moved.err.empty());
  CHECK(run(folder, "train --resume run --steps 5 -q").err.empty());

  write_images(folder, "more", 9, 16);
  const Result changed = run(folder, "train --resume run --data more --steps 6 -q");
  CHECK(changed.code == 0);
  CHECK(has(changed.err, "the data has changed since the checkpoint (8 images then, 9 now)"));
}

TEST_CASE("resume: a checkpoint of an old version goes by its key") {
  const Begun folder;
  const fs::path path = folder / "run/checkpoints/2.safetensors";
  // Of the same length, because the header stores its length.
  std::string bytes = read(path);
  const auto at = bytes.find("data_content");
  REQUIRE(at != std::string::npos);
  bytes.replace(at, 12, "date_content");
  write(path, bytes);
  CHECK(run(folder, "train --resume run --steps 3 -q").err.empty());
}

TEST_CASE("resume: with the model's name in front, and the options that began the run") {
  const Begun folder;
  CHECK(run(folder, "train dcgan --resume run --steps 3 -q").code == 0);
  CHECK(run(folder, "train --resume run dcgan -q").code == 0);
  CHECK(run(folder, kTiny + "--outdir run --resume run --steps 4 -q").code == 0);
  CHECK(fs::exists(folder / "run/checkpoints/4.safetensors"));
  check_error(run(folder, kTiny + "--resume run --ngf 8"), 2, "--ngf cannot change when a run is resumed");
  check_error(run(folder, "train gan --resume run"), 2,
              "is a run of dcgan, not of gan; write: sumi train --resume run");
  check_error(run(folder, "train dcgan --resume run --dry-run"), 2, "leave out --config, --dry-run");
  check_error(run(folder, "train --resume run --beta1 0.9"), 2, "--beta1 cannot change");
}

TEST_CASE("train: a run inside its data does not learn from its own images") {
  const Folder folder;
  write_images(folder, "pictures", 8, 16);
  const Result first = run(folder, kTiny + "--outdir pictures/run --steps 2");
  CHECK(has(first.out + first.err, "dcgan on 8 images"));
  CHECK(has(first.err, "left out of pictures: run, written by sumi train"));
  REQUIRE(run(folder, "generate -m pictures/run -n 2 -o pictures/run/drawn/").code == 0);
  const Result second = run(folder, "train --resume pictures/run --steps 3");
  CHECK(second.code == 0);
  CHECK_FALSE(has(second.err, "has changed"));
  CHECK(has(run(folder, kTiny + "--outdir other --steps 1").out, "dcgan on 8 images"));

  check_error(run(folder, kTiny + "--outdir pictures"), 1, "holds images of the data");
  write_images(folder, "pictures/sub", 1, 16);
  check_error(run(folder, kTiny + "--outdir pictures/sub"), 1, "holds images of the data");
  check_error(run(folder, "train dcgan --data other/samples --outdir other"), 1, "choose another folder");
  CHECK_FALSE(fs::exists(folder / "pictures/checkpoints"));
}

TEST_CASE("train: too few images for a batch, and numbers that work") {
  const Folder folder;
  write_images(folder, "pictures", 3, 16);
  check_error(run(folder, kTiny + "--outdir run"), 1,
              "has 3 images, and a step takes 4; lower --batch-size to 3, add images");
  check_error(run(folder, kTiny + "--outdir run --n-critic 2 --batch-size 2"), 1, "lower --batch-size to 1,");
  check_error(run(folder, kTiny + "--outdir run --n-critic 2 --accumulate 2 --batch-size 1"), 1,
              "lower --n-critic or --accumulate");
  CHECK(run(folder, kTiny + "--outdir a --steps 1 --n-critic 2 --batch-size 1 -q").code == 0);
  CHECK(run(folder, kTiny + "--outdir b --steps 2 --replacement -q").code == 0);
}

TEST_CASE("train: former names of models and options mean the present ones") {
  const Folder folder;
  const std::string look = " --dry-run --batch-size 2";
  for (const auto& [former, now] :
       {std::pair{"autoencoder-gan --form converter --norm-keep 0.9", "photo-converter --bn-momentum 0.9"},
        {"autoencoder-gan --form=noise --replacement", "gan-autoencoder --sample-with-replacement"},
        {"features --hold-out 3 --exact --no-flip --kernels own",
         "classifier --val-every 3 --no-winograd --no-flip --conv-backend native"},
        {"dcgan --sn --vbn --gp 1 --clip-grad 1 --label_smooth 0.1",
         "dcgan --spectral-norm --virtual-batch-norm "
         "--lambda-gp 1 --clip-grad-norm 1 --label-smoothing 0.1"}}) {
    const Result a = run(folder, std::string("train ") + former + look),
                 b = run(folder, std::string("train ") + now + look);
    CAPTURE(former);
    CHECK(b.code == 0);
    CHECK(a.code == 0);
  }
  check_error(run(folder, "train dcgan --gp 1 --lambda-gp 2 --gp x"), 2, "--lambda-gp takes a number");
}

TEST_CASE("train: flags of other programs are accepted, or the message names the option") {
  const Folder folder;
  const std::string look = " --dry-run";
  CHECK(
      has(run(folder, "train dcgan --batchSize 3 --imageSize 16 --niter 2 --outf x" + look).out, "batch 3"));
  CHECK(has(run(folder, "train cyclegan --loadSize 32 --fineSize 32 --which_direction 3" + look).err,
            "cyclegan does not have --direction: only pix2pix"));
  CHECK(
      run(folder, "train dcgan --img_size 16 --n_cpu 1 --b1 0.4 --latent_dim 9 --batch_size 2" + look).code ==
      0);
  CHECK(run(folder,
            "train pix2pix --which_direction BtoA --which_model_netG unet_128 --crop-size 128 "
            "--load-size 128 --ngf 2 --ndf 2 --n_layers_D 2 --nThreads 1" +
                look)
            .code == 0);
  for (const auto& [words, text] : {std::pair{"dcgan --ngpu 0", "--device cpu"},
                                    {"dcgan --cuda", "--device cuda"},
                                    {"dcgan --dataset folder", "leave it out"},
                                    {"dcgan --netG w.pth", "--init CHECKPOINT"},
                                    {"cyclegan --gpu_ids -1", "--device cpu"},
                                    {"cyclegan --input_nc 1", "--channels 1 or 3"},
                                    {"cyclegan --continue_train", "sumi train --resume RUN"},
                                    {"cyclegan --name x", "--outdir RUN"},
                                    {"cyclegan --lambda_cyc 10", "--lambda-a and --lambda-b"},
                                    {"gan --kimg 100", "--steps or --epochs"},
                                    {"cyclegan --netD basic", "--n-layers-d"},
                                    {"cyclegan --no_lsgan", "--gan-mode vanilla"},
                                    {"pix2pix --display_id -1", "leave it out"}})
    check_error(run(folder, std::string("train ") + words), 2, text);
  check_error(run(folder, "convert --dataroot x"), 2, "use -i");
}

TEST_CASE("resume: back to an earlier checkpoint, as if the later steps had not been made") {
  const Begun folder;
  REQUIRE(run(folder, "train --resume run --steps 6 --save-every 2 -q").code == 0);
  REQUIRE(run(folder, "train --resume run/checkpoints/2.safetensors --steps 4 -q").code == 0);
  CHECK(fs::exists(folder / "run/replaced/6.safetensors"));
  CHECK_FALSE(fs::exists(folder / "run/checkpoints/6.safetensors"));
  REQUIRE(run(folder, kTiny + "--outdir whole --steps 4 -q").code == 0);
  CHECK(differing_tensors(folder / "run/checkpoints/4.safetensors",
                          folder / "whole/checkpoints/4.safetensors") == "");
  check_error(run(folder, "train --resume run/checkpoints/3.safetensors"), 1,
              "does not exist; the run has 0.safetensors, 2.safetensors, 4.safetensors");
  REQUIRE(run(folder, "export -m run --net g -o run/checkpoints/9.safetensors -q").code == 0);
  CHECK(run(folder, "train --resume run/checkpoints/9.safetensors").code == 1);
}

TEST_CASE("resume: another rate is used, logged and kept") {
  const Begun folder;
  const Result changed = run(folder, "train --resume run --steps 4 --lr 1e-4");
  CAPTURE(changed.err);
  REQUIRE(changed.code == 0);
  CHECK(has(changed.out, "--lr 0.0001 (before 0.0002)"));
  CHECK(has(read(folder / "run/log.txt"), "--lr 0.0001 (before 0.0002)"));
  CHECK(nlohmann::json::parse(read(folder / "run/options.json")).at("lr") == 1e-4);
  REQUIRE(run(folder, kTiny + "--outdir whole --steps 4 -q").code == 0);
  CHECK(differing_tensors(folder / "run/checkpoints/4.safetensors",
                          folder / "whole/checkpoints/4.safetensors") != "");
}

TEST_CASE("resume: --rescue lowers the rate of a run that diverges until it goes on") {
  const Folder folder;
  write_images(folder, "pictures", 8, 16);
  const std::string vae = "train vae --data pictures --size 16 --batch-size 4 --steps 12 --lr 1 ";
  check_error(run(folder, vae + "--outdir lost -q"), 1, "the run has diverged");
  const Result saved = run(folder, vae + "--outdir saved --rescue");
  CAPTURE(saved.err);
  CHECK(saved.code == 0);
  CHECK(has(saved.err, "rescue 1 of 5 goes on from 0.safetensors at a quarter of the learning rate, 0.25"));
  CHECK(nlohmann::json::parse(read(folder / "saved/options.json")).at("lr").get<double>() < 0.1);
}
