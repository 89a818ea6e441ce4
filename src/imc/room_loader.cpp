#include "imc/room_loader.h"

#include <fmt/format.h>
#include <optional>

#include "base/check.h"
#include "imc/room_rows.h"
#include "parser/address_of_record.h"

namespace imcd::imc {
namespace {

void warn(Outbox& log, std::string text, std::string_view room, std::string_view user = {}) {
  LogLine line{LogLevel::warning, std::move(text), {{"room", std::string(room)}}};
  if (!user.empty()) line.fields.emplace_back("user", std::string(user));
  log.log(std::move(line));
}

// Flags that mean something to us; skip was a passing mark of the older modules.
constexpr std::uint32_t member_flags_kept =
    records::member_flag::owner | records::member_flag::admin | records::member_flag::invited;

// The higher standing of two rows of one user: a member before an invitation, a rank before none.
std::uint32_t merged(std::uint32_t flags, std::uint32_t others) {
  const std::uint32_t invited = flags & others & records::member_flag::invited;
  return ((flags | others) & ~records::member_flag::invited) | invited;
}

std::string address(const records::MemberRow& row) {
  return fmt::format("{}@{}", row.key.user, row.key.domain);
}

WallTime time_of(std::int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); }

}  // namespace

// --- Rows of a table -----------------------------------------------------------------------------

void RoomLoader::load(const records::LoadedRows& rows, Outbox& log) {
  for (const auto& row : rows.of<records::UserRow>()) load_user(row, log);
  for (const auto& row : rows.of<records::RoomRow>()) load_room(row, log);
  for (const auto& row : rows.of<records::MemberRow>()) load_member(row, log);
  for (const auto& row : rows.of<records::InvitationRow>()) load_invitation(row);
  for (const auto& row : rows.of<records::BlockRow>()) changes_.load_block(row);
}

// Users' rows are left over where a crash or an older module took the user's last room away.
void RoomLoader::end_load(WallTime now) {
  loaded_at_ = now;
  for (const IdentityRef& who : loaded_users_) {
    if (who->rooms == 0) repairs_.push_back(stored::erase_user(*who));
  }
  loaded_users_.clear();
}

void RoomLoader::forget() {
  repairs_.clear();
  loaded_users_.clear();
  changes_.forget_all();
}

// --- One row -------------------------------------------------------------------------------------

void RoomLoader::load_user(const records::UserRow& row, Outbox& log) {
  if (const auto uri = parser::parse_delivery_uri(row.uri, row.key.text)) {
    loaded_users_.push_back(identities_.intern(*uri));
    loaded_users_.back()->is_met = 1;
    return;
  }
  figures_.db_rows_skipped.add();
  log.log({LogLevel::warning,
           "user skipped: its URI is not a SIP URI of that key",
           {{"user", row.key.text}, {"uri", row.uri}}});
}

void RoomLoader::load_room(const records::RoomRow& row, Outbox& log, std::uint64_t serial) {
  if ((row.flags & records::room_flag::deleted) != 0) return;
  std::string text;
  const auto uri = parser::parse_address(row.key.name, row.key.domain, text);
  if (!uri) return skip(log, "room skipped: its name and domain make no SIP URI", text);
  const RoomKey key = changes_.rooms().key(*uri);
  if (const Room* const same = changes_.rooms().find(key)) {
    return merge_room(*same, row, text, log);
  }
  const parser::Uri home = changes_.rooms().canonical(*uri);
  const bool is_private = (row.flags & records::room_flag::is_private) != 0;
  changes_.apply(RoomMade{key, home.user, home.host, is_private, serial});
  if (home.host == row.key.domain) return;
  repairs_.push_back(records::Erase<records::RoomRow>{row.key});
  repairs_.push_back(stored::put_room(changes_.rooms().get(key)));
}

void RoomLoader::merge_room(const Room& same, const records::RoomRow& row, std::string_view uri,
                            Outbox& log) {
  // Private if one of them is: nobody gets in who was kept out.
  const bool is_private = (row.flags & records::room_flag::is_private) != 0;
  if (is_private && !same.is_private()) changes_.apply(VisibilitySet{same, true}, repairs_);
  // Where the first row was an alias, this one may be in the spelling that both become.
  if (uri != same.uri()) repairs_.push_back(records::Erase<records::RoomRow>{row.key});
  warn(log, fmt::format("room merged with {}: the names are the same", same.uri()), uri);
}

void RoomLoader::load_member(const records::MemberRow& row, Outbox& log) {
  if ((row.flags & records::member_flag::deleted) != 0) return;
  const auto uri = parser::parse_address(row.key.room);
  const Room* const room = uri ? changes_.rooms().find(changes_.rooms().key(*uri)) : nullptr;
  if (room == nullptr) {
    if (uri) changes_.note_leftover(*uri);
    return skip(log, "member skipped: there is no such room", row.key.room, address(row));
  }
  const IdentityRef who = identities_.intern(row.key.user, row.key.domain);
  if (!who) {
    return skip(log, "member skipped: name and domain make no SIP URI", row.key.room, address(row));
  }
  put_member(*room, who, row, log);
}

void RoomLoader::put_member(const Room& room, const IdentityRef& who, const records::MemberRow& row,
                            Outbox& log) {
  MemberPut put{room, *who, row.flags & member_flags_kept};
  const Member* const same = room.members.find(*who);
  if (same != nullptr) {
    put.flags = merged(put.flags, same->flags.load() & member_flags_kept);
    warn(log, "member merged: the room has the same user twice", row.key.room, address(row));
  }
  // Of a member nobody knows any more how it came about.
  if ((put.flags & records::member_flag::invited) == 0) put.consent = Consent::given;
  const bool as_spelled = row.key == stored::member_key(room, *who);
  if (!as_spelled) repairs_.push_back(records::Erase<records::MemberRow>{row.key});
  if (as_spelled && same == nullptr) return changes_.apply(put);
  changes_.apply(put, repairs_);
}

// An older module that lets somebody in, or deletes a room, leaves the invitation's row behind.
void RoomLoader::load_invitation(const records::InvitationRow& row) {
  const auto uri = parser::parse_address(row.key.room);
  if (!uri) return;
  const Room* const room = changes_.rooms().find(changes_.rooms().key(*uri));
  const IdentityRef who = identities_.intern(row.key.user, row.key.domain);
  const Member* const member = room != nullptr && who ? room->members.find(*who) : nullptr;
  const bool is_invited = member != nullptr && !member->is_member();
  const bool as_spelled = is_invited && row.key == stored::invitation_key(*room, *who);
  if (!as_spelled) repairs_.push_back(records::Erase<records::InvitationRow>{row.key});
  if (!is_invited) return;
  const InvitationPut put{*room, *who, {}, time_of(row.made_at)};
  if (as_spelled) {
    changes_.apply(put);
  } else {
    changes_.apply(put, repairs_);
  }
}

void RoomLoader::skip(Outbox& log, std::string text, std::string_view room, std::string_view user) {
  figures_.db_rows_skipped.add();
  warn(log, std::move(text), room, user);
}

// --- A room read again ---------------------------------------------------------------------------

bool RoomLoader::reload_room(const records::RoomRow::Key& name, const records::LoadedRows& rows,
                             Outbox& log) {
  std::string text;
  const auto uri = parser::parse_address(name.name, name.domain, text);
  CHECK(uri.has_value());
  const Room* const room = changes_.rooms().find(changes_.rooms().key(*uri));
  if (room != nullptr && room->uri() != text) return false;
  if (room == nullptr) {
    load(rows, log);
  } else if (rows.of<records::RoomRow>().empty()) {
    changes_.apply(RoomEnded{*room});
  } else {
    load_members_anew(*room, rows.of<records::MemberRow>(), log);
  }
  return true;
}

// The room stays the same one, so that notices under way find it. Who is still invited stays so by
// whom they were.
void RoomLoader::load_members_anew(const Room& room, const std::vector<records::MemberRow>& members,
                                   Outbox& log) {
  std::vector<IdentityRef> all;
  std::vector<Invitation> invitations;
  room.members.for_each([&](const Member& member) {
    all.emplace_back(identities_, *member.who);
    if (const Invitation* const known = room.invitations.find(*member.who)) {
      invitations.push_back(*known);
    }
  });
  for (const IdentityRef& who : all) changes_.apply(MemberGone{room, *who});
  for (const records::MemberRow& row : members) load_member(row, log);
  for (const Invitation& known : invitations) {
    const Member* const member = room.members.find(*known.invitee);
    if (member == nullptr || member->is_member()) continue;
    changes_.apply(InvitationPut{room, *known.invitee, known.inviter, known.made_at});
  }
}

void RoomLoader::replay(const records::Record& record, const Outcome* outcome, Outbox& log) {
  const std::string room_uri = records::room_of(record);
  // Of a user: memory has it, as an identity outlives the change of a room.
  if (room_uri.empty()) return;
  const auto uri = parser::parse_address(room_uri);
  CHECK(uri.has_value());
  const Room* const room = changes_.rooms().find(changes_.rooms().key(*uri));
  if (const auto* put = std::get_if<records::Put<records::RoomRow>>(&record)) {
    // What waits for the commit finds the room again by its serial.
    const std::uint64_t serial = outcome != nullptr ? outcome->room_serial : 0;
    if (room == nullptr) load_room(put->row, log, serial);
  } else if (room != nullptr) {
    std::visit([&](const auto& change) { replay(change, *room, outcome); }, record);
  }
}

void RoomLoader::replay(const records::Erase<records::RoomRow>& /*erase*/, const Room& room,
                        const Outcome* /*outcome*/) {
  changes_.apply(RoomEnded{room});
}

void RoomLoader::replay(const records::Put<records::MemberRow>& put, const Room& room,
                        const Outcome* outcome) {
  const IdentityRef who = identities_.intern(put.row.key.user, put.row.key.domain);
  if (!who) return;
  const bool joins = outcome != nullptr && outcome->joined && outcome->joined.get() == who.get();
  changes_.apply(MemberPut{room, *who, put.row.flags, joins ? outcome->joining : 0});
}

void RoomLoader::replay(const records::Erase<records::MemberRow>& erase, const Room& room,
                        const Outcome* /*outcome*/) {
  const IdentityRef who = identities_.intern(erase.key.user, erase.key.domain);
  if (who) changes_.apply(MemberGone{room, *who});
}

// Who made one that is known stays known.
void RoomLoader::replay(const records::Put<records::InvitationRow>& put, const Room& room,
                        const Outcome* /*outcome*/) {
  const IdentityRef who = identities_.intern(put.row.key.user, put.row.key.domain);
  if (!who || room.invitations.find(*who) != nullptr) return;
  changes_.apply(InvitationPut{room, *who, {}, time_of(put.row.made_at)});
}

void RoomLoader::replay(const records::Erase<records::InvitationRow>& erase, const Room& room,
                        const Outcome* /*outcome*/) {
  const IdentityRef who = identities_.intern(erase.key.user, erase.key.domain);
  if (who) changes_.apply(InvitationGone{room, *who});
}

}  // namespace imcd::imc
