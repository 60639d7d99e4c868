// test_fuzz CORPUS [TARGET [COUNT]] runs the fuzz targets without libFuzzer: every file of
// CORPUS/TARGET, then COUNT mutations of them, always the same ones. test_fuzz FILE TARGET runs one
// file. Input that ends the program is left in fuzz-TARGET.input. test_fuzz_models does the same
// for the targets that need models, which CI does not compile with sanitizers.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/fuzz/mutate.h"

namespace fs = std::filesystem;

extern "C" {
#ifdef SUMI_HAS_MODELS
int fuzz_checkpoint(const std::uint8_t* data, std::size_t size);
int fuzz_config(const std::uint8_t* data, std::size_t size);
int fuzz_import(const std::uint8_t* data, std::size_t size);
#else
int fuzz_h5(const std::uint8_t* data, std::size_t size);
int fuzz_idx(const std::uint8_t* data, std::size_t size);
int fuzz_ncnn(const std::uint8_t* data, std::size_t size);
int fuzz_pack(const std::uint8_t* data, std::size_t size);
int fuzz_pickle(const std::uint8_t* data, std::size_t size);
int fuzz_pth(const std::uint8_t* data, std::size_t size);
int fuzz_script(const std::uint8_t* data, std::size_t size);
#ifdef SUMI_PICTURES
int fuzz_image(const std::uint8_t* data, std::size_t size);
#endif
#ifdef SUMI_HAS_VIDEO
int fuzz_clip(const std::uint8_t* data, std::size_t size);
#endif
#ifdef SUMI_HAS_ONNX
int fuzz_onnx(const std::uint8_t* data, std::size_t size);
#endif
#endif
}

namespace {

struct Target {
  const char* name;
  int (*run)(const std::uint8_t*, std::size_t);
  int count;  // of mutations in the tests: together some seconds
};
constexpr Target kTargets[] = {
#ifdef SUMI_HAS_MODELS
    {"checkpoint", fuzz_checkpoint, 1000},
    {"config", fuzz_config, 1000},
    {"import", fuzz_import, 1000},
#else
    {"h5", fuzz_h5, 1000},         {"idx", fuzz_idx, 1000},       {"ncnn", fuzz_ncnn, 1000},
    {"pack", fuzz_pack, 1000},     {"pickle", fuzz_pickle, 2000}, {"pth", fuzz_pth, 2000},
    {"script", fuzz_script, 1000},
#ifdef SUMI_PICTURES
    {"image", fuzz_image, 1000},
#endif
#ifdef SUMI_HAS_VIDEO
    {"clip", fuzz_clip, 500},
#endif
#ifdef SUMI_HAS_ONNX
    {"onnx", fuzz_onnx, 500},
#endif
#endif
};

constexpr unsigned kSeconds = 10;

// The current input, for the signal handler.
std::string input;
std::string saved_name;
const char* target_name = "";

void save_input(int signal) {
  const int fd = ::open(saved_name.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  const bool saved = fd >= 0 && ::write(fd, input.data(), input.size()) == static_cast<ssize_t>(input.size());
  std::array<char, 200> line{};
  std::snprintf(line.data(), line.size(), "fuzz target %s: signal %d; %s %s\n", target_name, signal,
                saved ? "the input is" : "cannot write", saved_name.c_str());
  std::ignore = ::write(STDERR_FILENO, line.data(), std::strlen(line.data()));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void run(const Target& target, std::string bytes) {
  input = std::move(bytes);
  ::alarm(kSeconds);  // what hangs is a finding too
  target.run(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

// How many inputs; 0 when there is no corpus.
int run_all(const Target& target, const fs::path& folder, int mutations) {
  std::vector<fs::path> files;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder, ec)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const fs::path& file : files) corpus.push_back(read(file));
  if (corpus.empty()) return 0;
  for (const std::string& bytes : corpus) run(target, bytes);
  std::mt19937_64 random(1);
  for (int i = 0; i < mutations; ++i) run(target, fuzz::mutated(corpus, random));
  return static_cast<int>(corpus.size()) + mutations;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) return std::fputs("usage: test_fuzz CORPUS|FILE [TARGET [COUNT]]\n", stderr), 2;
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGALRM})
    std::signal(signal, save_input);
  bool known = false, good = true;
  for (const Target& target : kTargets) {
    if (argc > 2 && std::strcmp(argv[2], target.name) != 0) continue;
    known = true;
    target_name = target.name;
    saved_name = std::string("fuzz-") + target.name + ".input";
    if (fs::is_regular_file(argv[1])) {
      run(target, read(argv[1]));
      continue;
    }
    const int count =
        run_all(target, fs::path(argv[1]) / target.name, argc > 3 ? std::atoi(argv[3]) : target.count);
    std::printf("%s: %d inputs\n", target.name, count);
    std::fflush(stdout);
    good = good && count > 0;
  }
  if (!known) return std::fprintf(stderr, "test_fuzz: no target %s\n", argv[2]), 2;
  return good ? 0 : 1;
}
