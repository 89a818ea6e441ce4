// Rulebook: what the rooms must do, written a second time and in the simplest way: the table of
// docs/COMMANDS.md over maps. It knows nothing of transactions, queues or time; the checker feeds
// it what came over the wire and asks what must follow.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "imc/conference.h"
#include "records/record.h"
#include "sim/counts.h"
#include "sim/names.h"

namespace imcd::sim {

// One row of a room or a member that is put or deleted, as records::Record says it, by numbers.
struct Change {
  enum class Kind : std::uint8_t { put_room, delete_room, put_member, delete_member, other };
  Kind kind = Kind::put_room;
  RoomId room = 0;
  UserId user = 0;  // Members only.
  std::uint32_t flags = 0;
  friend bool operator==(const Change&, const Change&) = default;
};

// What the store holds.
struct StoredRoom {
  std::uint32_t flags = 0;
  bool exists = false;
  std::map<UserId, std::uint32_t> members;
  friend bool operator==(const StoredRoom&, const StoredRoom&) = default;
};
class StoredRooms {
 public:
  StoredRoom& operator[](RoomId room) {
    if (room >= rooms_.size()) rooms_.resize(room + 1);
    return rooms_[room];
  }
  void apply(const Change& change);
  [[nodiscard]] std::size_t size() const { return rooms_.size(); }

 private:
  std::vector<StoredRoom> rooms_;
};

// One in a room, a member or invited.
struct Place {
  std::uint32_t flags = 0;
  // The command that made them a member, while it is not stored; 0: they get chat.
  std::uint64_t joined_by = 0;
  bool is_unasked = false;  // Others did it, and the user has neither spoken here nor accepted.

  [[nodiscard]] bool is_member() const { return (flags & records::member_flag::invited) == 0; }
  [[nodiscard]] bool is_owner() const { return (flags & records::member_flag::owner) != 0; }
  [[nodiscard]] bool has_rank() const {
    return is_member() &&
           (flags & (records::member_flag::owner | records::member_flag::admin)) != 0;
  }
};
struct KnownRoom {
  bool exists = false;
  bool is_private = false;
  std::map<UserId, Place> places;
};

// A MESSAGE as the rules see it.
struct Ask {
  UserId sender = 0;
  RoomId addressed = 0;
  std::string_view host;     // Of the addressed URI: what names without a host belong to.
  std::string_view command;  // The line without its prefix.
  bool is_command = false;
  bool is_marked = false;  // Came out of a room, ours or another's.
  bool is_anonymous = false;
  bool goes_nowhere = false;  // Chat without text, or an automatic answer.
  bool is_encoded = false;    // In a way that we don't read.
  bool is_forged = false;     // A message/cpim that names another as its sender.
};

struct Verdict {
  std::uint16_t code = 200;
  RequestKind kind = RequestKind::chat;
  std::vector<Change> changes;
  UserId joined = none;
  bool is_heard = false;         // Chat, for the members.
  UserId unasked = none;         // Whom others put into the room or invited, newly.
  bool asks = false;             // That, or who was invited is added: it counts for the sender.
  bool consents = false;         // The sender is in the room by own will from now on.
  bool may_move_sender = false;  // A member again, perhaps from another URI, which is stored.
  bool is_room_change = false;   // A well-formed command of a kind that may change rooms.
  RoomId room = none;            // The room a command is about.
};

class Rulebook {
 public:
  Rulebook(Names& names, const ConferenceSettings& settings) : names_(names), settings_(settings) {}

  // What must follow. Nothing changes yet.
  Verdict judge(const Ask& ask);
  // The verdict came true. `command`: its number; 0: who joined gets chat at once.
  void carry_out(const std::vector<Change>& changes, UserId joined, std::uint64_t command);
  // Whether the user is in the room by own will, from now on.
  void set_unasked(RoomId room, UserId user, bool is_unasked);
  // The command is stored: who joined by it gets chat.
  void release(RoomId room, UserId joined, std::uint64_t command);

  // A process began, or a room was read again: rows become rooms.
  void load(StoredRooms& rows);
  void load_room(RoomId room, const StoredRoom& row);

  KnownRoom& room(RoomId room) {
    if (room >= rooms_.size()) rooms_.resize(room + 1);
    return rooms_[room];
  }
  [[nodiscard]] std::size_t rooms() const { return rooms_.size(); }
  bool is_member(RoomId room, UserId user);
  bool has_rank(RoomId room, UserId user);
  bool is_invited(RoomId room, UserId user);
  // Who has sent something in this life of the process.
  [[nodiscard]] std::size_t senders() const { return senders_.size(); }

 private:
  struct Command {
    RequestKind kind = RequestKind::bad_command;
    std::string_view user;
    std::string_view role;
    std::string_view room;
    std::string_view topic;
    bool is_private = false;
  };
  [[nodiscard]] Command parse(std::string_view line) const;
  [[nodiscard]] bool knows_topic(std::string_view topic) const;
  std::optional<parser::Uri> resolve(std::string_view text, const Ask& ask);
  // By own will.
  [[nodiscard]] std::uint32_t rooms_of(UserId user) const;
  [[nodiscard]] bool may_have_more(UserId user) const {
    return rooms_of(user) < settings_.max_rooms_per_user;
  }
  bool has_space(RoomId room);
  [[nodiscard]] bool is_name_for_room(RoomId room) const;
  // Whether somebody who is in a room or has sent something is there.
  bool is_address_of_user(RoomId room);

  std::uint16_t judge_chat(const Ask& ask, Verdict& verdict);
  std::uint16_t judge_command(const Command& command, const Ask& ask, Verdict& verdict);
  std::uint16_t judge_about_user(const Command& command, const Ask& ask, Verdict& verdict);
  std::uint16_t judge_by_member(const Command& command, UserId sender, Verdict& verdict);
  std::uint16_t make(const Command& command, UserId sender, Verdict& verdict);
  std::uint16_t enter(UserId sender, Verdict& verdict);
  std::uint16_t modify(UserId sender, UserId user, std::string_view role, Verdict& verdict);

  Names& names_;
  const ConferenceSettings& settings_;
  std::vector<KnownRoom> rooms_;
  std::set<UserId> senders_;  // Of this life of the process.
  std::string text_;          // What a resolved URI points into.
};

}  // namespace imcd::sim
