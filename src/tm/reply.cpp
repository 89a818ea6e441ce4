#include "tm/reply.h"

#include <array>

namespace imcd::tm {
namespace {

struct Row {
  Reason reason;
  ReasonText text;
};

constexpr std::array rows = {
    Row{Reason::ok, {200, "OK"}},
    Row{Reason::bad_command, {400, "Bad Command"}},
    Row{Reason::unknown_command, {400, "Unknown Command"}},
    Row{Reason::anonymous, {403, "Anonymous Users May Not Enter Rooms"}},
    Row{Reason::no_identity, {403, "No User Identity"}},
    Row{Reason::not_a_member, {403, "Not A Member Of The Room"}},
    Row{Reason::not_allowed, {403, "Not Allowed In This Room"}},
    Row{Reason::not_invited, {403, "Not Invited"}},
    Row{Reason::room_is_private, {403, "Room Is Private"}},
    Row{Reason::room_exists, {403, "Room Exists Already"}},
    Row{Reason::member_already, {403, "Member Or Invited Already"}},
    Row{Reason::room_creation_refused, {403, "Room Creation Refused"}},
    Row{Reason::owner_cannot_leave, {403, "Owner Cannot Leave"}},
    Row{Reason::owner_cannot_be_removed, {403, "Owner Cannot Be Removed"}},
    Row{Reason::untrusted_source, {403, "Source Not Trusted"}},
    Row{Reason::no_such_room, {404, "No Such Room"}},
    Row{Reason::no_such_member, {404, "No Such Member"}},
    Row{Reason::method_not_allowed, {405, "Method Not Allowed"}},
    Row{Reason::unsupported_media_type, {415, "Unsupported Media Type"}},
    Row{Reason::unsupported_content_encoding, {415, "Unsupported Content-Encoding"}},
    Row{Reason::unsupported_uri_scheme, {416, "Unsupported URI Scheme"}},
    Row{Reason::bad_extension, {420, "Bad Extension"}},
    Row{Reason::room_is_full, {480, "Room Is Full"}},
    Row{Reason::too_many_rooms, {480, "User Is In Too Many Rooms"}},
    Row{Reason::user_too_fast, {480, "User Sends Too Fast"}},
    Row{Reason::room_too_fast, {480, "Room Gets Too Many Messages"}},
    Row{Reason::call_does_not_exist, {481, "Call/Transaction Does Not Exist"}},
    Row{Reason::loop_detected, {482, "Loop Detected"}},
    Row{Reason::merged_request, {482, "Request Merged"}},
    Row{Reason::too_many_hops, {483, "Too Many Hops"}},
    Row{Reason::message_too_large, {513, "Message Too Large"}},
    Row{Reason::not_confirmed, {504, "Not Confirmed"}},
    Row{Reason::database_refused, {500, "Database Refused The Change"}},
    Row{Reason::database_unavailable, {500, "Database Unavailable"}},
    Row{Reason::overloaded, {503, "Overloaded"}},
    Row{Reason::too_many_rooms_here, {503, "No Space For Another Room"}},
    Row{Reason::loading, {503, "Loading Rooms"}},
    Row{Reason::draining, {503, "Shutting Down"}},
};

static_assert(rows.size() == static_cast<std::size_t>(Reason::count));
static_assert([] {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].reason != static_cast<Reason>(i)) return false;
  }
  return true;
}());

}  // namespace

ReasonText reason_text(Reason reason) { return rows[static_cast<std::size_t>(reason)].text; }

}  // namespace imcd::tm
