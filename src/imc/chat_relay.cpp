#include "imc/chat_relay.h"

#include <algorithm>

#include "base/limits.h"
#include "delivery/delivery_writer.h"
#include "imc/message_content.h"
#include "imc/replies.h"

namespace imcd::imc {

using parser::HeaderName;

Reply ChatRelay::relay(const RoomMessage& message, const Identity& sender, const Room* room,
                       Instant now) {
  const Reply reply =
      room == nullptr ? reply::no_such_room : try_relay(message, sender, *room, now);
  if (!reply.is_success()) figures_.room_messages_refused.add();
  return reply;
}

Reply ChatRelay::try_relay(const RoomMessage& message, const Identity& sender, const Room& room,
                           Instant now) {
  const Member* const member = room.members.find(sender);
  if (member == nullptr || !member->is_member()) return reply::not_a_member;
  if (message.anonymous) return reply::anonymous;
  const auto content = content_.read(message.view, sender);
  if (!content) return content.error();
  // An automatic answer (RFC 3834 5) is accepted and goes nowhere: a room must not start a storm.
  if (!is_spoken(message.view)) return reply::ok;
  if (!admit(room, now.mono)) {
    at(figures_.refused, RefusalCause::room_rate).add();
    return reply::room_too_fast;
  }
  if (!deliveries_.takes(delivery::SharedMessage::Kind::chat, room.serial,
                         room.members.members()) ||
      deliveries_.is_congested(room.serial, now.mono) || is_backlogged(room)) {
    at(figures_.refused, RefusalCause::overload).add();
    return reply::overloaded;
  }
  const auto text = write(message, *content, sender, room, now);
  if (!text) return reply::message_too_large;
  fan_out(*text, sender, room, now.mono);
  deliveries_.messages().give_back(*text);
  figures_.room_messages_accepted.add();
  return reply::ok;
}

void ChatRelay::fan_out(std::uint32_t text, const Identity& sender, const Room& room,
                        MonoTime now) {
  std::uint32_t far_behind = 0;
  std::uint64_t recipients = 0;
  room.members.for_each([&](const Member& other) {
    if (other.who == &sender || !other.gets_chat()) return;
    ++recipients;
    deliveries_.enqueue(*other.who, text, now);
    if (deliveries_.queued_for(*other.who) >= limits::room_backlog_max) ++far_behind;
  });
  room.pace.backlogged = far_behind * 2 > room.members.members();
  figures_.fanout_recipients.observe(recipients);
}

// The last stop of a storm that nothing else recognized. A second's messages may come at once.
bool ChatRelay::admit(const Room& room, MonoTime now) const {
  if (settings_.room_rate == 0) return true;
  const Duration apart = Duration(1s) / settings_.room_rate;
  const MonoTime at = std::max(room.pace.rate_at, now) + apart;
  if (at > now + 1s) return false;
  room.pace.rate_at = at;
  return true;
}

// Most members are so far behind that the message would only make it worse. Looked at closely only
// after a message that found it so.
bool ChatRelay::is_backlogged(const Room& room) const {
  if (!room.pace.backlogged) return false;
  std::uint32_t far_behind = 0;
  room.members.for_each([&](const Member& member) {
    if (deliveries_.queued_for(*member.who) >= limits::room_backlog_max) ++far_behind;
  });
  return far_behind * 2 > room.members.members();
}

// The common part of a chat message, or nothing when it is too long for the way to the members.
std::optional<std::uint32_t> ChatRelay::write(const RoomMessage& message,
                                              const ChatContent& content, const Identity& sender,
                                              const Room& room, Instant now) {
  const std::uint32_t index =
      deliveries_.messages().make(delivery::SharedMessage::Kind::chat, room.serial);
  delivery::SharedMessage& shared = deliveries_.messages()[index];
  shared.room_uri = room.uri();
  shared.speaker = sender.hash;
  delivery::write_common_fields(shared.text, {.display = sender.address(),
                                              .from_uri = room.uri(),
                                              .from_tag = random_.next(),
                                              .max_forwards = message.max_forwards - 1,
                                              .instance = instance_,
                                              .in_reply_to = {},
                                              .extra_headers = settings_.extra_headers});
  write_content(shared.text, message, content, sender);
  if (shared.text.size() + limits::delivery_head_bytes > deliveries_.request_bytes_max(now.mono)) {
    deliveries_.messages().give_back(index);
    return std::nullopt;
  }
  deliveries_.messages().seal(index);
  if (message.expires_s) shared.expires = now.wall + std::chrono::seconds(*message.expires_s);
  return index;
}

// Text shows who said it.
void ChatRelay::write_content(ByteBuffer& out, const RoomMessage& message,
                              const ChatContent& content, const Identity& sender) {
  delivery::write_content_fields(out, message.view, content.type, message.expires_s);
  if (!content.has_prefix) return delivery::write_body(out, content.body);
  const bool has_type = message.view.find(HeaderName::content_type).has_value();
  if (!has_type) out.append("Content-Type: text/plain\r\n");
  prefix_.clear();
  prefix_.append('<');
  prefix_.append(sender.address());
  prefix_.append(">: ");
  delivery::write_body(out, prefix_.view(), content.body);
}

}  // namespace imcd::imc
