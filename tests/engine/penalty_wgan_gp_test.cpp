// The gradient penalty of WGAN-GP (Gulrajani 2017): mean((||grad_x D(x_hat)||_2 - 1)^2),
// differentiated with respect to the critic's weights; against central differences and against
// PyTorch.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "engine/optim.h"
#include "tests/engine/gradcheck.h"
#include "tests/engine/nn_networks.h"

namespace sumi {
namespace {

namespace fs = std::filesystem;
using gradcheck::compare;
using gradcheck::numbers;
using gradcheck::Tensors;

Tensor penalty_of_gradient(const Tensor& g) {
  const Tensor norm = sqrt(sum_to(square(g), {g.shape().n, 1, 1, 1}));
  return mean(square(affine(norm, 1, -1)));
}

Tensor penalty(Tape& tape, Module& critic, const Tensor& x_hat) {
  x_hat.set_requires_grad(true);
  const Tensor y = critic(x_hat);
  const Tensor ones = Tensor::full(y.shape(), 1, y.dtype(), y.device());
  return penalty_of_gradient(tape.grad(y, {x_hat}, /*create_graph=*/true, ones)[0]);
}

std::unique_ptr<Sequential> critic_with_numbers(DType dtype = DType::f64,
                                                const Device& device = gradcheck::ref) {
  auto critic = networks::critic(dtype, device);
  std::uint64_t stream = 10;
  for (const Parameter& p : critic->parameters()) {
    const bool gamma = p.name == "main.3.weight";
    p.value.assign(
        numbers(p.value.shape(), stream++, gamma ? 0.5 : -0.6, gamma ? 1.5 : 0.6).to_vector<double>());
  }
  return critic;
}

TEST_CASE("penalty: its gradient equals central differences") {
  const auto critic = critic_with_numbers();
  ParamArena arena({{"critic", critic.get()}});
  const Tensor x = numbers({3, 8, 8, 2}, 1);
  arena.begin();
  {
    Tape tape;
    const Tensor loss = penalty(tape, *critic, x);
    CHECK_FALSE(arena.slots()[0].grad->written);  // grad() leaves slots alone
    tape.backward(loss);
  }
  const auto value = [&] {
    Tape tape;
    return penalty(tape, *critic, x).item();
  };
  for (const auto& slot : arena.slots()) {
    const Tensor& p = slot.parameter.value;
    const std::vector<double> want = gradcheck::differences(value, p, 1e-5);
    compare(slot.parameter.name, slot.grad->written ? p.grad().to_vector<double>() : gradcheck::values({}, p),
            want, 1e-8);
  }
  // The last bias moves no gradient of x, so it gets none, and the optimizer will skip it.
  CHECK_FALSE(arena.slots().back().grad->written);
}

TEST_CASE("penalty: the critic's whole loss in one backward, on the CPU as on the reference") {
  const auto run = [](DType dtype, const Device& device) {
    const auto critic = critic_with_numbers(dtype, device);
    ParamArena arena({{"critic", critic.get()}});
    const auto input = [&](std::uint64_t stream) {
      return gradcheck::convert(numbers({3, 8, 8, 2}, stream), dtype, device);
    };
    arena.begin();
    Tape tape;
    const Tensor wasserstein = add(loss_mean(Loss::linear, (*critic)(input(1)), 1),
                                   loss_mean(Loss::linear, (*critic)(input(2)), -1));
    tape.backward(add(wasserstein, affine(penalty(tape, *critic, input(3)), 10)));
    std::vector<double> all = arena.gradients().to_vector<double>();
    return all;
  };
  const std::vector<double> want = run(DType::f64, gradcheck::ref);
  compare("ref f32", run(DType::f32, gradcheck::ref), want, 1e-5);
  compare("cpu f32", run(DType::f32, gradcheck::tested), want, 1e-5);
}

// --- PyTorch ---

// One tensor a line: its name, four sizes, its values in NHWC or KRSC order.
void write(std::ostream& out, const std::string& name, const Tensor& t) {
  const Shape s = t.shape();
  out << fmt::format("{} {} {} {} {}", name, s.n, s.h, s.w, s.c);
  for (const double v : t.to_vector<double>()) out << fmt::format(" {:.17g}", v);
  out << '\n';
}

std::string script() {
  const char* source = std::getenv("SUMI_SOURCE_DIR");
  const fs::path root =
      source ? fs::path(source) : fs::path(__FILE__).parent_path().parent_path().parent_path();
  return (root / "tests" / "parity" / "gradient_penalty.py").string();
}

// Debian's python3 has python3-torch even if another python3 comes first on PATH.
std::string python() {
  if (const char* chosen = std::getenv("SUMI_PYTHON")) return chosen;
  return fs::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
}

// The penalty and its gradients by name, on a device.
std::map<std::string, std::vector<double>> ours(const Tensor& x, DType dtype, const Device& device) {
  const auto critic = critic_with_numbers(dtype, device);
  ParamArena arena({{"critic", critic.get()}});
  arena.begin();
  Tape tape;
  const Tensor loss = penalty(tape, *critic, gradcheck::convert(x, dtype, device));
  tape.backward(loss);
  std::map<std::string, std::vector<double>> values{{"penalty", {loss.item()}}};
  for (const auto& slot : arena.slots()) {
    const Tensor& p = slot.parameter.value;
    values[slot.parameter.name.substr(7)] = gradcheck::values(slot.grad->written ? p.grad() : Tensor(), p);
  }
  return values;
}

TEST_CASE("penalty: value and gradients equal PyTorch's to 1e-8; in f32 on the device under test to 1e-5") {
  if (std::system((python() + " -c 'import torch' 2> /dev/null").c_str()) != 0) {
    MESSAGE("skipped: " << python() << " has no torch (Debian: python3-torch)");
    return;
  }
  const Tensor x = numbers({3, 8, 8, 2}, 1);
  const fs::path folder = fs::temp_directory_path() / fmt::format("sumi-penalty-{}", ::getpid());
  fs::create_directories(folder);
  {
    std::ofstream out(folder / "in.txt");
    write(out, "x", x);
    for (const Parameter& p : critic_with_numbers()->parameters()) write(out, p.name, p.value);
  }
  const std::string command = fmt::format("'{}' '{}' '{}' '{}'", python(), script(),
                                          (folder / "in.txt").string(), (folder / "out.txt").string());
  REQUIRE(std::system(command.c_str()) == 0);
  std::map<std::string, std::vector<double>> theirs;
  std::ifstream in(folder / "out.txt");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    words >> name;
    for (double v; words >> v;) theirs[name].push_back(v);
  }
  fs::remove_all(folder);
  const auto wide = ours(x, DType::f64, gradcheck::ref), single = ours(x, DType::f32, gradcheck::tested);
  CHECK(theirs.size() == wide.size());
  for (const auto& [name, values] : theirs) {
    CAPTURE(name);
    REQUIRE((wide.count(name) && single.count(name)));
    compare(name, wide.at(name), values, 1e-8);
    compare(name + " in f32", single.at(name), values, 1e-5);
  }
}

}  // namespace
}  // namespace sumi
