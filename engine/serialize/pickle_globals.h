// The allowlist of the pickle reader.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace sumi {

enum class PickleCall : std::uint8_t { dictionary, tensor, tensor_v2, parameter, size, device, storage };

// Everything that a pickle may name. Nothing here is called: the names are markers for the values
// that they stand for.
struct PickleGlobal {
  std::string_view module, name;
  PickleCall call;
  const char* dtype = "";  // of a storage
};
inline constexpr std::array<PickleGlobal, 16> kPickleGlobals{{
    {"collections", "OrderedDict", PickleCall::dictionary},
    {"torch._utils", "_rebuild_tensor", PickleCall::tensor},
    {"torch._utils", "_rebuild_tensor_v2", PickleCall::tensor_v2},
    {"torch._utils", "_rebuild_parameter", PickleCall::parameter},
    {"torch", "Size", PickleCall::size},
    {"torch", "device", PickleCall::device},
    {"torch", "FloatStorage", PickleCall::storage, "F32"},
    {"torch", "DoubleStorage", PickleCall::storage, "F64"},
    {"torch", "HalfStorage", PickleCall::storage, "F16"},
    {"torch", "BFloat16Storage", PickleCall::storage, "BF16"},
    {"torch", "LongStorage", PickleCall::storage, "I64"},
    {"torch", "IntStorage", PickleCall::storage, "I32"},
    {"torch", "ShortStorage", PickleCall::storage, "I16"},
    {"torch", "CharStorage", PickleCall::storage, "I8"},
    {"torch", "ByteStorage", PickleCall::storage, "U8"},
    {"torch", "BoolStorage", PickleCall::storage, "BOOL"},
}};

}  // namespace sumi
