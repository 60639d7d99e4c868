// What the subcommands share: errors of usage, help pages, text for people.
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

constexpr int kFailed = 1, kUsage = 2;  // exit codes; 0 is done

// The command line is wrong: exit code 2 and a pointer to the help page of `command` ("sumi train").
struct UsageError : std::runtime_error {
  UsageError(std::string command_, const std::string& what)
      : std::runtime_error(what), command(std::move(command_)) {}
  std::string command;
};

// A subcommand: its part of the command line and what it does. run() returns the exit code.
struct Command {
  CLI::App* app;
  std::function<int()> run;
};

Command add_train(CLI::App& parent, const std::vector<std::string>& words);
Command add_generate(CLI::App& parent);
Command add_convert(CLI::App& parent);
Command add_gate(CLI::App& parent);
Command add_inspect(CLI::App& parent);
Command add_export(CLI::App& parent);
Command add_import(CLI::App& parent);
Command add_tune(CLI::App& parent, const std::vector<std::string>& words);
Command add_distance(CLI::App& parent);
Command add_devices(CLI::App& parent);
Command add_models(CLI::App& parent);
// Returns true if one of the words is the model's name or a former one, or there are no words.
bool is_named(const ModelSpec& model, const std::vector<std::string>& words);

// The words of a command line with present names for a model's former ones that an option was part of: "train photo-converter" for
// "train autoencoder-gan --form converter".
std::vector<std::string> with_present_names(std::vector<std::string> words);

// Adds all commands, in the order of the help page. A model has some hundred options, whose making takes longer than the rest of the program's start: those of a model that
// none of `words`, the command line, names are left out. Without words all are there.
std::vector<Command> add_commands(CLI::App& parent, const std::vector<std::string>& words = {});

// The group of options that the page of help leaves out. (CLI11's own way, an empty group, would leave them nameless in its
// errors too.)
constexpr const char* kHidden = "hidden";

// A page of help: usage, what the command is for, options by group, examples. `usage` follows "sumi".
void set_help(CLI::App& app, const std::string& usage, const std::string& examples,
              const std::string& after = "");

// "sumi train dcgan".
std::string command_name(const CLI::App* app);

// The innermost subcommand that was named.
const CLI::App* innermost(const CLI::App* app);

// One line for what CLI11 found wrong, with the nearest known name where one is unknown.
std::string explain_parse_error(const CLI::App& root, const CLI::ParseError& error);

// The candidate that differs least from `word`, or "" when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

// "--save-every" -> "--save-every,--save_every": both spellings of every long name in a comma separated list.
std::string both_spellings(const std::string& names);

// Adds a text option that may be given again (the last one counts).
CLI::Option* add_text(CLI::App& app, const std::string& names, std::string& value,
                      const std::string& type_name, const std::string& help);

// The whole of `text` as a number. UsageError "--size wants a whole number, not 'x'".
std::int64_t parse_whole(const CLI::App* app, const std::string& option, const std::string& text);
std::uint64_t parse_seed(const CLI::App* app, const std::string& option, const std::string& text);
double parse_number(const CLI::App* app, const std::string& option, const std::string& text);

// Adds a whole-number option: text that becomes a number in `value` when the line has been read.
CLI::Option* add_whole(CLI::App& app, const std::string& names, std::int64_t& value,
                       const std::string& type_name, const std::string& help);

// UsageError for the name of a file that would hold safetensors under the extension of another format (.pth, .h5, ...).
void refuse_foreign_name(const CLI::App* app, const std::string& option, const std::string& path);

// -q of every command that reports what it does. (Those whose output is what was asked for have none.)
void add_quiet(CLI::App& app, bool& quiet);

// What stands in `value` must be present: UsageError "--outdir is missing: <cure>".
void require_text(const CLI::App* app, const std::string& option, const std::string& value,
                  const std::string& cure);

}  // namespace sumi::cli
