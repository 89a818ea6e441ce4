// MimePart: content with header fields of its own before it (RFC 2045 3), as it stands in a
// message/cpim and between the boundaries of a multipart body (RFC 2046 5.1). Lines end in CRLF; a
// bare LF is taken too, as many clients send it. Views into the body; nothing is copied.
#pragma once

#include <optional>
#include <string_view>

namespace imcd::parser {

// Takes one line off the front of `rest`, without its end; nothing when no line end is left.
std::optional<std::string_view> take_line(std::string_view& rest);

struct MimePart {
  std::string_view content_type;       // Empty: none given.
  std::string_view transfer_encoding;  // Likewise.
  std::string_view content;
};
// Nothing where the header fields do not end with an empty line.
std::optional<MimePart> parse_mime_part(std::string_view text);

// The parts of a multipart body one after the other; what stands before the first boundary and
// behind the last is nobody's. A body that ends without its last boundary ends its last part.
class MimeParts {
 public:
  // `boundary`: of the Content-Type, 1 to 70 characters; without one there are no parts.
  MimeParts(std::string_view body, std::string_view boundary);
  // Nothing when there are no more.
  std::optional<MimePart> next();

 private:
  // Where the next line begins that is a boundary; npos: nowhere.
  [[nodiscard]] std::size_t find_boundary() const;

  std::string_view rest_;  // From a boundary on.
  std::string_view boundary_;
};

}  // namespace imcd::parser
