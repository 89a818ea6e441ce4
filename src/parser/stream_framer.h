// StreamFramer: where messages end in a stream of bytes (RFC 3261 18.3). It looks at each byte of a
// head once, however the stream is cut, and copies nothing: the caller keeps what is not complete
// and shows it again with more behind it. What it finds is then given to parse_message.
//
//   between messages ──CRLF──▶ an empty line, or, if one came just before, a ping (RFC 5626 3.5.1)
//          │ ▲        ──NUL, LF──▶ skipped: keep-alives of some clients, or what they end messages
//          │ │                    with; not more than limits::stream_strays_max in a row
//          │ ▲
//     token│ └──── Content-Length bytes ────┐
//          ▼                                │
//        head ──empty line, Content-Length──┘        anything else is a fault: the stream ends
//
// After a fault nobody knows where the next message begins: the peer may be answered, but then the
// stream must be closed. How the stream is cut never changes what is found in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/fault.h"

namespace imcd::parser {

class StreamFramer {
 public:
  enum class Kind : std::uint8_t {
    incomplete,  // The rest has not come yet; nothing is to be consumed.
    message,     // A whole one, of `size` bytes.
    empty_line,  // The answer to a ping, or blanks before a message (RFC 3261 7.5).
    stray,       // NULs and bare LFs between messages: to be skipped.
    ping,        // The second of two empty lines: to be answered with one.
    fault,       // `size` bytes may show who is to be told; the stream ends here.
  };
  struct Piece {
    Kind kind = Kind::incomplete;
    std::size_t size = 0;
    Fault fault = Fault::empty;
  };

  // `bytes`: all that the stream holds behind the last piece. After `incomplete` they must begin
  // with the same bytes as before.
  Piece next(std::string_view bytes);

  // The empty line that came last was an answer; it is no half of a ping.
  void forget_empty_line() { after_empty_line_ = false; }

 private:
  Piece between(std::string_view bytes);
  Piece take_stray();
  [[nodiscard]] bool find_head_end(std::string_view bytes);
  void note_line(std::string_view bytes, std::size_t end);
  [[nodiscard]] Parsed<std::size_t> content_length(std::string_view head) const;
  [[nodiscard]] static Piece fault(Fault what, std::size_t size) {
    return {Kind::fault, size, what};
  }

  // Offsets into the message under way. A head is shorter than 4 GiB.
  std::uint32_t searched_ = 0;      // No line ends before this but those that were noted.
  std::uint32_t line_begin_ = 0;    // Of the line under way.
  std::uint32_t length_value_ = 0;  // Behind the colon of Content-Length; 0: not seen yet.
  std::uint32_t head_size_ = 0;     // With the empty line; 0: not known yet.
  std::uint32_t body_size_ = 0;     // Once the head's size is known.
  bool repeats_length_ = false;
  bool after_empty_line_ = false;
  std::uint32_t strays_ = 0;  // Since the last message.
};

}  // namespace imcd::parser
