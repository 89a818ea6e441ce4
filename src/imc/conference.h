// Conference: the rooms, and what a message to one of them does. It decides and changes memory at
// once; what is to be stored and said comes back as an Outcome. It reads no clock and sends
// nothing itself: deliveries go into the users' queues.
//
//   read() ──▶ Reading ──▶ run() ── a command ──▶ CommandRun ──▶ RoomChanges ──▶ Outcome
//                             └──── chat ────────▶ ChatRelay ──▶ queues
//   Outcome, once it is final ──▶ release() ──▶ Notices ──▶ queues
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/figures.h"
#include "base/random.h"
#include "base/settings.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "identity/epoch.h"
#include "identity/identity.h"
#include "imc/chat_relay.h"
#include "imc/house.h"
#include "imc/knocks.h"
#include "imc/notices.h"
#include "imc/outcome.h"
#include "imc/room_changes.h"
#include "imc/room_loader.h"
#include "imc/room_message.h"
#include "imc/room_names.h"
#include "imc/sender_rates.h"

namespace imcd::imc {

class Conference {
 public:
  // All but the settings must outlive the conference.
  Conference(const ConferenceSettings& settings, IdentityTable& identities, Epochs& epochs,
             delivery::Deliveries& deliveries, Random& random, Figures& figures);
  ~Conference();
  Conference(const Conference&) = delete;
  Conference& operator=(const Conference&) = delete;

  // The table's first size and the domains stay what they were at the start.
  void apply(const ConferenceSettings& settings);

  // What the message asks for, and of whom. It changes nothing.
  [[nodiscard]] Reading read(const RoomMessage& message);

  // What the sender is told, before anything is done, who goes beyond a share of one user: the rate
  // of messages, or the notices that wait for him. Counts the message;
  // what a room sent counts for nobody: whom it is from may be the room.
  [[nodiscard]] std::optional<Reply> refuse_beyond_share(const Reading& reading, MonoTime now);

  // The first message of a user whom only others have named so far says where the user is from now
  // on. What is to be stored of it; nothing waits for that.
  std::vector<records::Record> meet(const RoomMessage& message, const Reading& reading);

  // Executes a command, or puts chat into the members' queues.
  Outcome run(const RoomMessage& message, const Reading& reading, Instant now);

  // The outcome of a message that is not executed for a reason of the caller's (journal full):
  // the same shape, so that the user is told in the same way.
  Outcome refuse(const RoomMessage& message, const Reading& reading, Reply reply,
                 std::string_view text);

  // The outcome is final: the new member gets chat, the notices go into the queues.
  void release(const Outcome& outcome, MonoTime now);

  // The same once the database has refused what it did: the sender is told, and nobody else.
  void release_refused(Outcome outcome, MonoTime now);

  // A room that an operator makes for its owner: an outcome to be journaled, whose reply goes to
  // nobody; or why there is none, in words.
  std::expected<Outcome, std::string_view> make_room(const parser::Uri& room,
                                                     const parser::Uri& owner, bool is_private);

  // Invitations that could not be delivered and are still pending are withdrawn: outcomes to be
  // journaled, whose replies go to nobody.
  std::vector<Outcome> on_watches_ended(const std::vector<delivery::EndedWatch>& watches);
  // Users who are back are told what they missed.
  void on_returned(const std::vector<delivery::ReturnedUser>& users, MonoTime now);

  // The store's side.
  RoomLoader& loader() { return loader_; }
  [[nodiscard]] const RoomLoader& loader() const { return loader_; }

  [[nodiscard]] const RoomTable& rooms() const { return changes_.rooms(); }

  // After each input.
  void end_input() { changes_.end_input(); }

 private:
  [[nodiscard]] static bool is_loop(const RoomMessage& message);
  Outcome run_command(const RoomMessage& message, const Reading& reading, Instant now);
  static Outcome start_outcome(const RoomMessage& message);
  Outcome withdraw(const Room& room, Identity& invitee);

  ConferenceSettings settings_;
  IdentityTable& identities_;
  Epochs& epochs_;
  delivery::Deliveries& deliveries_;
  Figures& figures_;
  std::string instance_;  // Our mark in what we send.
  RoomChanges changes_;
  RoomLoader loader_;
  RoomNames room_names_;
  Knocks knocks_;
  House house_;
  ChatRelay chat_;
  Notices notices_;
  SenderRates sender_rates_;
  RoomKey key_;              // Scratch.
  ByteBuffer command_text_;  // Scratch: the text of a command in HTML, until the next reading.
};

}  // namespace imcd::imc
