// Table of a model's options. The row that declares an option holds everything known about it; the
// command line, --help, options.json, --config and the checks are made from the rows.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <variant>
#include <vector>

#include "models/options/train_options.h"

namespace sumi {

// Largest number of steps or items that an option accepts.
constexpr double kLargestCount = std::int64_t{1} << 40;

// Access to the member of TrainOptions that holds an option's value.
template <class T>
struct OptionMember {
  std::function<T&(TrainOptions&)> in;
  std::function<const T&(const TrainOptions&)> of;
};

struct Option {
  using Condition = bool (*)(const TrainOptions&);
  // Returns what is wrong with the value, as "rule; cure", or "".
  using Check = std::string (*)(const TrainOptions&);
  // Sets options that follow from this one if it was given. `is_given` takes names as they were
  // spelled.
  using Implication = void (*)(TrainOptions&, const std::function<bool(const std::string& name)>& is_given);
  // Condition without which an option has no effect. `text` describes it: "only with --r1".
  struct Dependency {
    Condition used;
    std::string text;
  };

  std::string name;     // "r1-interval"; the spelling r1_interval is accepted too
  std::string heading;  // of --help: "Stability"
  std::string summary;  // one line of help
  std::string value;    // placeholder in --help: "N", "DIR"; "" for a flag
  std::string
      absent;  // why a model may not have it: "its generator has no batch norm"; "" for a list of those that do
  // Further spellings, with their dashes. Accepted on the command line and in files; --help lists
  // only one-letter ones.
  std::vector<std::string> aliases;
  std::vector<std::string> words;                              // the values that it may have; empty: any
  std::vector<std::pair<std::string, std::string>> old_words;  // former spelling of a value, its spelling now
  double lowest = 0, highest = -1;                             // of a number; lowest > highest: any
  bool is_list = false;                                        // a comma-separated list of `words`
  bool takes_many = false;                                     // takes several values, joined by commas
  bool is_resumable = false;                                   // may be given again with --resume
  bool is_path = false;                                        // a file or folder that is read
  bool may_be_unused = false;                                  // having no effect is not an error
  std::vector<Dependency> dependencies;
  std::vector<Check> checks;
  Implication implied = nullptr;

  // Builders of a row.
  Option& help(const char* text);
  Option& placeholder(const char* text);
  Option& alias(const char* spellings);  // "--r1-every,--gamma"
  Option& range(double low, double high);
  Option& choices(std::vector<std::string> list);
  Option& list_of(std::vector<std::string> list);
  Option& old_word(const char* former, const char* now);
  Option& only_with(const char* options, Condition used);  // "--r1"
  Option& not_with(const char* options, Condition used);   // "--steps"
  Option& unless_unused();                                 // sets may_be_unused
  Option& check(Check problem);
  Option& implies(Implication set);
  Option& many();  // sets takes_many
  Option& path();
  Option& on_resume();

  // Calls visit(member) with the option's value in `options`.
  template <class Visit>
  decltype(auto) visit(TrainOptions& options, Visit&& call) const {
    return std::visit([&](const auto& m) -> decltype(auto) { return call(m.in(options)); }, member_);
  }
  template <class Visit>
  decltype(auto) visit(const TrainOptions& options, Visit&& call) const {
    return std::visit([&](const auto& m) -> decltype(auto) { return call(m.of(options)); }, member_);
  }
  // The value as text; "true" or "false" for a flag.
  std::string text_in(const TrainOptions& options) const;
  // "only with --r1" if the option has no effect given the others; else "".
  std::string unused_reason(const TrainOptions& options) const;

 private:
  friend class OptionTable;
  std::variant<OptionMember<bool>, OptionMember<int>, OptionMember<std::int64_t>, OptionMember<std::uint64_t>,
               OptionMember<double>, OptionMember<std::string>, OptionMember<ImageSize>>
      member_;
};

class OptionTable {
 public:
  // The following rows appear under this heading of --help.
  void heading(const char* title) { heading_ = title; }
  // The reason why some models lack the following rows ("it has no discriminator").
  void absent(const char* reason) { absent_ = reason; }

  // Adds the rows of a group of settings: Group::add_rows(*this).
  template <class Group>
  void add_group() {
    groups_.insert(typeid(Group));
    Group::add_rows(*this);
  }
  template <class Group>
  bool has_group() const {
    return groups_.contains(typeid(Group));
  }
  // Adds the row of a member of TrainOptions, or of a group that only its model knows
  // (TrainOptions::group).
  template <class Group, class T>
  Option& add(const char* name, T Group::*member) {
    Option& option = add_row(name);
    option.member_ =
        OptionMember<T>{[member](TrainOptions& o) -> T& { return o.group<Group>().*member; },
                        [member](const TrainOptions& o) -> const T& { return o.group<Group>().*member; }};
    if constexpr (!std::is_same_v<T, bool>)
      option.value = std::is_same_v<T, std::string> ? "NAME" : std::is_floating_point_v<T> ? "X" : "N";
    return option;
  }
  // Returns a row of a group that was added before, to extend it.
  Option& at(const std::string& name);

  // In the order of --help: by heading, then in the order of addition.
  std::vector<const Option*> rows() const;
  // Finds a row by its name or an alias, with or without dashes, written with - or _. Null if not
  // found.
  const Option* find(const std::string& spelling) const;
  bool has(const std::string& name) const { return find(name) != nullptr; }
  // Adds the rows of `other` whose names are not in this table yet.
  void add_missing(const OptionTable& other);

 private:
  Option& add_row(const char* name);

  std::deque<Option> rows_;  // keeps addresses
  std::set<std::type_index> groups_;
  const char *heading_ = "", *absent_ = "";
};

// For ModelSpec::options.
template <class... Group>
void add_groups(OptionTable& table) {
  (table.add_group<Group>(), ...);
}

// Throws Error "[--option] value X: rule; cure" for the first value that is out of range, not among
// the choices, not UTF-8, or rejected by a row's check.
void check_values(const OptionTable& table, const TrainOptions& options);

// Throws the same Error for the value of one option. Runs no checks of a row.
void check_value(const Option& option, const TrainOptions& options);

// Throws Error naming the first option that the user gave and that has no effect given the others.
// `given` says which ones the user gave; defaults may be unused.
void check_used(const OptionTable& table, const TrainOptions& options,
                const std::function<bool(const std::string& name)>& given);

}  // namespace sumi
