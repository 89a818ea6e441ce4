// MediaType: what a Content-Type says (RFC 3261 25.1, media-type), read as liberally as everybody
// reads it: with blanks and folds at the slash, an empty parameter or a semicolon at the end, and
// values that should have been quoted.
#pragma once

#include <string_view>

#include "parser/fault.h"

namespace imcd::parser {

struct MediaType {
  std::string_view type;
  std::string_view subtype;
  // Without quotes; empty: not given.
  std::string_view charset;
  std::string_view boundary;  // Of multipart types (RFC 2046 5.1).

  // In any case, as all of it is.
  [[nodiscard]] bool is(std::string_view other_type, std::string_view other_subtype) const;
};

// Whether a Content-Encoding changes nothing: `identity`, nothing at all, or the name of a charset
// or of a transfer encoding, which some clients write there.
bool is_no_coding(std::string_view content_encoding);

// Nothing where the type or the subtype is missing, or a parameter has no value.
Parsed<MediaType> parse_media_type(std::string_view value);

}  // namespace imcd::parser
