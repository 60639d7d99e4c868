#include "models/stylizer_styles.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "engine/error.h"
#include "engine/serialize/checkpoint.h"
#include "models/make_model.h"
#include "models/settings.h"
#include "models/training/checkpoint_metadata.h"

namespace sumi {
namespace {

std::vector<std::string> names_of(const std::vector<StyleSource>& styles) {
  std::vector<std::string> names;
  for (const StyleSource& style : styles) names.push_back(style.name);
  return names;
}

// What is the new style's own stays free: its decoder, and its rows of the tables. Rows of other
// styles get no gradient.
std::string frozen_networks(int blocks, std::size_t own, int hands) {
  std::string names = "g.enc0.conv,g.enc1.conv,g.enc2.conv,g.dec1.conv,g.dec0,g.head";
  for (int i = 0; i < blocks; ++i) names += fmt::format(",g.res.{0}.a.conv,g.res.{0}.b.conv", i);
  for (std::size_t i = 0; i < own; ++i) names += fmt::format(",g.own.{}.", i);
  if (hands > 1) names += ",g.hand.";
  return names;
}

}  // namespace

TrainOptions stylizer_of_init(const TrainOptions& o) {
  const std::filesystem::path path = resolve_checkpoint(o.init);
  const CheckpointFile file(path);
  TrainOptions base = stored_options(file);
  if (!option_table(base.model).has("hands"))
    fail("--init " + path.string(),
         fmt::format("is a checkpoint of the model {}, not of stylizer or animator", file.header().model));
  return base;
}

std::vector<StyleSource> added_styles(const TrainOptions& o) {
  return style_sources(o.add_style, "--add-style");
}

std::vector<std::string> style_names(const TrainOptions& o) {
  const std::string comma = o.styles.empty() || o.add_style.empty() ? "" : ",";
  std::vector<std::string> names;
  for (const StyleSource& style : style_sources(o.styles + comma + o.add_style)) names.push_back(style.name);
  if (names.empty()) names.emplace_back("style");  // to be planned without data
  return names;
}

std::vector<StyleSource> learned_styles(const TrainOptions& o) {
  if (!o.add_style.empty()) return {added_styles(o).back()};
  return style_sources(o.styles);
}

std::size_t count_learned(const TrainOptions& o) {
  return o.add_style.empty() ? style_names(o).size() : 1;
}

void check_added_style(const TrainOptions& o) {
  if (!o.add_style.empty() && o.init.empty())
    fail("--add-style", "needs --init, a stylizer's checkpoint that the style is added to");
}

void settle_added_style(TrainOptions& o) {
  if (o.add_style.empty()) return;
  check_added_style(o);
  const TrainOptions base = stylizer_of_init(o);
  const std::vector<std::string> first = names_of(style_sources(base.styles)),
                                 before = names_of(added_styles(base));
  if (!o.styles.empty() && names_of(style_sources(o.styles)) != first)
    fail("--styles", "has other styles than the checkpoint of --init; leave it out beside --add-style");
  std::vector<StyleSource> added = added_styles(o);
  const StyleSource newest = added.back();
  added.pop_back();
  if (!added.empty() && names_of(added) != before)
    fail("--add-style", "adds one style at a time; add the next one to the run that this makes");
  o.styles = fmt::format("{}", fmt::join(first, ","));
  o.add_style =
      fmt::format("{}{}{}={}", fmt::join(before, ","), before.empty() ? "" : ",", newest.name, newest.source);
  style_names(o);  // refuses a name that there is
  o.ngf = base.ngf;
  o.n_blocks = base.n_blocks;
  o.hands = base.hands;
  o.freeze = frozen_networks(o.n_blocks, before.size(), o.hands);
}

}  // namespace sumi
