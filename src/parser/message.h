// MessageView: a SIP message in the receive buffer, cut into views (RFC 3261 7). Nothing is copied
// or allocated; the view is valid as long as the bytes are. One view is reused for all messages.
//
// parse_message finds the start line and every header field, in any case, compact and folded, and
// the body by Content-Length. It refuses only what makes the message's shape unclear. What a UAS
// must see before it acts on a request is parsed where it is asked for (parser/request_fields.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/limits.h"
#include "parser/fault.h"
#include "parser/header.h"

namespace imcd::parser {

// Methods that imcd tells apart; all else is `other` and answered 405.
enum class Method : std::uint8_t { message, options, cancel, ack, other };

// RFC 3261 7.1: methods compare with case.
Method find_method(std::string_view text);

struct HeaderField {
  HeaderName name = HeaderName::other;
  bool folded = false;         // The value holds line ends (RFC 3261 7.3.1); write it unfolded.
  bool unclean = false;        // Too long, or a NUL, bare CR or bare LF is in it: a fault.
  std::string_view name_text;  // As the peer wrote it.
  std::string_view value;      // Blanks and folds at both ends trimmed.
};

// One index for each name, of its first field.
using HeaderIndexes = std::array<std::uint8_t, static_cast<std::size_t>(HeaderName::count)>;
consteval HeaderIndexes header_indexes(std::uint8_t all) {
  HeaderIndexes indexes{};
  indexes.fill(all);
  return indexes;
}

struct MessageView {
  bool is_request = false;
  Method method = Method::other;  // Requests only.
  std::string_view method_text;   // Requests only.
  std::string_view request_uri;   // Requests only; not yet checked. Empty in a bad request line.
  std::uint16_t status = 0;       // Responses only: 100 to 699.
  std::string_view reason;        // Responses only.
  std::string_view body;          // By Content-Length; without one, all that follows the head.
  std::size_t header_count = 0;
  std::size_t ignored_fields = 0;  // Malformed ones that can be done without (RFC 3261 8.2.2).
  std::array<HeaderField, limits::header_fields_max> headers;

  // The value of the first field of that name; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> find(HeaderName name) const {
    const std::uint8_t index = first[static_cast<std::size_t>(name)];
    if (index == absent) return std::nullopt;
    return headers[index].value;
  }
  // The same for a name that is not in the table, in any case.
  [[nodiscard]] std::optional<std::string_view> find_other(std::string_view name) const;
  // Whether there are two fields of that name or more.
  [[nodiscard]] bool is_repeated(HeaderName name) const {
    return (repeated >> static_cast<unsigned>(name) & 1U) != 0;
  }

  // Index of the first field of each name in `headers`, or absent.
  static constexpr std::uint8_t absent = 0xff;
  HeaderIndexes first = header_indexes(absent);
  static_assert(limits::header_fields_max < absent);
  // One bit for each name.
  std::uint32_t repeated = 0;
  static_assert(static_cast<std::size_t>(HeaderName::count) <= 32);
};

// Cuts one datagram. Empty lines before the start line are skipped (RFC 3261 7.5). On error of a
// request, `view` holds every header field whose name could be read, before and after the fault, so
// that it can still be answered; the body is then empty when it is Content-Length or the end of the
// head that is at fault. The first fault is the one returned.
Parsed<void> parse_message(std::string_view bytes, MessageView& view);

}  // namespace imcd::parser
