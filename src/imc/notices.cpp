#include "imc/notices.h"

#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "delivery/delivery_writer.h"

namespace imcd::imc {
namespace {

bool is_to_one(const Notice& notice) {
  return notice.to == Notice::To::user || notice.to == Notice::To::invitation;
}

// What many are told is the room's to answer for; what one is told has a bound of his.
delivery::OriginToken origin_of(const Outcome& outcome, const Notice& notice) {
  return is_to_one(notice) ? 0 : outcome.room_serial;
}

// At most.
std::size_t count_users(const Notice& notice, const Room* room) {
  if (is_to_one(notice)) return 1;
  if (notice.to == Notice::To::those) return notice.list.size();
  return room != nullptr ? room->members.members() : 0;
}

}  // namespace

void Notices::send(const Outcome& outcome, const Room* room, MonoTime now) {
  for (const Notice& notice : outcome.notices) send(outcome, notice, room, now);
}

void Notices::send(const Outcome& outcome, const Notice& notice, const Room* room, MonoTime now) {
  if (!deliveries_.takes(delivery::SharedMessage::Kind::notice, origin_of(outcome, notice),
                         count_users(notice, room))) {
    figures_.notices_dropped.add();
    if (notice.to == Notice::To::invitation) deliveries_.fail(watch(outcome, notice));
    return;
  }
  const std::uint32_t index = write(outcome, notice);
  const auto send_to = [&](Identity& who, delivery::WatchToken watched = 0) {
    deliveries_.enqueue(who, index, now, watched);
  };
  switch (notice.to) {
    case Notice::To::user:
      send_to(*notice.who);
      break;
    case Notice::To::room:
      if (room == nullptr) break;
      room->members.for_each([&](const Member& member) {
        if (member.gets_chat() && member.who != notice.who.get()) send_to(*member.who);
      });
      break;
    case Notice::To::those:
      for (const IdentityRef& who : notice.list) send_to(*who);
      break;
    case Notice::To::invitation:
      send_to(*notice.who, watch(outcome, notice));
      break;
  }
  deliveries_.messages().give_back(index);
}

std::uint32_t Notices::write(const Outcome& outcome, const Notice& notice) {
  const std::uint32_t index = deliveries_.messages().make(delivery::SharedMessage::Kind::notice,
                                                          origin_of(outcome, notice));
  deliveries_.messages()[index].room_uri = outcome.room_uri;
  if (outcome.speaker) deliveries_.messages()[index].speaker = outcome.speaker->hash;
  ByteBuffer& text = deliveries_.messages()[index].text;
  delivery::write_common_fields(text, {.display = {},
                                       .from_uri = outcome.room_uri,
                                       .from_tag = random_.next(),
                                       .max_forwards = limits::max_forwards_sent_max,
                                       .instance = instance_,
                                       .in_reply_to = outcome.in_reply_to,
                                       .extra_headers = settings_.extra_headers});
  text.append("Content-Type: text/plain\r\n");
  delivery::write_body(text, "*** ", notice.text);
  deliveries_.messages().seal(index);
  return index;
}

delivery::WatchToken Notices::watch(const Outcome& outcome, const Notice& notice) {
  invitations_[++last_token_] = {outcome.room_key, outcome.room_serial, notice.who};
  return last_token_;
}

Notices::Invitation Notices::take(delivery::WatchToken token) {
  auto node = invitations_.extract(token);
  CHECK(!node.empty());
  return std::move(node.mapped());
}

}  // namespace imcd::imc
