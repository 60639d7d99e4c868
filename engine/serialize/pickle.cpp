#include "engine/serialize/pickle.h"

#include <fmt/format.h>

#include <cstring>
#include <unordered_map>

#include "engine/error.h"
#include "engine/serialize/pickle_globals.h"

namespace sumi {
namespace {

using PickleKind = PickleValue::Kind;
using Index = std::uint32_t;

constexpr std::size_t kLargestPickle = 64 << 20, kMostOpcodes = 1'000'000, kMostDimensions = 64,
                      kMostTensors = 100'000, kMostItems = 4'000'000, kLongestKey = 100;
constexpr const char* kCut =
    "ends in the middle of its pickle; the file is truncated or damaged: copy it again";

}  // namespace

// The stack machine.
class PickleMachine {
 public:
  PickleMachine(Pickle& pickle, std::string_view bytes)
      : p_(pickle), bytes_(bytes.substr(0, kLargestPickle)), whole_(bytes.size() <= kLargestPickle) {}

  void run() {
    for (std::size_t count = 0;; ++count) {
      if (count == kMostOpcodes)
        refuse(fmt::format("has more than {} pickle opcodes; this is not a file of weights", kMostOpcodes));
      const auto opcode = static_cast<unsigned char>(take(1)[0]);
      if (opcode == '.') break;
      if (!push_number(opcode) && !push_text(opcode) && !collect(opcode) && !use_memo(opcode)) step(opcode);
    }
    p_.root_ = pop();
    p_.size_ = at_;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { fail(p_.where_, what); }
  [[noreturn]] void malformed() const {
    refuse("its pickle is malformed; the file is damaged or was not written by torch.save");
  }

  std::string_view take(std::size_t count) {
    if (count > bytes_.size() - at_)
      refuse(whole_ ? kCut : "has more than 64 MiB of pickle; this is not a file of weights");
    at_ += count;
    return bytes_.substr(at_ - count, count);
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) refuse(kCut);
    const std::string_view text = take(end - at_);
    take(1);
    return text;
  }

  Index make(PickleKind kind, std::int64_t value = 0, std::string_view text = {}) {
    p_.values_.push_back({kind, value, text});
    return static_cast<Index>(p_.values_.size() - 1);
  }
  bool push(PickleKind kind, std::int64_t value = 0, std::string_view text = {}) {
    stack_.push_back(make(kind, value, text));
    return true;
  }
  Index pop() {
    if (stack_.empty() || (!marks_.empty() && marks_.back() == stack_.size())) malformed();
    const Index top = stack_.back();
    stack_.pop_back();
    return top;
  }
  PickleValue& top(PickleKind kind) {
    if (stack_.empty() || p_.values_[stack_.back()].kind != kind) malformed();
    return p_.values_[stack_.back()];
  }
  // Removes everything above the last mark, and the mark.
  std::vector<Index> pop_marked() {
    if (marks_.empty()) malformed();
    std::vector<Index> items(stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back()), stack_.end());
    stack_.resize(marks_.back());
    marks_.pop_back();
    return items;
  }
  std::vector<Index> pop_last(std::size_t count) {
    std::vector<Index> items(count);
    for (std::size_t i = count; i > 0; --i) items[i - 1] = pop();
    return items;
  }
  // The same list may be unpacked many times through the memo.
  void count_items(std::size_t count) {
    items_ += count;
    if (items_ > kMostItems) refuse("its pickle uses the same values too often; the file is damaged");
  }
  bool push_items(PickleKind kind, std::vector<Index> items) {
    count_items(items.size());
    push(kind);
    p_.values_.back().items = std::move(items);
    return true;
  }

  bool push_number(unsigned char opcode);
  bool push_text(unsigned char opcode);
  bool collect(unsigned char opcode);
  bool use_memo(unsigned char opcode);
  void step(unsigned char opcode);
  bool append(std::vector<Index> items);
  bool set_items(std::vector<Index> items);
  void push_global();
  void push_storage();
  void reduce();
  void push_tensor(PickleCall call, const PickleValue& arguments);
  void push_dictionary(const PickleValue& arguments);

  const PickleValue& argument(const PickleValue& tuple, std::size_t i, PickleKind kind) const {
    if (i >= tuple.items.size() || p_.values_[tuple.items[i]].kind != kind) malformed();
    return p_.values_[tuple.items[i]];
  }
  std::vector<std::int64_t> sizes(const PickleValue& tuple) const;

  Pickle& p_;
  std::string_view bytes_;
  bool whole_;
  std::size_t at_ = 0, items_ = 0;
  std::vector<Index> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, Index> memo_;
};

bool PickleMachine::push_number(unsigned char opcode) {
  switch (opcode) {
    case 'N':
      return push(PickleKind::none);
    case 0x88:
    case 0x89:
      return push(PickleKind::boolean, opcode == 0x88 ? 1 : 0);
    case 'J':
      return push(PickleKind::integer, number<std::int32_t>());
    case 'K':
      return push(PickleKind::integer, number<std::uint8_t>());
    case 'M':
      return push(PickleKind::integer, number<std::uint16_t>());
    case 'G':
      take(8);  // a learning rate or a loss
      return push(PickleKind::real);
    case 0x8a: {  // LONG1: little-endian two's complement of 0 to 255 bytes
      const std::string_view digits = take(number<std::uint8_t>());
      if (digits.size() > 8) return push(PickleKind::other);  // the magic number of old files
      std::uint64_t value = !digits.empty() && (digits.back() & 0x80) != 0 ? ~std::uint64_t{0} : 0;
      for (std::size_t i = digits.size(); i > 0; --i)
        value = value << 8 | static_cast<unsigned char>(digits[i - 1]);
      return push(PickleKind::integer, static_cast<std::int64_t>(value));
    }
    default:
      return false;
  }
}

bool PickleMachine::push_text(unsigned char opcode) {
  switch (opcode) {
    case 'X':  // BINUNICODE
    case 'T':  // BINSTRING, of Python 2
      return push(PickleKind::text, 0, take(number<std::uint32_t>()));
    case 'U':  // SHORT_BINSTRING, of Python 2
      return push(PickleKind::text, 0, take(number<std::uint8_t>()));
    default:
      return false;
  }
}

bool PickleMachine::collect(unsigned char opcode) {
  switch (opcode) {
    case '(':
      marks_.push_back(stack_.size());
      return true;
    case ')':
      return push(PickleKind::tuple);
    case ']':
      return push(PickleKind::list);
    case '}':
      return push(PickleKind::dictionary);
    case 't':
      return push_items(PickleKind::tuple, pop_marked());
    case 0x85:
    case 0x86:
    case 0x87:
      return push_items(PickleKind::tuple, pop_last(opcode - 0x84U));
    case 'a':
      return append(pop_last(1));
    case 'e':
      return append(pop_marked());
    case 's':
      return set_items(pop_last(2));
    case 'u':
      return set_items(pop_marked());
    default:
      return false;
  }
}

bool PickleMachine::append(std::vector<Index> items) {
  auto& list = top(PickleKind::list).items;
  list.insert(list.end(), items.begin(), items.end());
  return true;
}

bool PickleMachine::set_items(std::vector<Index> items) {
  if (items.size() % 2 != 0) malformed();
  auto& dictionary = top(PickleKind::dictionary).items;
  dictionary.insert(dictionary.end(), items.begin(), items.end());
  return true;
}

bool PickleMachine::use_memo(unsigned char opcode) {
  const auto put = [&](std::uint32_t key) {
    if (stack_.empty()) malformed();
    memo_[key] = stack_.back();
    return true;
  };
  const auto get = [&](std::uint32_t key) {
    const auto found = memo_.find(key);
    if (found == memo_.end()) malformed();
    stack_.push_back(found->second);
    return true;
  };
  switch (opcode) {
    case 'q':
      return put(number<std::uint8_t>());
    case 'r':
      return put(number<std::uint32_t>());
    case 'h':
      return get(number<std::uint8_t>());
    case 'j':
      return get(number<std::uint32_t>());
    default:
      return false;
  }
}

void PickleMachine::step(unsigned char opcode) {
  switch (opcode) {
    case 0x80:  // PROTO
      if (const int protocol = number<std::uint8_t>(); protocol > 5)
        refuse(fmt::format("its pickle has protocol {}; the file is damaged", protocol));
      return;
    case 'c':
      return push_global();
    case 'Q':
      return push_storage();
    case 'R':
      return reduce();
    case 'b': {  // BUILD: attributes, of which a state_dict has _metadata
      pop();
      if (stack_.empty()) malformed();
      const PickleKind kind = p_.values_[stack_.back()].kind;
      if (kind != PickleKind::dictionary && kind != PickleKind::tensor) malformed();
      return;
    }
    default:
      refuse(
          fmt::format("its pickle has the opcode 0x{:02x} at byte {}, which torch.save does not write for "
                      "tensors; save net.state_dict() with torch.save",
                      opcode, at_ - 1));
  }
}

void PickleMachine::push_global() {
  const std::string_view module = line(), name = line();
  for (std::size_t i = 0; i < kPickleGlobals.size(); ++i)
    if (kPickleGlobals[i].module == module && kPickleGlobals[i].name == name) {
      push(PickleKind::global, static_cast<std::int64_t>(i));
      return;
    }
  refuse(fmt::format(
      "its pickle names {}.{}, which is not a tensor; nothing was run. Only tensors are read: save "
      "net.state_dict() with torch.save",
      module.substr(0, 100), name.substr(0, 100)));
}

// BINPERSID: ("storage", type, key, device, elements); old files add None.
void PickleMachine::push_storage() {
  const PickleValue& id = top(PickleKind::tuple);
  pop();
  if (id.items.empty() || argument(id, 0, PickleKind::text).text != "storage")
    refuse("its pickle holds a whole Python module; save net.state_dict() with torch.save");
  const PickleGlobal& type =
      kPickleGlobals[static_cast<std::size_t>(argument(id, 1, PickleKind::global).number)];
  argument(id, 2, PickleKind::text);
  if (type.call != PickleCall::storage || argument(id, 4, PickleKind::integer).number < 0) malformed();
  if (id.items.size() > 5 && p_.values_[id.items[5]].kind != PickleKind::none)
    refuse(
        "its pickle holds a view of a storage; save a copy: {k: v.clone() for k, v in state_dict.items()}");
  push_items(PickleKind::storage, {id.items[1], id.items[2], id.items[4]});
}

// References to values are valid until the next push.
void PickleMachine::reduce() {
  const PickleValue& arguments = top(PickleKind::tuple);
  pop();
  const PickleCall call = kPickleGlobals[static_cast<std::size_t>(top(PickleKind::global).number)].call;
  pop();
  switch (call) {
    case PickleCall::dictionary:
      return push_dictionary(arguments);
    case PickleCall::tensor:
    case PickleCall::tensor_v2:
      return push_tensor(call, arguments);
    case PickleCall::parameter:  // (tensor, requires_grad, hooks)
      argument(arguments, 0, PickleKind::tensor);
      stack_.push_back(arguments.items[0]);
      return;
    case PickleCall::size:
      argument(arguments, 0, PickleKind::tuple);
      stack_.push_back(arguments.items[0]);
      return;
    case PickleCall::device:
      push(PickleKind::other);
      return;
    default:
      malformed();
  }
}

// OrderedDict(), or of Python 2 OrderedDict([[key, value], ...]).
void PickleMachine::push_dictionary(const PickleValue& arguments) {
  std::vector<Index> items;
  if (arguments.items.size() > 1) malformed();
  if (!arguments.items.empty())
    for (const Index pair : argument(arguments, 0, PickleKind::list).items) {
      const PickleValue& both = p_.values_[pair];
      if ((both.kind != PickleKind::list && both.kind != PickleKind::tuple) || both.items.size() != 2)
        malformed();
      items.insert(items.end(), both.items.begin(), both.items.end());
      count_items(1);
    }
  push_items(PickleKind::dictionary, std::move(items));
}

std::vector<std::int64_t> PickleMachine::sizes(const PickleValue& tuple) const {
  if (tuple.items.size() > kMostDimensions)
    refuse(fmt::format("a tensor has {} dimensions, the limit is {}", tuple.items.size(), kMostDimensions));
  std::vector<std::int64_t> list;
  for (std::size_t i = 0; i < tuple.items.size(); ++i)
    list.push_back(argument(tuple, i, PickleKind::integer).number);
  return list;
}

// _rebuild_tensor(storage, offset, size, stride, ...)
void PickleMachine::push_tensor(PickleCall call, const PickleValue& arguments) {
  if (arguments.items.size() < (call == PickleCall::tensor ? 4U : 6U)) malformed();
  const PickleValue& storage = argument(arguments, 0, PickleKind::storage);
  PickledTensor t;
  t.dtype = kPickleGlobals[static_cast<std::size_t>(p_.values_[storage.items[0]].number)].dtype;
  t.storage = p_.values_[storage.items[1]].text.substr(0, kLongestKey);
  t.storage_count = p_.values_[storage.items[2]].number;
  t.offset = argument(arguments, 1, PickleKind::integer).number;
  t.shape = sizes(argument(arguments, 2, PickleKind::tuple));
  t.strides = sizes(argument(arguments, 3, PickleKind::tuple));
  if (t.shape.size() != t.strides.size() || t.offset < 0) malformed();
  if (p_.tensors_.size() == kMostTensors) refuse(fmt::format("holds more than {} tensors", kMostTensors));
  push(PickleKind::tensor, static_cast<std::int64_t>(p_.tensors_.size()));
  p_.tensors_.push_back(std::move(t));
}

Pickle::Pickle(std::string_view bytes, std::string where) : where_(std::move(where)) {
  PickleMachine(*this, bytes).run();
}

}  // namespace sumi
