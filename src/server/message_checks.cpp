#include "server/message_checks.h"

#include <algorithm>

#include "base/text.h"
#include "parser/address_of_record.h"
#include "server/replies.h"

namespace imcd::server {

using parser::HeaderName;

namespace {

// RFC 3323 4.1.1.3: the host of those who don't want to be named.
bool has_anonymous_host(const parser::Uri& uri) {
  return equal_ignoring_case(uri.host, "anonymous.invalid");
}

// Of one P-Asserted-Identity field: `sip` becomes its SIP value. Those of all fields count
// together.
parser::Parsed<void> take_asserted(std::string_view values, std::optional<parser::Uri>& sip) {
  while (!values.empty()) {
    const auto value = parser::parse_name_addr(values, parser::Fault::bad_p_asserted_identity);
    if (!value) return std::unexpected(value.error());
    if (parser::is_sip_address(value->uri)) {
      if (sip) return std::unexpected(parser::ParseError{parser::Fault::two_sip_identities});
      sip = value->uri;
    }
    values.remove_prefix(value->next);
  }
  return {};
}

}  // namespace

bool names_user(const parser::Uri& uri) {
  return parser::is_sip_address(uri) && parser::names_somebody(uri) && parser::names_fit(uri);
}

bool requires_extension(const parser::MessageView& view) {
  if (!view.find(HeaderName::require)) return false;
  return std::any_of(view.headers.begin(), view.headers.begin() + view.header_count,
                     [](const parser::HeaderField& field) {
                       return field.name == HeaderName::require && !field.value.empty();
                     });
}

std::optional<Reply> check_message(const parser::MessageView& view,
                                   const parser::RequestFields& fields) {
  // RFC 3261 8.2.2.1: of the Request-URI only. A To of another scheme names no room.
  if (!parser::is_sip_address(fields.request_uri)) return reply::unsupported_uri_scheme;
  if (fields.to.has_tag) return reply::call_does_not_exist;    // RFC 3261 12.2.2
  if (requires_extension(view)) return reply::bad_extension;   // RFC 3261 8.2.2.3
  if (fields.max_forwards == 0U) return reply::too_many_hops;  // RFC 3261 16.3
  return std::nullopt;
}

parser::Parsed<std::optional<parser::Uri>> sender_identity(const parser::MessageView& view,
                                                           const parser::RequestFields& fields) {
  std::optional<parser::Uri> asserted;
  for (std::size_t i = 0; i < view.header_count; ++i) {
    if (view.headers[i].name != HeaderName::p_asserted_identity) continue;
    const auto taken = take_asserted(view.headers[i].value, asserted);
    if (!taken) return std::unexpected(taken.error());
  }
  if (!view.find(HeaderName::p_asserted_identity)) {
    return names_user(fields.from.uri) ? std::optional(fields.from.uri) : std::nullopt;
  }
  const bool names_sender = asserted && names_user(*asserted) && !has_anonymous_host(*asserted);
  return names_sender ? asserted : std::nullopt;
}

bool asks_for_anonymity(const parser::MessageView& view, const parser::RequestFields& fields) {
  if (has_anonymous_host(fields.from.uri)) return true;
  const auto privacy = view.find(HeaderName::privacy);
  if (!privacy) return false;
  std::string_view rest = *privacy;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    if (equal_ignoring_case(trim(rest.substr(0, end)), "id")) return true;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return false;
}

}  // namespace imcd::server
