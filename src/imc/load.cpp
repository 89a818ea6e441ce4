// Conference's loading: rows of the store become rooms, users' URIs and members.

#include <algorithm>
#include <fmt/format.h>

#include "base/limits.h"
#include "imc/conference.h"
#include "imc/invitation_record.h"
#include "imc/user_record.h"

namespace imcd::imc {
namespace {

void warn(Outbox& log, std::string text, std::string_view room, std::string_view user = {}) {
  LogLine line{LogLevel::warning, std::move(text), {{"room", std::string(room)}}};
  if (!user.empty()) line.fields.emplace_back("user", std::string(user));
  log.log(std::move(line));
}

records::Record room_record(records::Record::Kind kind, const Room& room) {
  return {.kind = kind,
          .room_name = std::string(room.name()),
          .room_domain = std::string(room.domain()),
          .flags = room.is_private() ? records::room_flag::is_private : 0};
}

records::Record member_record(const Room& room, const Identity& who, std::uint32_t flags) {
  return {.kind = records::Record::Kind::put_member,
          .room_name = std::string(room.name()),
          .room_domain = std::string(room.domain()),
          .user = std::string(who.user()),
          .user_domain = std::string(who.host()),
          .flags = flags};
}

// Flags that mean something to us; skip was a passing mark of the older modules.
constexpr std::uint32_t member_flags_kept =
    records::member_flag::owner | records::member_flag::admin | records::member_flag::invited;

}  // namespace

void Conference::load(const std::vector<records::RoomRow>& rooms,
                      const std::vector<records::MemberRow>& members, Outbox& log) {
  for (const records::RoomRow& row : rooms) load_room(row, log);
  for (const records::MemberRow& row : members) load_member(row, log);
}

void Conference::load_users(const std::vector<records::UserRow>& users, Outbox& log) {
  for (const records::UserRow& row : users) {
    const auto uri = parser::parse_uri(row.uri);
    std::string key;
    const bool is_sip =
        uri && (uri->scheme == parser::Scheme::sip || uri->scheme == parser::Scheme::sips);
    if (!is_sip || !parser::write_address_of_record_key(key, *uri) || key != row.key) {
      figures_.db_rows_skipped.add();
      log.log({LogLevel::warning,
               "user skipped: its URI is not a SIP URI of that key",
               {{"user", row.key}, {"uri", row.uri}}});
      continue;
    }
    loaded_users_.push_back(identities_.intern(*uri));
  }
}

// An older module that lets somebody in, or deletes a room, leaves the invitation's row behind.
void Conference::load_invitations(const std::vector<records::InvitationRow>& invitations) {
  for (const records::InvitationRow& row : invitations) {
    const auto uri = parser::parse_uri(row.room);
    if (!uri || uri->user.empty() || uri->host.empty()) continue;
    Room* const room = rooms_.find(rooms_.key(*uri));
    const IdentityRef who = identities_.intern(row.user, row.domain);
    const Member* const member = room != nullptr && who ? room->members.find(*who) : nullptr;
    const bool is_invited = member != nullptr && !member->is_member();
    if (is_invited) room->invitations.add(who, {}, WallTime(std::chrono::seconds(row.made_at)));
    if (is_invited && row.room == room->uri() && row.user == who->user() &&
        row.domain == who->host()) {
      continue;
    }
    repairs_.push_back({.kind = records::Record::Kind::delete_invitation,
                        .room_name = std::string(uri->user),
                        .room_domain = std::string(uri->host),
                        .user = row.user,
                        .user_domain = row.domain});
    if (is_invited) repairs_.push_back(invitation_record(*room, *who, row.made_at));
  }
}

// They are left over where a crash or an older module took the user's last room away.
void Conference::end_load(WallTime now) {
  loaded_at_ = now;
  for (const IdentityRef& who : loaded_users_) {
    if (who->rooms == 0) repairs_.push_back(delete_user_record(*who));
  }
  loaded_users_.clear();
}

void Conference::load_room(const records::RoomRow& row, Outbox& log, std::uint64_t serial) {
  if ((row.flags & records::room_flag::deleted) != 0) return;
  const std::string text = fmt::format("sip:{}@{}", row.name, row.domain);
  const auto uri = parser::parse_uri(text);
  if (!uri || uri->user != row.name || uri->host != row.domain) {
    figures_.db_rows_skipped.add();
    return warn(log, "room skipped: its name and domain make no SIP URI", text);
  }
  const RoomKey key = rooms_.key(*uri);
  const bool is_private = (row.flags & records::room_flag::is_private) != 0;
  if (Room* const same = rooms_.find(key)) {
    // Private if one of them is: nobody gets in who was kept out.
    if (is_private && !same->is_private()) {
      set_private(*same);
      repairs_.push_back(room_record(records::Record::Kind::put_room, *same));
    }
    // Where the first row was an alias, this one may be in the spelling that both become.
    if (text != same->uri()) {
      repairs_.push_back({.kind = records::Record::Kind::delete_room,
                          .room_name = row.name,
                          .room_domain = row.domain});
    }
    return warn(log, fmt::format("room merged with {}: the names are the same", same->uri()), text);
  }
  const parser::Uri home = rooms_.canonical(*uri);
  const Room& room = create_room(key, home.user, home.host, is_private, serial);
  if (room.uri() == text) return;
  repairs_.push_back({.kind = records::Record::Kind::delete_room,
                      .room_name = row.name,
                      .room_domain = row.domain});
  repairs_.push_back(room_record(records::Record::Kind::put_room, room));
}

void Conference::load_member(const records::MemberRow& row, Outbox& log) {
  if ((row.flags & records::member_flag::deleted) != 0) return;
  const auto room_uri = parser::parse_uri(row.room);
  Room* const room = room_uri && !room_uri->user.empty() && !room_uri->host.empty()
                         ? rooms_.find(rooms_.key(*room_uri))
                         : nullptr;
  const std::string user = fmt::format("{}@{}", row.user, row.domain);
  if (room == nullptr) {
    if (room_uri && !room_uri->user.empty() && !room_uri->host.empty()) note_leftover(*room_uri);
    figures_.db_rows_skipped.add();
    return warn(log, "member skipped: there is no such room", row.room, user);
  }
  const IdentityRef who = identities_.intern(row.user, row.domain);
  if (!who) {
    figures_.db_rows_skipped.add();
    return warn(log, "member skipped: name and domain make no SIP URI", row.room, user);
  }
  std::uint32_t flags = row.flags & member_flags_kept;
  Member* const same = room->members.find(*who);
  if (same != nullptr) {
    // The higher standing of the two rows: a member before an invitation, a rank before none.
    const bool invited = !same->is_member() && (flags & records::member_flag::invited) != 0;
    flags |= same->flags.load();
    if (!invited) flags &= ~records::member_flag::invited;
    change_member(*room, *same, flags);
    warn(log, "member merged: the room has the same user twice", row.room, user);
  } else {
    add_member(*room, *who, flags);
  }
  const bool as_spelled = row.room == room->uri() && user == who->address();
  if (as_spelled && same == nullptr) return;
  if (!as_spelled) {
    repairs_.push_back({.kind = records::Record::Kind::delete_member,
                        .room_name = std::string(room_uri->user),
                        .room_domain = std::string(room_uri->host),
                        .user = row.user,
                        .user_domain = row.domain});
  }
  repairs_.push_back(member_record(*room, *who, flags));
}

// Who such a row names must not wake up as a member of a room that is made later under that name,
// in whatever spelling.
void Conference::note_leftover(const parser::Uri& room) {
  const records::Record record{.kind = records::Record::Kind::delete_room,
                               .room_name = std::string(room.user),
                               .room_domain = std::string(room.host)};
  auto& records = leftovers_[rooms_.key(room).text];
  if (std::ranges::find(records, record) == records.end()) records.push_back(record);
}

std::vector<records::Record> Conference::take_leftovers(std::string_view room_key) {
  auto node = leftovers_.extract(std::string(room_key));
  return node.empty() ? std::vector<records::Record>{} : std::move(node.mapped());
}

bool Conference::reload_room(std::string_view name, std::string_view domain,
                             const std::vector<records::RoomRow>& rooms,
                             const std::vector<records::MemberRow>& members, Outbox& log) {
  const std::string text = fmt::format("sip:{}@{}", name, domain);
  const auto uri = parser::parse_uri(text);
  CHECK(uri.has_value());
  Room* const room = rooms_.find(rooms_.key(*uri));
  if (room != nullptr && room->uri() != text) return false;
  if (room != nullptr && rooms.empty()) {
    destroy_room(*room);
  } else if (room != nullptr) {
    // The room stays the same one, so that notices under way find it.
    std::vector<Identity*> all;
    room->members.for_each([&all](const Member& member) { all.push_back(member.who); });
    for (Identity* const who : all) remove_member(*room, *room->members.find(*who));
    load({}, members, log);
    room->invitations.keep_if([room](const Identity& who) {
      const Member* const member = room->members.find(who);
      return member != nullptr && !member->is_member();
    });
  } else {
    load(rooms, members, log);
  }
  return true;
}

void Conference::set_private(Room& room) {
  room.set_private(true);
  figures_.rooms_public.add(-1);
  figures_.rooms_private.add(1);
}

void Conference::forget_rooms() {
  repairs_.clear();
  leftovers_.clear();
  loaded_users_.clear();
  std::size_t cursor = 0;
  while (Room* const room = rooms_.next(cursor)) destroy_room(*room);
}

void Conference::apply(const records::Record& record, const Outcome* outcome, Outbox& log) {
  const std::string room_text = fmt::format("sip:{}@{}", record.room_name, record.room_domain);
  const auto uri = parser::parse_uri(room_text);
  CHECK(uri.has_value());
  Room* const room = rooms_.find(rooms_.key(*uri));
  switch (record.kind) {
    case records::Record::Kind::put_room:
      if (room != nullptr) return;
      // What waits for the commit finds the room again by its serial.
      return load_room({record.room_name, record.room_domain, record.flags}, log,
                       outcome != nullptr ? outcome->room_serial : 0);
    case records::Record::Kind::delete_room:
      if (room != nullptr) destroy_room(*room);
      return;
    case records::Record::Kind::put_member:
    case records::Record::Kind::delete_member:
    case records::Record::Kind::put_invitation:
    case records::Record::Kind::delete_invitation:
      break;
    case records::Record::Kind::put_user:
    case records::Record::Kind::delete_user:
      return;  // Memory has it already: an identity outlives the change of a room.
  }
  const IdentityRef who = identities_.intern(record.user, record.user_domain);
  if (room == nullptr || !who) return;
  if (record.kind == records::Record::Kind::put_invitation) {
    if (room->invitations.find(*who) == nullptr) {
      room->invitations.add(who, {}, WallTime(std::chrono::seconds(record.made_at)));
    }
    return;
  }
  if (record.kind == records::Record::Kind::delete_invitation) {
    room->invitations.take(*who);
    return;
  }
  Member* const member = room->members.find(*who);
  if (record.kind == records::Record::Kind::delete_member) {
    if (member != nullptr) remove_member(*room, *member);
    return;
  }
  const bool joins = outcome != nullptr && outcome->joined && &*outcome->joined == &*who;
  if (member == nullptr) {
    add_member(*room, *who, record.flags | (joins ? outcome->joining : 0));
  } else {
    const std::uint32_t before = member->flags.load() & member_joining;
    change_member(*room, *member, record.flags | (joins ? outcome->joining : before));
  }
}

}  // namespace imcd::imc
