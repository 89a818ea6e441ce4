#include "imc/room_changes.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "imc/room_rows.h"

namespace imcd::imc {
namespace {

constexpr bool says_invited(std::uint32_t flags) {
  return (flags & records::member_flag::invited) != 0;
}

// Of the member from now on. `before`: the flags; nothing: a new one. More than may be open count
// as wanted, which only rows can bring about.
std::uint32_t unasked_bit(const MemberPut& put, std::optional<std::uint32_t> before) {
  const bool was_unasked = before && (*before & member_unasked) != 0;
  const bool by_itself = before ? was_unasked : says_invited(put.flags);
  const bool is_unasked =
      put.consent == Consent::as_before ? by_itself : put.consent == Consent::lacking;
  const bool has_space = was_unasked || put.who.unasked < limits::unasked_open_max;
  return is_unasked && has_space ? member_unasked : 0;
}

// Beside the row of each member that is put, so that both are stored or neither is. Putting what is
// there already is harmless, and cheaper than to know what is there.
void keep_uri(const Identity& who, RoomChanges::Rows& rows) {
  if (who.has_own_uri()) rows.push_back(stored::put_user(who));
}

// `left_in`: how many rooms the user is still in. Who is in none needs no row.
void drop_uri(const Identity& who, std::uint32_t left_in, RoomChanges::Rows& rows) {
  if (left_in == 0 && who.has_own_uri()) rows.push_back(stored::erase_user(who));
}

}  // namespace

RoomChanges::RoomChanges(HashKey key, unsigned first_size_log2, std::vector<std::string> domains,
                         IdentityTable& identities, Epochs& epochs,
                         delivery::Deliveries& deliveries, Figures& figures)
    : rooms_(key, first_size_log2, identities, epochs, std::move(domains)),
      identities_(identities),
      deliveries_(deliveries),
      figures_(figures) {}

void RoomChanges::apply(const RoomChange& change, Rows* rows) {
  std::visit([this, rows](const auto& one) { carry_out(one, rows); }, change);
}

// --- Rooms ---------------------------------------------------------------------------------------

void RoomChanges::carry_out(const RoomMade& made, Rows* rows) {
  const Room& room = rooms_.create(made.key, made.name, made.domain, made.is_private, made.serial);
  count_room(made.is_private, 1);
  if (rows == nullptr) return;
  rows->push_back(stored::erase_room(room.name(), room.domain()));
  if (auto leftover = leftovers_.extract(made.key.text)) {
    std::ranges::move(leftover.mapped(), std::back_inserter(*rows));
  }
  rows->push_back(stored::put_room(room));
}

void RoomChanges::carry_out(const RoomEnded& ended, Rows* rows) {
  const Room& room = ended.room;
  if (rows != nullptr) {
    rows->push_back(stored::erase_room(room.name(), room.domain()));
    // The room still counts for them: it lets go of them when no reader sees it any more.
    room.members.for_each(
        [&](const Member& member) { drop_uri(*member.who, member.who->rooms - 1, *rows); });
  }
  unlist_members(room);
  count_room(room.is_private(), -1);
  figures_.members.add(-static_cast<std::int64_t>(room.members.members()));
  figures_.invitations_pending.add(-static_cast<std::int64_t>(room.members.invited()));
  rooms_.destroy(room);
}

void RoomChanges::carry_out(const VisibilitySet& set, Rows* rows) {
  Room& room = rooms_.writable(set.room);
  count_room(room.is_private(), -1);
  count_room(set.is_private, 1);
  unlist_members(room);
  rooms_.set_private(room, set.is_private);
  room.members.for_each(
      [&](const Member& member) { list_member(room, *member.who, member.flags.load()); });
  if (rows != nullptr) rows->push_back(stored::put_room(room));
}

// --- Members and invitations ---------------------------------------------------------------------

void RoomChanges::carry_out(const MemberPut& put, Rows* rows) {
  Room& room = rooms_.writable(put.room);
  bool ends_invitation = false;
  if (Member* const member = room.members.find(put.who)) {
    const std::uint32_t before = member->flags.load();
    const std::uint32_t joining = put.joining != 0 ? put.joining : before & member_joining;
    ends_invitation = says_invited(before) && !says_invited(put.flags);
    room.members.set_flags(*member, put.flags | joining | unasked_bit(put, before));
    count_member(before, -1);
  } else {
    room.members.add(put.who, put.flags | put.joining | unasked_bit(put, std::nullopt));
  }
  count_member(put.flags, 1);
  list_member(room, put.who, put.flags);
  if (ends_invitation) room.invitations.take(put.who);
  if (rows == nullptr) return;
  rows->push_back(stored::put_member(room, put.who, put.flags));
  keep_uri(put.who, *rows);
  if (ends_invitation) rows->push_back(stored::erase_invitation(room, put.who));
}

void RoomChanges::list_member(const Room& room, const Identity& who, std::uint32_t flags) {
  if (!room.is_private()) return;
  if (says_invited(flags)) {
    private_rooms_.remove(who, room);
  } else {
    private_rooms_.add(who, room);
  }
}

void RoomChanges::unlist_members(const Room& room) {
  if (!room.is_private()) return;
  room.members.for_each([&](const Member& member) { private_rooms_.remove(*member.who, room); });
}

void RoomChanges::carry_out(const MemberGone& gone, Rows* rows) {
  Room& room = rooms_.writable(gone.room);
  Member* const member = room.members.find(gone.who);
  if (member == nullptr) return;
  // The list may be the last that knows them.
  const IdentityRef who(identities_, gone.who);
  const std::uint32_t flags = member->flags.load();
  count_member(flags, -1);
  if (room.is_private()) private_rooms_.remove(*who, room);
  room.members.remove(*member);
  room.invitations.take(*who);
  if (rows == nullptr) return;
  rows->push_back(stored::erase_member(room, *who));
  drop_uri(*who, who->rooms, *rows);
  if (says_invited(flags)) rows->push_back(stored::erase_invitation(room, *who));
}

void RoomChanges::carry_out(const InvitationPut& put, Rows* rows) {
  Room& room = rooms_.writable(put.room);
  room.invitations.add(IdentityRef(identities_, put.who), put.inviter, put.made_at);
  if (rows != nullptr) rows->push_back(stored::put_invitation(room, put.who, put.made_at));
}

void RoomChanges::carry_out(const InvitationGone& gone, Rows* rows) {
  Room& room = rooms_.writable(gone.room);
  if (!room.invitations.take(gone.who) || rows == nullptr) return;
  rows->push_back(stored::erase_invitation(room, gone.who));
}

void RoomChanges::carry_out(const UserMoved& moved, Rows* rows) {
  std::string former_uri(moved.who.uri());
  if (!identities_.readdress(moved.who, moved.uri)) return;
  deliveries_.on_moved(moved.who, std::move(former_uri));
  if (rows == nullptr) return;
  rows->push_back(moved.who.has_own_uri() ? stored::put_user(moved.who)
                                          : stored::erase_user(moved.who));
}

// --- Joining -------------------------------------------------------------------------------------

// No row says it.
void RoomChanges::carry_out(const JoiningConfirmed& confirmed, Rows* /*rows*/) {
  Room& room = rooms_.writable(confirmed.room);
  Member* const member = room.members.find(confirmed.who);
  if (member == nullptr) return;
  const std::uint32_t flags = member->flags.load();
  // Who left and came back meanwhile waits for the later command.
  if ((flags & member_joining) != confirmed.joining) return;
  room.members.set_flags(*member, flags & ~member_joining);
}

// --- What users want -----------------------------------------------------------------------------

void RoomChanges::carry_out(const ConsentGiven& given, Rows* /*rows*/) {
  Room& room = rooms_.writable(given.room);
  Member* const member = room.members.find(given.who);
  if (member == nullptr || !member->is(member_unasked)) return;
  room.members.set_flags(*member, member->flags.load() & ~member_unasked);
}

void RoomChanges::carry_out(const BlockPut& put, Rows* rows) {
  blocks_.put(put.who.key(), put.blocked, put.made_at);
  if (rows != nullptr) rows->push_back(stored::put_block(put.who, put.blocked, put.made_at));
}

void RoomChanges::carry_out(const BlockGone& gone, Rows* rows) {
  blocks_.erase(gone.who.key(), gone.blocked);
  if (rows != nullptr) rows->push_back(stored::erase_block(gone.who, gone.blocked));
}

std::uint32_t RoomChanges::next_joining() {
  constexpr std::uint32_t one = member_joining & (~member_joining + 1);
  last_joining_ += one;
  if (last_joining_ == 0) last_joining_ = one;
  return last_joining_;
}

// --- What the store has besides ------------------------------------------------------------------

void RoomChanges::note_leftover(const parser::Uri& room) {
  const records::Record record = stored::erase_room(room.user, room.host);
  Rows& noted = leftovers_[rooms_.key(room).text];
  if (std::ranges::find(noted, record) == noted.end()) noted.push_back(record);
}

void RoomChanges::load_block(const records::BlockRow& row) {
  blocks_.put(row.key.user, row.key.blocked, WallTime(std::chrono::seconds(row.made_at)));
}

void RoomChanges::forget_all() {
  std::size_t cursor = 0;
  while (const Room* const room = rooms_.next(cursor)) apply(RoomEnded{*room});
  leftovers_.clear();
  blocks_.clear();
}

void RoomChanges::count_room(bool is_private, int by) {
  (is_private ? figures_.rooms_private : figures_.rooms_public).add(by);
}

void RoomChanges::count_member(std::uint32_t flags, int by) {
  (says_invited(flags) ? figures_.invitations_pending : figures_.members).add(by);
}

}  // namespace imcd::imc
