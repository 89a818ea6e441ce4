// CommandRun: one chat command under way. It finds the room that the command is about and hands
// itself to what carries the command out (imc/chat_command_table.h), which finds here what all
// commands share: who asks, what must hold, how rooms are changed and who is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "identity/identity.h"
#include "imc/chat_command.h"
#include "imc/house.h"
#include "imc/outcome.h"
#include "imc/room_message.h"

namespace imcd::imc {

class CommandRun {
 public:
  // All must outlive this. The reading holds a command that was understood; `notice_places`: how
  // many notices may still wait for the sender, at least one.
  CommandRun(const House& house, const RoomMessage& message, const Reading& reading,
             std::uint32_t notice_places, Outcome& outcome, Instant now)
      : house_(house),
        message_(message),
        command_(**reading.command),
        sender_(reading.sender),
        notice_places_(notice_places),
        outcome_(outcome),
        now_(now) {}
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  void run();

  // --- For what carries a command out --------------------------------------------------------

  [[nodiscard]] const House& house() const { return house_; }
  [[nodiscard]] const ChatCommand& command() const { return command_; }
  [[nodiscard]] const IdentityRef& sender() const { return sender_; }
  [[nodiscard]] char prefix() const { return house_.settings.command_prefix; }
  [[nodiscard]] std::uint32_t notice_places() const { return notice_places_; }
  [[nodiscard]] const Instant& now() const { return now_; }
  [[nodiscard]] Outcome& outcome() { return outcome_; }

  // The room that the command is about, by its canonical address; null: there is none.
  [[nodiscard]] const parser::Uri& address() const { return address_; }
  [[nodiscard]] const Room* find_room() const { return room_; }
  // One that was required.
  [[nodiscard]] const Room& room() const { return *room_; }
  // The sender in it, a member or invited; null: neither.
  [[nodiscard]] const Member* self() const { return self_; }

  // What must hold; else it is told, and the command ends.
  bool require_room();
  bool require_member();
  bool require_rank();
  // The named user; nobody where the name is bad.
  IdentityRef require_user();
  // The key of the named user, or of the pattern `*@HOST`; nothing where it is bad.
  std::optional<std::string> require_address();
  // Space for one more in the room.
  bool require_space();
  // The sender may be in one more room.
  bool require_fewer_rooms();
  // Somebody else may be put into the room or invited. `is_new`: is neither in it nor invited yet.
  bool require_leave(const Identity& who, bool is_new);

  void apply(const RoomChange& change) { house_.changes.apply(change, outcome_.records); }
  void let_in(const IdentityRef& who, Consent consent) {
    house_.let_in(room(), who, 0, consent, outcome_);
  }
  // Who enters a room is spoken to where they are now: the address of an invitation or of an
  // earlier room may lack the port, or be spelled in another way.
  void readdress_sender() { apply(UserMoved{*sender_, message_.sender}); }

  void refuse(Reply reply, std::string text);
  void refuse(const RoomFault& fault) { refuse(fault.reply, fault.for_user); }
  void tell_sender(std::string text) { tell(*sender_, std::move(text)); }
  void tell(Identity& who, std::string text);
  // All members at the time of release, but one.
  void tell_room(std::string text, Identity& except);

 private:
  bool find_target();

  const House& house_;
  const RoomMessage& message_;
  const ChatCommand& command_;
  const IdentityRef& sender_;
  std::uint32_t notice_places_;
  Outcome& outcome_;
  Instant now_;
  std::string address_text_;  // What `address_` points into where the command names it.
  parser::Uri address_;
  const Room* room_ = nullptr;
  const Member* self_ = nullptr;
};

}  // namespace imcd::imc
