#include "parser/address_of_record.h"

#include "base/sip_uri.h"

namespace imcd::parser {

std::optional<Uri> parse_address(std::string_view user, std::string_view host, std::string& text) {
  text = sip_uri(user, host);
  const auto uri = parse_uri(text);
  if (!uri || !names_somebody(*uri) || uri->user != user || uri->host != host) return std::nullopt;
  return *uri;
}

std::optional<Uri> parse_address(std::string_view text) {
  const auto uri = parse_uri(text);
  if (!uri || !names_somebody(*uri)) return std::nullopt;
  return *uri;
}

std::optional<Uri> parse_delivery_uri(std::string_view text, std::string_view key) {
  const auto uri = parse_uri(text);
  const bool is_sip = uri && (uri->scheme == Scheme::sip || uri->scheme == Scheme::sips);
  std::string own_key;
  if (!is_sip || !write_address_of_record_key(own_key, *uri) || own_key != key) return std::nullopt;
  return *uri;
}

}  // namespace imcd::parser
