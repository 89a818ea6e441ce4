// Conference: the rooms, and what a message to one of them does. It decides and changes memory at
// once; what is to be stored and said comes back as an Outcome. It reads no clock and sends
// nothing itself: deliveries go into the users' queues.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/figures.h"
#include "base/limits.h"
#include "base/outbox.h"
#include "base/random.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "identity/epoch.h"
#include "identity/identity.h"
#include "imc/command.h"
#include "imc/outcome.h"
#include "imc/room_table.h"
#include "imc/sender_rates.h"
#include "parser/message.h"
#include "records/record.h"

namespace imcd::imc {

struct ConferenceSettings {
  unsigned hash_size = 4;  // Log2 of the room table's first size.
  char command_prefix = '#';
  bool create_on_join = true;
  bool check_on_create = false;
  bool owner_exit_destroys = true;
  std::uint32_t max_members = 100000;
  std::uint32_t max_rooms_per_user = 1000;
  bool anyone_creates_rooms = true;
  std::size_t max_rooms = limits::rooms_max;  // Smaller in tests.
  std::vector<std::string> domains;           // Aliases of the first one.
  std::uint32_t user_rate = 0;   // Messages a second that one user may send; 0: any number.
  std::uint32_t user_burst = 0;  // How many at once; 0: as user_rate.
  std::uint32_t room_rate = 0;   // Chat messages a second to one room; 0: any number.
  std::string extra_headers;     // Whole lines, each with its line end.
};

// One MESSAGE as the conference sees it. Views are borrowed for the call.
struct RoomMessage {
  const parser::MessageView& view;
  const parser::Uri& room;    // The addressed URI, with a user part.
  const parser::Uri& sender;  // Of the sender's identity, with a user part.
  bool anonymous = false;     // RFC 3323: the sender asks not to be named.
  std::string_view call_id;
  std::uint32_t max_forwards = 0;          // As received, at most what we send.
  std::optional<std::uint32_t> expires_s;  // RFC 3428 5: after that it is not delivered.
};

class Conference {
 public:
  // All but the settings must outlive the conference.
  Conference(ConferenceSettings settings, IdentityTable& identities, Epochs& epochs,
             delivery::Deliveries& deliveries, Random& random, Figures& figures);
  ~Conference();
  Conference(const Conference&) = delete;
  Conference& operator=(const Conference&) = delete;

  // Whether this message is a command that may change rooms: the caller asks the journal first.
  [[nodiscard]] bool is_room_change(const parser::MessageView& view) const;

  // Executes a command, or puts chat into the members' queues.
  Outcome on_message(const RoomMessage& message, Instant now);

  // The outcome is final: the new member gets chat, the notices go into the queues.
  void release(const Outcome& outcome, MonoTime now);

  // The outcome of a message that is not executed for a reason of the caller's (journal full):
  // the same shape, so that the user is told in the same way.
  Outcome refuse(const RoomMessage& message, Reply reply, std::string_view text);

  // A room that an operator makes for its owner: an outcome to be journaled, whose reply goes to
  // nobody; or why there is none, in words.
  std::expected<Outcome, std::string_view> create_for(const parser::Uri& room,
                                                      const parser::Uri& owner, bool is_private);

  // Invitations that could not be delivered and are still pending are withdrawn: outcomes to be
  // journaled, whose replies go to nobody.
  std::vector<Outcome> take_withdrawn_invitations();

  // --- Loading
  // ------------------------------------------------------------------------------------

  // Rows as the store has them. Bad rows and rows that fold together are told to `log`. A user's
  // URI counts for the members that are loaded after it.
  void load_users(const std::vector<records::UserRow>& users, Outbox& log);
  void load(const std::vector<records::RoomRow>& rooms,
            const std::vector<records::MemberRow>& members, Outbox& log);
  // Behind the members that they are of; those of nobody who is invited are to be deleted.
  void load_invitations(const std::vector<records::InvitationRow>& invitations);
  // All rows were there: those of users who are in no room are to be deleted.
  void end_load(WallTime now);
  // When who is invited to the room was; where no row says so, when the rooms were loaded.
  [[nodiscard]] WallTime invited_at(const Room& room, const Identity& invitee) const {
    const Invitation* const known = room.invitations.find(invitee);
    return known != nullptr ? known->made_at : loaded_at_;
  }
  // What makes the stored rows agree with the rooms, where rows folded together or were spelled in
  // several ways; else a row that memory does not know of would come back at the next start.
  std::vector<records::Record> take_repairs() { return std::exchange(repairs_, {}); }
  // The store refused a command for good: its room becomes what these rows say, or goes if they
  // don't have it. False: by now there is another room of that name in another spelling, of which
  // these rows say nothing.
  bool reload_room(std::string_view name, std::string_view domain,
                   const std::vector<records::RoomRow>& rooms,
                   const std::vector<records::MemberRow>& members, Outbox& log);
  // A record of that room which is still on its way to the store, applied again. `outcome`: what
  // waits for its commit, or null.
  void apply(const records::Record& record, const Outcome* outcome, Outbox& log);
  // All rooms, after a load that failed half-way.
  void forget_rooms();

  // After each input: moves a slice of a growing table.
  void end_input() { rooms_.grow_slice(); }

  // Users who are back are told what they missed.
  void greet_returned(MonoTime now);

  // Whether this sender keeps to user_rate; counts the message.
  bool admit_sender(const parser::Uri& sender, MonoTime now);
  // The sender is there; `source`: where it came from, if straight to us (option reply_to_source).
  void on_present(const parser::Uri& sender, const Flow* source, MonoTime now);

  RoomTable& rooms() { return rooms_; }
  [[nodiscard]] const RoomTable& rooms() const { return rooms_; }

 private:
  friend class RoomCommands;

  // The line of a command without its prefix, up to the first line end; nothing for chat.
  [[nodiscard]] std::optional<std::string_view> command_line(const parser::MessageView& view) const;
  Outcome on_chat(const RoomMessage& message, Room* room, Instant now);
  [[nodiscard]] bool is_loop(const RoomMessage& message);
  [[nodiscard]] std::optional<std::uint32_t> write_chat(const RoomMessage& message,
                                                        const Room& room, const Identity& sender,
                                                        Instant now);
  void send_notice(const Outcome& outcome, const Notice& notice, Room* room, MonoTime now);
  [[nodiscard]] bool is_backlogged(const Room& room) const;
  [[nodiscard]] bool admit_chat(Room& room, MonoTime now) const;
  [[nodiscard]] Room* find_again(const Outcome& outcome);
  Outcome start_outcome(const RoomMessage& message);

  // A new room with its owner; its records go into the outcome.
  Room& open_room(const parser::Uri& uri, bool is_private, const IdentityRef& owner,
                  Outcome& outcome);
  Room& create_room(const RoomKey& key, std::string_view name, std::string_view domain,
                    bool is_private, std::uint64_t serial = 0);
  void destroy_room(Room& room);
  void add_member(Room& room, Identity& who, std::uint32_t flags);
  void change_member(Room& room, Member& member, std::uint32_t flags);
  void remove_member(Room& room, Member& member);
  void set_private(Room& room);
  void load_room(const records::RoomRow& row, Outbox& log, std::uint64_t serial = 0);
  void load_member(const records::MemberRow& row, Outbox& log);
  std::uint32_t begin_joining(Identity& who, Outcome& outcome);
  void note_leftover(const parser::Uri& room);
  std::vector<records::Record> take_leftovers(std::string_view room_key);

  ConferenceSettings settings_;
  Random& random_;
  Figures& figures_;
  std::string instance_;
  Epochs& epochs_;
  IdentityTable& identities_;
  delivery::Deliveries& deliveries_;
  RoomTable rooms_;
  RoomKey key_;         // Scratch: of the addressed room.
  RoomKey sender_key_;  // Scratch: of the sender, as if it were a room.
  ByteBuffer prefix_;   // Scratch: `<user@host>: ` of a chat line.

  SenderRates sender_rates_;
  std::uint32_t last_joining_ = 0;
  std::vector<records::Record> repairs_;
  std::vector<IdentityRef> loaded_users_;  // Until end_load().
  WallTime loaded_at_{};
  // For rooms that rows of members name though they don't exist: what deletes those rows, a record
  // for each spelling. By the room's key.
  std::unordered_map<std::string, std::vector<records::Record>> leftovers_;

  // Invitations under way, so that a failed one can be withdrawn.
  struct PendingInvitation {
    std::string room_key;
    std::uint64_t room_serial = 0;
    IdentityRef invitee;
  };
  std::unordered_map<delivery::WatchToken, PendingInvitation> pending_invitations_;
  delivery::WatchToken last_watch_ = 0;
};

}  // namespace imcd::imc
