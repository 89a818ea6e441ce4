// Look-alikes: further lines of a chat text that a reader would take for another speaker's line or
// for a notice of the room. A text is shown behind `<sender>: `, and a notice begins with `*** `,
// so a line that begins in such a way gets a mark in front; all others stay byte for byte.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"

namespace imcd::imc {

// `text` itself where it has no such line, as almost always: then nothing is copied. Else `scratch`
// has the marked text, and the result points into it.
[[nodiscard]] std::string_view mark_look_alikes(std::string_view text, ByteBuffer& scratch);

}  // namespace imcd::imc
