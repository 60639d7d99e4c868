// Shared parts of the subcommands: usage errors, help pages, text output.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/cli/text.h"

namespace sumi {
struct ModelSpec;
}

namespace sumi::cli {

// Exit codes; 0 is done. kUnfit: images were refused by a gate, and nothing else failed.
constexpr int kFailed = 1, kUsage = 2, kUnfit = 3;

// Invalid command line: exit code 2 and a reference to the help page of `command` ("sumi train").
struct UsageError : std::runtime_error {
  UsageError(std::string command_, const std::string& what)
      : std::runtime_error(what), command(std::move(command_)) {}
  std::string command;
};

// A subcommand: its CLI11 app and its function. run() returns the exit code.
struct Command {
  CLI::App* app;
  std::function<int()> run;
};

Command add_train(CLI::App& parent, const std::vector<std::string>& words);
Command add_generate(CLI::App& parent);
Command add_convert(CLI::App& parent);
Command add_comic(CLI::App& parent);
Command add_evaluate(CLI::App& parent);
Command add_animate(CLI::App& parent);
Command add_gate(CLI::App& parent);
Command add_inspect(CLI::App& parent);
Command add_export(CLI::App& parent);
Command add_import(CLI::App& parent);
Command add_tune(CLI::App& parent, const std::vector<std::string>& words);
Command add_distance(CLI::App& parent);
Command add_report(CLI::App& parent);
Command add_devices(CLI::App& parent);
Command add_models(CLI::App& parent);
// Returns true if one of the words is the model's name or a former one, or there are no words.
bool is_named(const ModelSpec& model, const std::vector<std::string>& words);

// Replaces a model's former name that depended on an option by the present one: "train
// photo-converter" for "train autoencoder-gan --form converter".
std::vector<std::string> with_present_names(std::vector<std::string> words);

// Adds all commands, in the order of the help page. A model has about a hundred options, and adding
// them takes longer than the rest of the program's start; models that none of `words`, the command
// line, name get no options. Without `words`, all options are added.
std::vector<Command> add_commands(CLI::App& parent, const std::vector<std::string>& words = {});

// The group of options that --help omits. (CLI11's own way, an empty group, would also remove their
// names from its errors.)
constexpr const char* kHidden = "hidden";

// Sets the help page: usage, description, options by group, examples. `usage` follows "sumi".
void set_help(CLI::App& app, const std::string& usage, const std::string& examples,
              const std::string& after = "");

// "sumi train dcgan".
std::string command_name(const CLI::App* app);

// The innermost subcommand on the command line.
const CLI::App* innermost(const CLI::App* app);

// One line for a parse error of CLI11, with the nearest known name for an unknown one.
std::string explain_parse_error(const CLI::App& root, const CLI::ParseError& error);

// The candidate most similar to `word`, or "" if none is similar.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

// "--save-every" -> "--save-every,--save_every": both spellings of every long name in a
// comma-separated list.
std::string both_spellings(const std::string& names);

// Adds a text option that may be repeated; the last value counts.
CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& type_name, const std::string& help);

// Parses all of `text` as a number. Throws UsageError "--size wants a whole number, not 'x'".
std::int64_t parse_whole(const CLI::App* app, const std::string& option, const std::string& text);
std::uint64_t parse_seed(const CLI::App* app, const std::string& option, const std::string& text);
double parse_number(const CLI::App* app, const std::string& option, const std::string& text);
// The same within a range. Throws UsageError "--crf 70 is out of range; give a number from 0 to
// 63".
double parse_number(const CLI::App* app, const std::string& option, const std::string& text, double low,
                    double high);
void check_range(const CLI::App* app, const std::string& option, std::int64_t value, std::int64_t low,
                 std::int64_t high);

// Adds an integer option; `value` is set after the command line has been parsed.
CLI::Option* add_whole(CLI::App& app, const std::string& names, std::int64_t& value,
                       const std::string& type_name, const std::string& help);

// Throws UsageError for an output file in safetensors format with the extension of another format
// (.pth, .h5, ...).
void refuse_foreign_name(const CLI::App* app, const std::string& option, const std::string& path);

// Adds --net-key, for commands that take a file of weights (models/inference/weight_parts.h).
CLI::Option* add_net_key(CLI::App& app, std::string& key);

// Adds -q, for every command that reports progress. (Commands whose output is the result do not
// have it.)
void add_quiet(CLI::App& app, bool& quiet);

// Throws UsageError "--outdir is missing: <cure>" if `value` is empty.
void require_text(const CLI::App* app, const std::string& option, const std::string& value,
                  const std::string& cure);

}  // namespace sumi::cli
