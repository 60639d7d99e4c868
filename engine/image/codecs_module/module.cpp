// The module's table of functions. All other symbols are hidden.
#include "engine/image/codecs.h"
#include "engine/image/codecs_module/library_codecs.h"

namespace sumi::io {

extern "C" __attribute__((visibility("default"))) const Codecs* sumi_codecs() {
  static const Codecs table{SUMI_CODECS_STAMP, decode_by_library, encode_by_library};
  return &table;
}

}  // namespace sumi::io
