// ChatRelay: a chat message to a room goes into the queues of its members. It changes nothing of a
// room but the room's pace.
//
// The common part of all deliveries is written once; what each member costs is one place in a
// queue. When there is no space for it, the sender is refused before anything is queued.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_buffer.h"
#include "base/figures.h"
#include "base/random.h"
#include "base/reply.h"
#include "base/settings.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "identity/identity.h"
#include "imc/chat_content.h"
#include "imc/room.h"
#include "imc/room_message.h"

namespace imcd::imc {

class ChatRelay {
 public:
  // All must outlive this. `instance`: our mark in what we send.
  ChatRelay(const ConferenceSettings& settings, const std::string& instance, Random& random,
            delivery::Deliveries& deliveries, Figures& figures)
      : settings_(settings),
        instance_(instance),
        random_(random),
        deliveries_(deliveries),
        figures_(figures) {}

  // What else there is of the settings is looked up when it is needed.
  void apply() { content_.apply(settings_.content_types); }

  // Null: there is no such room. What the sender is told.
  Reply relay(const RoomMessage& message, const Identity& sender, const Room* room, Instant now);

 private:
  Reply try_relay(const RoomMessage& message, const Identity& sender, const Room& room,
                  Instant now);
  [[nodiscard]] bool admit(const Room& room, MonoTime now) const;
  [[nodiscard]] bool is_backlogged(const Room& room) const;
  [[nodiscard]] std::optional<std::uint32_t> write(const RoomMessage& message,
                                                   const ChatContent& content,
                                                   const Identity& sender, const Room& room,
                                                   Instant now);
  void write_content(ByteBuffer& out, const RoomMessage& message, const ChatContent& content,
                     const Identity& sender);
  void fan_out(std::uint32_t text, const Identity& sender, const Room& room, MonoTime now);

  const ConferenceSettings& settings_;
  const std::string& instance_;
  Random& random_;
  delivery::Deliveries& deliveries_;
  Figures& figures_;
  ChatContentReader content_;
  ByteBuffer prefix_;  // Scratch: `<user@host>: ` of a chat line.
};

}  // namespace imcd::imc
