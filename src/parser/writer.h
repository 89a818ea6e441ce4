// Writes messages. Whatever comes from a peer passes through one of these functions, which unfold
// it (RFC 3261 7.3.1) and let no control character through but HTAB: a NUL, CR or LF that reached
// this place becomes a blank, so nothing a peer sent can begin a header field of ours.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "parser/message.h"
#include "parser/via.h"

namespace imcd::parser {

// One line of text from a peer: folds become one blank, control characters a blank.
void write_line_text(ByteBuffer& out, std::string_view text);

// The inside of a quoted-string (RFC 3261 25.1): as above, with `"` and `\` escaped, invalid UTF-8
// replaced by `?`, cut after at most `bytes_max` bytes and never inside a code point.
void write_quoted_text(ByteBuffer& out, std::string_view text, std::size_t bytes_max);

struct Status {
  std::uint16_t code = 0;
  std::string_view reason;  // Ours, or checked: written as it is.
};

void write_status_line(ByteBuffer& out, Status status);

// Via fields in their order with `received` and `rport` filled into the first (RFC 3261 18.2.1,
// RFC 3581 4), From, To, Call-ID and CSeq. `received` is added when the source differs from sent-by
// or rport was asked. `to_tag` is added when it is not empty and the request's To has none. What
// the request lacks is left out, and of a malformed top Via the usable part is written. The caller
// adds its own fields and then calls end_without_body.
void write_response_fields(ByteBuffer& out, const MessageView& view, const Address& source,
                           std::string_view to_tag);
// Both.
void write_response_head(ByteBuffer& out, const MessageView& view, const Address& source,
                         Status status, std::string_view to_tag);

// `Name: value` and a line end; the value as it is.
void write_field(ByteBuffer& out, std::string_view name, std::string_view value);
void write_field(ByteBuffer& out, std::string_view name, std::uint64_t value);

// Content-Length: 0 and the empty line.
void end_without_body(ByteBuffer& out);

// Where the response to a request that came over UDP goes (RFC 3261 18.2.2, RFC 3581 4): maddr if
// it is an IP literal, else the source's address, with the source's port when rport was asked and
// sent-by's (or 5060) otherwise.
Address response_target(const Via& top_via, const Address& source);

}  // namespace imcd::parser
