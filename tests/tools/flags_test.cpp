// Invalid values for every option of every command, and contradictory options. Driven by the
// commands' own tables, so that new options are tested automatically; in this process, because
// starting the program a thousand times would take minutes. (Options of training by themselves:
// tests/models/options/options_test.cpp.)
#include <doctest/doctest.h>

#include <set>

#include "engine/error.h"
#include "tests/tools/program.h"
#include "tools/cli/cli.h"

using namespace sumi;

namespace {

struct Refusal {
  bool refused = false;
  std::string text;
};

// The program's error for these words after "sumi".
Refusal attempt(const std::vector<std::string>& words) {
  CLI::App app;
  const std::vector<cli::Command> commands = cli::add_commands(app, words);
  std::vector<std::string> reversed(words.rbegin(), words.rend());  // as CLI11 takes a vector
  try {
    app.parse(reversed);
    for (const cli::Command& command : commands)
      if (command.app->parsed()) return {command.run() != 0, ""};
  } catch (const CLI::ParseError& error) {
    return {error.get_exit_code() != 0, cli::explain_parse_error(app, error)};
  } catch (const std::exception& error) {
    return {true, error.what()};
  }
  return {};
}

struct Subject {
  std::vector<std::string> words;  // of a call that would reach the checks of every option
  CLI::App* app;
};

// Each command, and each model of train. Their inputs do not exist, except an image in `folder`.
std::vector<Subject> subjects(CLI::App& root, const program::Folder& folder) {
  cli::add_commands(root);
  std::vector<Subject> all;
  const auto sub = [](CLI::App& app, const char* name) { return app.get_subcommand(name); };
  all.push_back({{"generate", "-m", "nowhere", "-o", "nothing.png"}, sub(root, "generate")});
  program::write_images(folder, "in", 1, 4);
  all.push_back(
      {{"convert", "-m", "nowhere", "-i", (folder / "in").string(), "-o", "nothing/"}, sub(root, "convert")});
  all.push_back({{"inspect", "nowhere"}, sub(root, "inspect")});
  all.push_back({{"export", "-m", "nowhere", "-o", "nothing.safetensors"}, sub(root, "export")});
  all.push_back({{"import", "--model", "gan", "--net", "g", "-i", "nowhere", "-o", "nothing.safetensors"},
                 sub(root, "import")});
  CLI::App* train = sub(root, "train");
  all.push_back({{"train", "--resume", "nowhere"}, train});
  for (CLI::App* model : train->get_subcommands([](const CLI::App*) { return true; }))
    all.push_back({{"train", model->get_name(), "-q", "--data", "nowhere", "--outdir", "nothing"}, model});
  return all;
}

std::string long_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? "" : "--" + option.get_lnames().front();
}

// Each option of each command. The models share their options and one parser, so each of those is
// tested with one model: every attempt builds a whole command line.
template <class Try>
void for_each_option(Try&& attempt_option) {
  CLI::App root;
  const program::Folder folder;
  std::set<std::string> of_models;
  for (const Subject& subject : subjects(root, folder))
    for (const CLI::Option* option : subject.app->get_options())
      if (subject.words.front() != "train" || of_models.insert(long_name(*option)).second)
        attempt_option(subject.words, *option);
}

void check_refused(std::vector<std::string> words, const std::string& option, const std::string& value) {
  words.push_back(option + "=" + value);
  CAPTURE(words.front());
  CAPTURE(words.back());
  const Refusal refusal = attempt(words);
  CHECK(refusal.refused);
  CHECK_MESSAGE(refusal.text.find(option) != std::string::npos, refusal.text);
  CHECK(printable(refusal.text).find('\n') == std::string::npos);
}

}  // namespace

const std::vector<const char*> kNoNumbers{"nan", "x", "1e400", "99999999999999999999", "1;2", " "};

TEST_CASE("flags: invalid numbers are rejected by name") {
  const std::set<std::string> numbers{"N", "K", "PX", "X", "GIB"};
  int tried = 0;
  for_each_option([&](const std::vector<std::string>& words, const CLI::Option& option) {
    if (!numbers.contains(option.get_type_name())) return;
    for (int i = 2 * tried; i < 2 * tried + 2; ++i)  // two of them in turn
      check_refused(words, long_name(option), kNoNumbers.at(static_cast<std::size_t>(i % 6)));
    ++tried;
  });
  CHECK(tried > 60);
}

TEST_CASE("flags: sizes, counts and fractions out of range are rejected by name") {
  int tried = 0;
  for_each_option([&](const std::vector<std::string>& words, const CLI::Option& option) {
    if (words.front() == "train") return;  // tests/models/options/options_test.cpp
    if (!std::set<std::string>{"N", "K", "PX", "GIB"}.contains(option.get_type_name())) return;
    check_refused(words, long_name(option), "-1");
    if (long_name(option) != "--seed") check_refused(words, long_name(option), "9000000000000000000");
    ++tried;
  });
  CHECK(tried >= 8);
}

TEST_CASE("flags: text of any kind ends in one line") {
  const std::set<std::string> kinds{"FILE",     "DIR",  "RUN",       "RUN|CHECKPOINT", "CHECKPOINT",
                                    "FILE|DIR", "OUT",  "AtoB|BtoA", "TEXT",           "TYPE",
                                    "NAME",     "RULE", "LOSS",      "h|v|slider",     "N|L:P:S"};
  const std::string texts[] = {"",         std::string(100'000, 'a'), "a\nb\x1b[31m",
                               "\xff\xfe", "../../../nowhere/x",      "/dev/null/x"};
  std::size_t tried = 0;
  for_each_option([&](const std::vector<std::string>& words, const CLI::Option& option) {
    if (!kinds.contains(option.get_type_name()) || long_name(option) == "--input") return;  // that one prints
    for (const std::size_t turn : {tried, tried + 1}) {  // two of them in turn
      const std::string& text = texts[turn % std::size(texts)];
      std::vector<std::string> call = words;
      call.push_back(long_name(option) + "=" + text);
      CAPTURE(call.front());
      CAPTURE(call.back().substr(0, 100));
      const Refusal refusal = attempt(call);
      CHECK(refusal.refused);
      CHECK(refusal.text.size() > 10);
      CHECK(printable(refusal.text).find('\n') == std::string::npos);
    }
    ++tried;
  });
  CHECK(tried > 40);
}

TEST_CASE("flags: an option without its value, and a flag with one, are refused by name") {
  for_each_option([&](const std::vector<std::string>& words, const CLI::Option& option) {
    const std::string name = long_name(option);
    if (name.empty() || name == "--help") return;
    std::vector<std::string> call = words;
    call.push_back(option.get_items_expected_max() == 0 ? name + "=perhaps" : name);
    CAPTURE(call.front());
    CAPTURE(call.back());
    const Refusal refusal = attempt(call);
    CHECK(refusal.refused);
    CHECK_MESSAGE(refusal.text.find(name) != std::string::npos, refusal.text);
  });
}

TEST_CASE("flags: contradictions name both sides") {
  struct Contradiction {
    std::vector<std::string> words;
    const char *one, *other;
  };
  const auto with = [](std::vector<std::string> words, std::initializer_list<const char*> more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  };
  const std::vector<std::string> convert{"convert", "-m", "nowhere", "-i", "none.png", "-o", "nothing.png"};
  const std::vector<std::string> gan{"train", "gan", "--data", "nowhere", "--outdir", "nothing"};
  const std::vector<std::string> cyclegan{"train", "cyclegan", "--data", "nowhere", "--outdir", "nothing"};
  for (const auto& [words, one, other] : std::vector<Contradiction>{
           {with(convert, {"--skip-existing", "--overwrite"}), "--skip-existing", "--overwrite"},
           {with(convert, {"--style-set", "line=1"}), "--style-set", "--model"},
           {with(convert, {"--sheet"}), "--sheet", "--model"},
           {with(gan, {"--steps", "5", "--epochs", "2"}), "--steps", "--epochs"},
           {with(gan, {"--epochs", "0"}), "--epochs", "--steps"},
           {with(gan, {"--precision", "f64"}), "--precision", "--device ref"},
           {with(gan, {"--lr-policy", "linear"}), "--lr-policy", "--epochs-decay"},
           {with(gan, {"--resume", "nowhere"}), "run nowhere", "resume"},
           {with(gan, {"--gan-mode", "hinge", "--label-smooth", "0"}), "--label-smoothing", "--gan-mode"},
           {with(gan, {"--r1-every", "16"}), "--r1-interval", "--r1"},
           {with(cyclegan, {"--net-g", "unet_256", "--n-blocks", "3"}), "--n-blocks", "unet"},
           {{"train", "infogan", "--lr", "1e-3", "--data", "nowhere", "--outdir", "nothing"},
            "--lr",
            "--lr-g"},
           {with(cyclegan, {"--load-size", "64", "--crop-size", "128"}), "--load-size", "--crop-size"},
           {{"train", "--resume", "nowhere", "--beta1", "0.9"}, "--beta1", "--init"},
           {{"train", "--resume", "nowhere", "gan"}, "run nowhere", "resume"},
           {with(gan, {"--resume", "nowhere", "--explain"}), "--resume", "--explain"},
           {{"generate", "-m", "nowhere", "-o", "x.png", "-n", "1", "--interpolate", "5"},
            "--interpolate",
            "-n"},
       }) {
    CAPTURE(words.back());
    const Refusal refusal = attempt(words);
    CHECK(refusal.refused);
    CHECK_MESSAGE(refusal.text.find(one) != std::string::npos, refusal.text);
    CHECK_MESSAGE(refusal.text.find(other) != std::string::npos, refusal.text);
  }
}
