#include "models/judges/votes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string_view>

#include "engine/error.h"
#include "engine/serialize/base64.h"
#include "engine/serialize/file.h"
#include "models/judges/human_page.h"
#include "models/judges/shuffle.h"
#include "models/options/json_text.h"

namespace sumi {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kVoteSlot = "@SHEET_DATA@";
constexpr const char* kVotesFormat = "sumi votes 1";
constexpr std::uint64_t kVotesBytes = 4 << 20;
constexpr std::size_t kMaxText = 2000;
constexpr const char* kVotesCure = "export the votes again with the page's button";

std::string png_source(const Image8& image) {
  return "data:image/png;base64," + base64(encoded_image("image.png", image));
}

std::string votes_text(const Json& json, const char* name, const std::string& where) {
  const auto found = json.find(name);
  if (found == json.end() || !found->is_string() || found->get_ref<const std::string&>().size() > kMaxText)
    fail(where, fmt::format("has no text {}; {}", name, kVotesCure));
  return found->get<std::string>();
}

void count(const Json& vote, Votes& votes, const std::string& where) {
  if (!vote.is_object()) fail(where, fmt::format("holds a vote that is not an object; {}", kVotesCure));
  const std::string choice = votes_text(vote, "vote", where), left = votes_text(vote, "left", where);
  if ((choice != "a" && choice != "b" && choice != "neither") || (left != "a" && left != "b"))
    fail(where, fmt::format("holds the vote '{}' with '{}' on the left; votes are a, b or neither; {}",
                            choice, left, kVotesCure));
  if (choice == "neither") return void(++votes.neither);
  ++(choice == "a" ? votes.for_a : votes.for_b);
  ++(choice == left ? votes.left : votes.right);
}

void add_votes(const fs::path& file, Votes& votes) {
  const std::string where = "votes " + file.string();
  const Json json = parse_json(read_file(file, kVotesBytes), where, kVotesCure);
  if (!json.is_object() || !json.contains("format") || json["format"] != kVotesFormat)
    fail(where, fmt::format("is not a file of votes ({}); {}", kVotesFormat, kVotesCure));
  const std::string a = votes_text(json, "a", where), b = votes_text(json, "b", where);
  if (votes.voters == 0) {
    votes.a = a, votes.b = b;
    votes.question = votes_text(json, "question", where);
  } else if (a != votes.a || b != votes.b) {
    fail(where, fmt::format("compares {} with {}, the first file {} with {}; give files of one comparison", a,
                            b, votes.a, votes.b));
  }
  if (!json.contains("votes") || !json["votes"].is_array())
    fail(where, fmt::format("has no list of votes; {}", kVotesCure));
  for (const Json& vote : json["votes"]) count(vote, votes, where);
  ++votes.voters;
}

}  // namespace

std::string human_page(const HumanSheet& sheet) {
  if (sheet.images_a.count < sheet.pairs || sheet.images_b.count < sheet.pairs)
    fail("human sheet",
         fmt::format("needs {} images of each side, not {} and {}; give more images or fewer --pairs",
                     sheet.pairs, sheet.images_a.count, sheet.images_b.count));
  Json data = {{"format", kVotesFormat}, {"title", sheet.title}, {"question", sheet.question},
               {"a", sheet.a},           {"b", sheet.b},         {"side", sheet.images_a.side}};
  SplitMix random(sheet.seed);
  data["pairs"] = Json::array();
  for (std::size_t i = 0; i < sheet.pairs; ++i) {
    const bool swap = random.next() >> 63 != 0;
    const std::string a = png_source(sheet.images_a.at(i)), b = png_source(sheet.images_b.at(i));
    Json pair = {{"left", swap ? "b" : "a"}, {"sources", {swap ? b : a, swap ? a : b}}};
    if (sheet.above.count > i) pair["above"] = png_source(sheet.above.at(i));
    data["pairs"].push_back(pair);
  }
  std::string page(kHumanPage);
  return page.replace(page.find(kVoteSlot), kVoteSlot.size(), html_json(data));
}

double Votes::share_a() const {
  return decided() == 0 ? 0 : static_cast<double>(for_a) / static_cast<double>(decided());
}

Votes read_votes(const std::vector<fs::path>& files) {
  Votes votes;
  for (const fs::path& file : files) add_votes(file, votes);
  return votes;
}

}  // namespace sumi
