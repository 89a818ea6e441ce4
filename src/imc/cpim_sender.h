// The From of a message/cpim (RFC 3862 4.1), which clients show as who speaks. imcd relays such a
// text byte for byte, so that From must be the sender's.
#pragma once

#include <optional>
#include <string_view>

#include "base/byte_buffer.h"
#include "identity/identity.h"

namespace imcd::imc {

// The text as it may be relayed: `body` itself where each From names the sender; with the sender in
// front where there is none or it is anonymous, in `scratch`; nothing where it names another.
// Whatever a client may take for a line of the message headers counts as one.
[[nodiscard]] std::optional<std::string_view> name_cpim_sender(std::string_view body,
                                                               const Identity& sender,
                                                               ByteBuffer& scratch);

}  // namespace imcd::imc
