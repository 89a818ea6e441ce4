#include "imc/conference.h"

#include <fmt/format.h>
#include <utility>

#include "base/sip_uri.h"
#include "imc/command_run.h"
#include "imc/message_content.h"
#include "imc/replies.h"

namespace imcd::imc {

Conference::Conference(const ConferenceSettings& settings, IdentityTable& identities,
                       Epochs& epochs, delivery::Deliveries& deliveries, Random& random,
                       Figures& figures)
    : settings_(settings),
      identities_(identities),
      epochs_(epochs),
      deliveries_(deliveries),
      figures_(figures),
      instance_(fmt::format("{:016x}", random.next())),
      changes_(random.next_key(), settings_.hash_size, settings_.domains, identities, epochs,
               deliveries, figures),
      loader_(changes_, identities, figures),
      knocks_(figures),
      house_{settings_,   identities,    changes_, loader_,
             room_names_, sender_rates_, knocks_,  figures},
      chat_(settings_, instance_, random, deliveries, figures),
      notices_(settings_, instance_, random, deliveries, figures),
      sender_rates_(identities) {
  apply(settings);
}

// Rooms that wait for their epoch let go of their members while the identities are still there.
Conference::~Conference() { epochs_.free_all(); }

void Conference::apply(const ConferenceSettings& settings) {
  settings_ = settings;
  room_names_.apply(settings.room_names);
  chat_.apply();
  sender_rates_.apply(settings);
}

Reading Conference::read(const RoomMessage& message) {
  Reading reading{.sender = identities_.intern(message.sender),
                  .command = std::nullopt,
                  .is_loop = is_loop(message)};
  const char prefix = settings_.command_prefix;
  if (const auto line = find_command_line(message.view, prefix, command_text_)) {
    reading.command = parse_chat_command(*line, prefix);
  }
  return reading;
}

std::optional<Reply> Conference::refuse_beyond_share(const Reading& reading, MonoTime now) {
  if (reading.is_loop) return std::nullopt;
  if (!sender_rates_.admit(*reading.sender, now)) {
    at(figures_.refused, RefusalCause::user_rate).add();
    return reply::user_too_fast;
  }
  if (!reading.command) return std::nullopt;
  if (deliveries_.notice_places(*reading.sender) == 0) {
    at(figures_.refused, RefusalCause::notices).add();
    return reply::too_many_notices;
  }
  if (deliveries_.takes(delivery::SharedMessage::Kind::notice, 0, 1)) return std::nullopt;
  at(figures_.refused, RefusalCause::overload).add();
  return reply::overloaded;
}

std::vector<records::Record> Conference::meet(const RoomMessage& message, const Reading& reading) {
  std::vector<records::Record> rows;
  Identity& sender = *reading.sender;
  if (reading.is_loop || sender.is_met != 0) return rows;
  sender.is_met = 1;
  if (sender.rooms > 0) {
    changes_.apply(UserMoved{sender, message.sender}, rows);
  } else {
    changes_.apply(UserMoved{sender, message.sender});
  }
  return rows;
}

Outcome Conference::run(const RoomMessage& message, const Reading& reading, Instant now) {
  Outcome outcome;
  if (reading.is_loop) {
    figures_.loops_detected.add();
    outcome.reply = reply::loop_detected;
  } else if (reading.command) {
    outcome = run_command(message, reading, now);
    (outcome.reply.is_success() ? figures_.commands_accepted : figures_.commands_refused).add();
  } else {
    rooms().write_key(key_, message.room);
    const Room* const room = rooms().find(key_);
    outcome.reply = chat_.relay(message, *reading.sender, room, now);
    if (reading.sender->unasked > 0 && outcome.reply.is_success() && is_spoken(message.view)) {
      changes_.apply(ConsentGiven{*room, *reading.sender});
    }
  }
  return outcome;
}

// What a room sent never goes into a room again, however it comes back (RFC 5393 in spirit): it has
// a room's marker, ours or another imcd's. Whom it is from says nothing: a user may have a room's
// address in an old database, and what others named so must not silence them.
bool Conference::is_loop(const RoomMessage& message) {
  return message.view.find(parser::HeaderName::x_imc_loop).has_value();
}

Outcome Conference::run_command(const RoomMessage& message, const Reading& reading, Instant now) {
  Outcome outcome = start_outcome(message);
  outcome.speaker = reading.sender;
  const auto& command = *reading.command;
  if (has_unreadable_encoding(message.view)) {
    outcome.reply = reply::unsupported_content_encoding;
    outcome.notices.push_back({Notice::To::user,
                               reading.sender,
                               {},
                               "A command cannot be read when it is compressed or encoded."});
  } else if (!command) {
    outcome.reply = command.error().reply;
    outcome.notices.push_back({Notice::To::user, reading.sender, {}, command.error().notice});
  } else {
    const std::uint32_t places = deliveries_.notice_places(*reading.sender);
    CommandRun(house_, message, reading, places, outcome, now).run();
  }
  return outcome;
}

Outcome Conference::start_outcome(const RoomMessage& message) {
  Outcome outcome;
  outcome.in_reply_to = message.call_id;
  outcome.room_uri = sip_uri(message.room.user, message.room.host);
  return outcome;
}

Outcome Conference::refuse(const RoomMessage& message, const Reading& reading, Reply reply,
                           std::string_view text) {
  Outcome outcome = start_outcome(message);
  outcome.reply = reply;
  outcome.notices.push_back({Notice::To::user, reading.sender, {}, std::string(text)});
  figures_.commands_refused.add();
  return outcome;
}

void Conference::release(const Outcome& outcome, MonoTime now) {
  const Room* const room =
      outcome.room_serial == 0 ? nullptr : rooms().find(outcome.room_key, outcome.room_serial);
  if (room != nullptr && outcome.joined) {
    changes_.apply(JoiningConfirmed{*room, *outcome.joined, outcome.joining});
  }
  notices_.send(outcome, room, now);
}

void Conference::release_refused(Outcome outcome, MonoTime now) {
  if (!outcome.speaker) return;
  const IdentityRef sender = outcome.speaker;
  outcome.joined = {};
  outcome.notices.clear();
  outcome.notices.push_back(
      {Notice::To::user, sender, {}, "The database refused this change, and it was not made."});
  release(outcome, now);
}

std::expected<Outcome, std::string_view> Conference::make_room(const parser::Uri& room,
                                                               const parser::Uri& owner,
                                                               bool is_private) {
  const parser::Uri uri = rooms().canonical(room);
  if (const auto fault = House::find_name_fault(owner)) {
    return std::unexpected(fault->for_operator);
  }
  const IdentityRef who = identities_.intern(owner);
  if (const auto fault = house_.find_fault(uri, *who)) return std::unexpected(fault->for_operator);
  Outcome outcome;
  // Until the owner says something, the operator's word counts.
  if (who->is_met == 0) changes_.apply(UserMoved{*who, owner});
  const Room& made = house_.make_room(uri, is_private, who, outcome);
  outcome.notices.push_back({Notice::To::user,
                             who,
                             {},
                             fmt::format("The operators made the {}room {}, and you own it.",
                                         is_private ? "private " : "", made.address())});
  return outcome;
}

std::vector<Outcome> Conference::on_watches_ended(
    const std::vector<delivery::EndedWatch>& watches) {
  std::vector<Outcome> outcomes;
  for (const delivery::EndedWatch& watch : watches) {
    const Notices::Invitation invitation = notices_.take(watch.token);
    if (watch.arrived) continue;
    const Room* const room = rooms().find(invitation.room_key, invitation.room_serial);
    if (room == nullptr) continue;
    const Member* const member = room->members.find(*invitation.invitee);
    if (member == nullptr || member->is_member()) continue;
    outcomes.push_back(withdraw(*room, *invitation.invitee));
  }
  return outcomes;
}

Outcome Conference::withdraw(const Room& room, Identity& invitee) {
  Outcome outcome;
  outcome.room_uri = room.uri();
  outcome.room_key = room.key();
  outcome.room_serial = room.serial;
  if (Identity* const inviter = room.inviter_of(invitee)) {
    outcome.notices.push_back(
        {Notice::To::user,
         IdentityRef(identities_, *inviter),
         {},
         fmt::format("{} could not be reached; the invitation to {} is withdrawn.",
                     invitee.address(), room.address())});
  }
  changes_.apply(MemberGone{room, invitee}, outcome.records);
  return outcome;
}

void Conference::on_returned(const std::vector<delivery::ReturnedUser>& users, MonoTime now) {
  for (const delivery::ReturnedUser& returned : users) {
    Outcome outcome;
    outcome.room_uri = returned.room_uri;
    outcome.notices.push_back({Notice::To::user,
                               returned.who,
                               {},
                               fmt::format("Messages that you missed while you could not be "
                                           "reached: {}.",
                                           returned.missed)});
    release(outcome, now);
  }
}

}  // namespace imcd::imc
