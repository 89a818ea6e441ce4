// Header field names (RFC 3261 7.3 and 20, with those of 3325, 3323, 3428, 3834). A field whose
// name is not in the table is `other`: kept in the view, never an error.
#pragma once

#include <cstdint>
#include <string_view>

namespace imcd::parser {

enum class HeaderName : std::uint8_t {
  via,
  from,
  to,
  call_id,
  cseq,
  max_forwards,
  content_length,
  content_type,
  content_encoding,
  content_disposition,
  content_language,
  require,
  route,
  contact,
  expires,
  date,
  in_reply_to,
  retry_after,
  accept,
  p_asserted_identity,
  privacy,
  auto_submitted,
  x_imc_loop,
  other,
  count,
};

// In any case and in compact form (RFC 3261 7.3.3): `v`, `VIA` and `Via` are via.
HeaderName find_header_name(std::string_view name);

// The long form as RFC 3261 20 spells it; for `other`, an empty view.
std::string_view header_name_text(HeaderName name);

}  // namespace imcd::parser
