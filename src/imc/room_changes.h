// RoomChanges: the only code that changes rooms, who is in them with which role, and invitations.
//
// A change is a value. apply() does it in memory, counts it in the figures and appends the rows
// that are to be stored for it, which follow from the change alone: commands, operators,
// invitations that failed, the loading of rows and their reading again all come through here, so
// that what memory has and what the store is told can't differ. Everybody else sees rooms as
// constant.
//
// Changes are absolute, and one that changes nothing does no harm: the end of what isn't there.
// What they refer to is borrowed for the call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/figures.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "identity/epoch.h"
#include "identity/identity.h"
#include "imc/blocks.h"
#include "imc/private_rooms.h"
#include "imc/room_table.h"
#include "parser/uri.h"
#include "records/record.h"

namespace imcd::imc {

// A room with nobody in it. There must be none of this key. Rows that the store may have under its
// name from before go first.
struct RoomMade {
  const RoomKey& key;
  std::string_view name;  // As it is stored and shown.
  std::string_view domain;
  bool is_private = false;
  std::uint64_t serial = 0;  // Of a room that is made again as the same one; 0: a new one.
};
// With all who are in it, and their invitations.
struct RoomEnded {
  const Room& room;
};
struct VisibilitySet {
  const Room& room;
  bool is_private = false;
};
// Whether somebody is in a room by own will. Where nobody says so: who was in it stays as they
// were, and who is new is, unless invited.
enum class Consent : std::uint8_t { as_before, given, lacking };
// Somebody is in the room with these flags, or invited to it, whatever they were before. Who is
// invited no longer has no invitation either.
struct MemberPut {
  const Room& room;
  Identity& who;
  std::uint32_t flags = 0;    // records::member_flag.
  std::uint32_t joining = 0;  // Bits of member_joining from now on; 0: as before.
  Consent consent = Consent::as_before;
};
// Who is in a room that others put them into takes part in it. Nothing is stored of it.
struct ConsentGiven {
  const Room& room;
  Identity& who;
};
struct MemberGone {
  const Room& room;
  Identity& who;
};
// Beside the MemberPut that says that there is one: who made it and when.
struct InvitationPut {
  const Room& room;
  Identity& who;
  IdentityRef inviter;
  WallTime made_at{};
};
struct InvitationGone {
  const Room& room;
  Identity& who;
};
// Deliveries to the user go to this URI from now on; it has the user's key.
struct UserMoved {
  Identity& who;
  const parser::Uri& uri;
};
// The user does not want to be added or invited by others of this key, or pattern of one.
struct BlockPut {
  const Identity& who;
  std::string_view blocked;
  WallTime made_at{};
};
struct BlockGone {
  const Identity& who;
  std::string_view blocked;
};
// The command that made them a member is stored; they get chat unless a later one made them one
// again.
struct JoiningConfirmed {
  const Room& room;
  Identity& who;
  std::uint32_t joining = 0;
};

using RoomChange =
    std::variant<RoomMade, RoomEnded, VisibilitySet, MemberPut, MemberGone, InvitationPut,
                 InvitationGone, UserMoved, JoiningConfirmed, ConsentGiven, BlockPut, BlockGone>;

class RoomChanges {
 public:
  using Rows = std::vector<records::Record>;

  // All must outlive this. `domains` and the first two as RoomTable takes them.
  RoomChanges(HashKey key, unsigned first_size_log2, std::vector<std::string> domains,
              IdentityTable& identities, Epochs& epochs, delivery::Deliveries& deliveries,
              Figures& figures);

  // A change that is to be stored: its records are appended to `rows`.
  void apply(const RoomChange& change, Rows& rows) { apply(change, &rows); }
  // One that the store has already, or is told otherwise.
  void apply(const RoomChange& change) { apply(change, nullptr); }

  // The bits of member_joining for somebody who becomes a member by a command. They come round
  // again after 65,535 commands, long after the first has ended.
  std::uint32_t next_joining();

  // Rows of members name a room that isn't there. Who they name must not wake up as a member of a
  // room that is made later under that name, in whatever spelling: they go when it is made.
  void note_leftover(const parser::Uri& room);
  // A row of a block, which may be of a user who is in no room.
  void load_block(const records::BlockRow& row);
  // All that was loaded and noted, after a load that failed half-way.
  void forget_all();

  [[nodiscard]] const RoomTable& rooms() const { return rooms_; }
  [[nodiscard]] const PrivateRooms& private_rooms() const { return private_rooms_; }
  [[nodiscard]] const Blocks& blocks() const { return blocks_; }
  // After each input: moves a slice of a growing table.
  void end_input() { rooms_.grow_slice(); }

 private:
  // `rows`: null where nothing is to be stored.
  void apply(const RoomChange& change, Rows* rows);
  void carry_out(const RoomMade& made, Rows* rows);
  void carry_out(const RoomEnded& ended, Rows* rows);
  void carry_out(const VisibilitySet& set, Rows* rows);
  void carry_out(const MemberPut& put, Rows* rows);
  void carry_out(const MemberGone& gone, Rows* rows);
  void carry_out(const InvitationPut& put, Rows* rows);
  void carry_out(const InvitationGone& gone, Rows* rows);
  void carry_out(const UserMoved& moved, Rows* rows);
  void carry_out(const JoiningConfirmed& confirmed, Rows* rows);
  void carry_out(const ConsentGiven& given, Rows* rows);
  void carry_out(const BlockPut& put, Rows* rows);
  void carry_out(const BlockGone& gone, Rows* rows);

  void count_room(bool is_private, int by);
  void count_member(std::uint32_t flags, int by);

  // In the list of the member's private rooms, where the room is one.
  void list_member(const Room& room, const Identity& who, std::uint32_t flags);
  void unlist_members(const Room& room);

  RoomTable rooms_;
  PrivateRooms private_rooms_;
  Blocks blocks_;
  IdentityTable& identities_;
  delivery::Deliveries& deliveries_;
  Figures& figures_;
  std::uint32_t last_joining_ = 0;
  // What erases rows without a room, a record for each spelling; by the room's key.
  std::unordered_map<std::string, Rows> leftovers_;
};

}  // namespace imcd::imc
