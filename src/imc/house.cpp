#include "imc/house.h"

#include <fmt/format.h>

#include "base/limits.h"
#include "imc/replies.h"
#include "parser/address_of_record.h"

namespace imcd::imc {

std::optional<RoomFault> House::find_name_fault(const parser::Uri& uri) {
  if (parser::names_fit(uri)) return std::nullopt;
  return RoomFault{reply::bad_command,
                   fmt::format("The name is too long: {} characters at most, and {} for the host.",
                               limits::user_bytes_max, limits::domain_bytes_max),
                   "name too long"};
}

std::optional<RoomFault> House::find_user_fault(const Identity& who) const {
  const std::uint32_t rooms_by_own_will = who.rooms - who.unasked;
  if (rooms_by_own_will < settings.max_rooms_per_user) return std::nullopt;
  return RoomFault{
      reply::too_many_rooms,
      fmt::format("{} is in {} rooms, which is the most.", who.address(), rooms_by_own_will),
      "owner is in too many rooms"};
}

std::optional<RoomFault> House::find_unasked_fault(const Identity& who, Identity& by,
                                                   bool is_one_more, MonoTime now) const {
  if (changes.blocks().has(who, by)) {
    return RoomFault{reply::blocked,
                     fmt::format("{} does not want to be added or invited by you.", who.address()),
                     {}};
  }
  if (is_one_more && who.unasked >= limits::unasked_open_max) {
    return RoomFault{reply::too_many_unasked,
                     fmt::format("{} has been added or invited to {} rooms and has not answered "
                                 "yet, which is the most.",
                                 who.address(), limits::unasked_open_max),
                     {}};
  }
  const Duration wait = senders.ask(by, now);
  if (wait == Duration::zero()) return std::nullopt;
  Reply reply = reply::asks_too_often;
  reply.retry_after_s =
      static_cast<std::uint16_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
  return RoomFault{reply,
                   fmt::format("You have added or invited {} users in an hour, which is the most.",
                               settings.unasked_rate),
                   {}};
}

std::optional<RoomFault> House::find_rule_fault(const parser::Uri& uri) const {
  if (!settings.anyone_creates_rooms) {
    return RoomFault{reply::room_creation_refused, "Only the operators make rooms here.", {}};
  }
  const bool fits = rooms().any_spelling(uri, [this](const parser::Uri& spelling) {
    std::string key;
    return parser::write_address_of_record_key(key, spelling) && names.fit(key);
  });
  if (fits) return std::nullopt;
  return RoomFault{reply::no_name_for_room,
                   fmt::format("{}@{} can't be a room: {}.", uri.user, uri.host, names.in_words()),
                   {}};
}

std::optional<RoomFault> House::find_fault(const parser::Uri& uri, const Identity& owner) const {
  if (auto fault = find_name_fault(uri)) return fault;
  if (const Room* const room = rooms().find(rooms().key(uri))) {
    return RoomFault{reply::room_exists, fmt::format("{} exists already.", room->address()),
                     "room exists"};
  }
  if (is_address_of_user(uri) || identities.find(uri) == &owner) {
    return RoomFault{
        reply::address_of_user,
        fmt::format("{}@{} is the address of a user, so it can't be a room's.", uri.user, uri.host),
        "address of a user"};
  }
  if (auto fault = find_user_fault(owner)) return fault;
  if (rooms().size() < settings.max_rooms) return std::nullopt;
  return RoomFault{reply::too_many_rooms_here, "There is no space for another room here.",
                   "no space for another room"};
}

bool House::is_address_of_user(const parser::Uri& uri) const {
  return rooms().any_spelling(uri, [this](const parser::Uri& spelling) {
    const Identity* const who = identities.find(spelling);
    return who != nullptr && (who->rooms > 0 || senders.has_seen(*who));
  });
}

const Room& House::make_room(const parser::Uri& uri, bool is_private, const IdentityRef& owner,
                             Outcome& outcome) const {
  const RoomKey key = rooms().key(uri);
  changes.apply(RoomMade{key, uri.user, uri.host, is_private}, outcome.records);
  const Room& room = rooms().get(key);
  outcome.room_uri = room.uri();
  outcome.room_key = room.key();
  outcome.room_serial = room.serial;
  let_in(room, owner, records::member_flag::owner, Consent::given, outcome);
  return room;
}

void House::let_in(const Room& room, const IdentityRef& who, std::uint32_t flags, Consent consent,
                   Outcome& outcome) const {
  outcome.joined = who;
  outcome.joining = changes.next_joining();
  changes.apply(MemberPut{room, *who, flags, outcome.joining, consent}, outcome.records);
}

}  // namespace imcd::imc
