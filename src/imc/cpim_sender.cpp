#include "imc/cpim_sender.h"

#include <algorithm>
#include <string>

#include "base/text.h"
#include "parser/address_of_record.h"

namespace imcd::imc {
namespace {

enum class Named { sender, nobody, another };

// `name <scheme:user@host>` or the URI alone, of whatever scheme; nothing for what could be read in
// two ways.
std::optional<parser::Uri> read_address(std::string_view value, std::string& storage) {
  value = trim(value);
  if (value.ends_with('>')) {
    const std::size_t begin = value.find('<');
    if (begin == std::string_view::npos) return std::nullopt;
    value = value.substr(begin + 1, value.size() - begin - 2);
  }
  const std::size_t scheme_end = value.find(':');
  if (scheme_end == std::string_view::npos || value.find_first_of("<>") != std::string_view::npos) {
    return std::nullopt;
  }
  storage = "sip";
  storage += value.substr(scheme_end);
  return parser::parse_address(storage);
}

Named who_is_named(std::string_view value, const Identity& sender) {
  std::string storage;
  const auto address = read_address(value, storage);
  if (!address) return Named::another;
  if (equal_ignoring_case(address->host, "anonymous.invalid")) return Named::nobody;
  std::string key;
  if (!parser::write_address_of_record_key(key, *address)) return Named::another;
  return key == sender.key() ? Named::sender : Named::another;
}

// The value where the line is a From.
std::optional<std::string_view> from_value(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  if (!equal_ignoring_case(trim(line.substr(0, colon)), "from")) return std::nullopt;
  return line.substr(colon + 1);
}

// The message headers: up to the first empty line, or the whole.
std::string_view headers_of(std::string_view body) {
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    const std::string_view line = body.substr(at, end - at);
    if (line.empty() || line == "\r") return body.substr(0, at);
    at = std::min(end + 1, body.size());
  }
  return body;
}

}  // namespace

std::optional<std::string_view> name_cpim_sender(std::string_view body, const Identity& sender,
                                                 ByteBuffer& scratch) {
  const std::string_view headers = headers_of(body);
  scratch.clear();
  scratch.append("From: <sip:");
  scratch.append(sender.address());
  scratch.append(">\r\n");
  bool is_named = false;
  for (std::size_t at = 0; at < headers.size();) {
    const std::size_t end = std::min(headers.find_first_of("\r\n", at), headers.size());
    const std::size_t next = std::min(headers.find_first_not_of("\r\n", end), headers.size());
    const auto value = from_value(headers.substr(at, end - at));
    const Named named = value ? who_is_named(*value, sender) : Named::nobody;
    if (named == Named::another) return std::nullopt;
    if (named == Named::sender) is_named = true;
    // An anonymous From is left out.
    if (!value || named != Named::nobody) scratch.append(headers.substr(at, next - at));
    at = next;
  }
  if (is_named) return body;
  scratch.append(body.substr(headers.size()));
  return scratch.view();
}

}  // namespace imcd::imc
