// OwnResponse: the short way for what most datagrams are, the 2xx to a MESSAGE or OPTIONS of ours.
// Three things are asked of it: the status, the top Via's branch, and the method in CSeq. They are
// read where they stand, without a view of the whole message; the branch, which its reader checks
// by a keyed hash, says that the sender has seen our request.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace imcd::parser {

struct OwnResponse {
  std::uint16_t status = 0;  // 200 to 299.
  std::string_view branch;
  bool is_to_options = false;  // By its CSeq; else to a MESSAGE.
};

// Nothing for any other message, and for one that has this in another form than nearly all use:
// parse_message then decides. Where that one takes the message too, both tell the same. A fault in
// a field that nobody asks for, such as a NUL in Server, is only found by parse_message.
std::optional<OwnResponse> find_own_response(std::string_view bytes);

}  // namespace imcd::parser
