#include "db/column.h"

#include <algorithm>
#include <fmt/format.h>
#include <limits>
#include <utility>

#include "base/limits.h"
#include "db/in_quotes.h"

namespace imcd::db {
namespace {

constexpr std::string_view scheme = "sip:";

// RFC 3261 25.1: none of these can stand unescaped in a user or a host part. Other characters that
// it forbids there are in use (a quote, bytes of UTF-8) and harm nobody.
bool breaks_part(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == ' ' || c == '@' || c == '<' ||
         c == '>';
}
// Of a whole address: what a reader of URIs makes of it is checked there.
bool breaks_address(char c) { return c != '@' && breaks_part(c); }

std::string text_fault(std::string_view what, std::string_view text, std::size_t bytes_max,
                       bool (*breaks)(char)) {
  if (text.empty()) return fmt::format("its {} is empty", what);
  if (text.size() > bytes_max) {
    return fmt::format("its {} has {} bytes, more than {}", what, text.size(), bytes_max);
  }
  if (std::ranges::any_of(text, breaks)) {
    return fmt::format("its {} {} cannot stand in a SIP URI", what, in_quotes(text));
  }
  return {};
}

std::string room_fault(std::string_view what, std::string_view room) {
  const std::size_t at = room.find('@');
  if (!room.starts_with(scheme) || at == std::string_view::npos) {
    return fmt::format("its {} {} is not of the form sip:name@domain", what, in_quotes(room));
  }
  const std::string_view name = room.substr(scheme.size(), at - scheme.size());
  std::string fault = text_fault("room's name", name, limits::user_bytes_max, breaks_part);
  if (fault.empty()) {
    fault = text_fault("room's domain", room.substr(at + 1), limits::domain_bytes_max, breaks_part);
  }
  return fault;
}

}  // namespace

std::size_t width_of(Holds holds) {
  switch (holds) {
    case Holds::user:
      return limits::user_bytes_max;
    case Holds::domain:
      return limits::domain_bytes_max;
    case Holds::room:
      return limits::room_uri_bytes_max;
    case Holds::key:
      return limits::user_key_bytes_max;
    case Holds::uri:
      return limits::user_uri_bytes_max;
    case Holds::flags:
    case Holds::time:
      return 0;
  }
  std::unreachable();
}

std::string fault_of(const Column& column, std::string_view text) {
  if (column.holds == Holds::room) return room_fault(column.name, text);
  const bool is_part = column.holds == Holds::user || column.holds == Holds::domain;
  return text_fault(column.name, text, width_of(column.holds),
                    is_part ? breaks_part : breaks_address);
}

std::string fault_of(const Column& column, std::int64_t number) {
  constexpr std::int64_t end_of_9999 = 253402300799;
  const std::int64_t highest =
      column.holds == Holds::time ? end_of_9999 : std::numeric_limits<std::uint32_t>::max();
  if (number >= 0 && number <= highest) return {};
  return fmt::format("its {} {} is out of range", column.name, number);
}

}  // namespace imcd::db
