#include "parser/address_of_record.h"

#include "base/sip_uri.h"

namespace imcd::parser {

bool is_sip_address(const Uri& uri) {
  switch (uri.scheme) {
    case Scheme::sip:
    case Scheme::sips:
    case Scheme::im:
      return true;
    case Scheme::pres:
    case Scheme::tel:
    case Scheme::other:
      return false;
  }
  return false;
}

std::optional<Uri> parse_address(std::string_view user, std::string_view host, std::string& text) {
  text = sip_uri(user, host);
  const auto uri = parse_uri(text);
  if (!uri || !names_somebody(*uri) || uri->user != user || uri->host != host) return std::nullopt;
  return *uri;
}

std::optional<Uri> parse_address(std::string_view text) {
  const auto uri = parse_uri(text);
  if (!uri || uri->scheme != Scheme::sip || !names_somebody(*uri)) return std::nullopt;
  return *uri;
}

std::expected<Uri, AddressFault> read_address(std::string_view text, std::string_view default_host,
                                              std::string& storage) {
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') {
    text = text.substr(1, text.size() - 2);
  }
  const std::size_t at = text.find('@');
  const bool has_scheme = text.find(':') < at;
  storage = has_scheme ? "" : "sip:";
  storage += text;
  if (!has_scheme && at == std::string_view::npos) {
    storage += '@';
    storage += default_host;
  }
  Uri uri;
  const auto parsed = parse_uri(storage, uri);
  if (!is_sip_address(uri)) return std::unexpected(AddressFault::other_scheme);
  if (!parsed || !names_somebody(uri)) return std::unexpected(AddressFault::no_name);
  return uri;
}

Uri plain_address(const Uri& uri, std::string& text) {
  text = "sip:";
  write_address_of_record_key(text, uri);
  const auto plain = parse_address(text);
  // Where the key has escapes that the spelling does not need, it may be longer than a column.
  if (plain && names_fit(*plain)) return *plain;
  return {.scheme = Scheme::sip, .user = uri.user, .host = uri.host};
}

std::optional<Uri> parse_delivery_uri(std::string_view text, std::string_view key) {
  const auto uri = parse_uri(text);
  const bool is_sip = uri && (uri->scheme == Scheme::sip || uri->scheme == Scheme::sips);
  std::string own_key;
  if (!is_sip || !write_address_of_record_key(own_key, *uri) || own_key != key) return std::nullopt;
  return *uri;
}

}  // namespace imcd::parser
