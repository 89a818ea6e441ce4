// The first line of a message (RFC 3261 7.1, 7.2).
#pragma once

#include <string_view>

#include "parser/message.h"

namespace imcd::parser {

// Fills the view's part about the start line. A line that is evidently meant as a SIP request (a
// token, a space, and `SIP/` behind another space) makes the view a request whatever its faults, so
// that its header fields are worth looking at; after not_sip and bad_status_line they are not.
// `has_control`: the line holds a NUL, a bare CR or a bare LF.
Parsed<void> parse_start_line(std::string_view line, bool has_control, MessageView& view);

}  // namespace imcd::parser
