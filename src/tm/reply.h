// Reply: a final response as data, small enough to be kept for Timer J. The text of every response
// that imcd gives to a well-formed request stands in one table; those to malformed ones stand in
// parser/fault.h and need no memory, as the same bytes are refused again in the same words.
#pragma once

#include <cstdint>
#include <string_view>

namespace imcd::tm {

enum class Reason : std::uint8_t {
  ok,
  bad_command,
  unknown_command,
  anonymous,
  no_identity,
  not_a_member,
  not_allowed,
  not_invited,
  room_is_private,
  room_exists,
  member_already,
  room_creation_refused,
  owner_cannot_leave,
  owner_cannot_be_removed,
  untrusted_source,
  no_such_room,
  no_such_member,
  method_not_allowed,
  unsupported_media_type,
  unsupported_content_encoding,
  unsupported_uri_scheme,
  bad_extension,
  room_is_full,
  too_many_rooms,
  user_too_fast,
  room_too_fast,
  call_does_not_exist,
  loop_detected,
  merged_request,
  too_many_hops,
  message_too_large,
  not_confirmed,
  database_refused,
  database_unavailable,
  overloaded,
  too_many_rooms_here,
  loading,
  draining,
  count,
};

struct ReasonText {
  std::uint16_t code;
  std::string_view phrase;
};
ReasonText reason_text(Reason reason);

struct Reply {
  Reason reason = Reason::ok;
  std::uint16_t retry_after_s = 0;  // 0: no Retry-After.

  [[nodiscard]] std::uint16_t code() const { return reason_text(reason).code; }
};

}  // namespace imcd::tm
