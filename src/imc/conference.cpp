#include "imc/conference.h"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "base/limits.h"
#include "base/text.h"
#include "imc/invitation_record.h"
#include "imc/replies.h"
#include "imc/room_commands.h"
#include "imc/user_record.h"
#include "parser/cpim.h"

namespace imcd::imc {

using parser::HeaderName;

namespace {

// type/subtype of a Content-Type value, without its parameters.
std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

bool is_plain(std::string_view content_type) {
  return content_type.empty() || equal_ignoring_case(media_type(content_type), "text/plain");
}

// A body without Content-Type is taken for text/plain.
bool is_plain_text(const parser::MessageView& view) {
  return is_plain(view.find(HeaderName::content_type).value_or(std::string_view{}));
}

// The text in which a command may stand: the body, or what a message/cpim wraps (RFC 3862).
std::string_view command_text(const parser::MessageView& view) {
  if (is_plain_text(view)) return view.body;
  if (!equal_ignoring_case(media_type(*view.find(HeaderName::content_type)), "message/cpim")) {
    return {};
  }
  const auto cpim = parser::parse_cpim(view.body);
  return cpim && is_plain(cpim->content_type) ? cpim->content : std::string_view{};
}

bool has_unreadable_encoding(const parser::MessageView& view) {
  const auto encoding = view.find(HeaderName::content_encoding);
  return encoding && !equal_ignoring_case(trim(*encoding), "identity");
}

}  // namespace

Conference::Conference(ConferenceSettings settings, IdentityTable& identities, Epochs& epochs,
                       delivery::Deliveries& deliveries, Random& random, Figures& figures)
    : settings_(std::move(settings)),
      random_(random),
      figures_(figures),
      instance_(fmt::format("{:016x}", random.next())),
      epochs_(epochs),
      identities_(identities),
      deliveries_(deliveries),
      rooms_(random.next_key(), settings_.hash_size, identities_, epochs_, settings_.domains),
      sender_rates_(settings_.user_rate, settings_.user_burst, identities_) {}

// Rooms that wait for their epoch let go of their members while the identities are still there.
Conference::~Conference() { epochs_.free_all(); }

std::optional<std::string_view> Conference::command_line(const parser::MessageView& view) const {
  std::string_view line = command_text(view);
  if (!line.starts_with(settings_.command_prefix)) return std::nullopt;
  line.remove_prefix(1);
  return line.substr(0, line.find_first_of("\r\n"));
}

bool Conference::is_room_change(const parser::MessageView& view) const {
  const auto line = command_line(view);
  const auto command =
      line ? parse_command(*line, settings_.command_prefix) : std::unexpected(CommandError{});
  return command && command->kind != CommandKind::list && command->kind != CommandKind::rooms &&
         command->kind != CommandKind::help;
}

void Conference::on_present(const parser::Uri& sender, const Flow* source, MonoTime now) {
  deliveries_.on_present(*identities_.intern(sender), source, now);
}

bool Conference::admit_sender(const parser::Uri& sender, MonoTime now) {
  if (settings_.user_rate == 0) return true;
  return sender_rates_.admit(*identities_.intern(sender), now);
}

Outcome Conference::on_message(const RoomMessage& message, Instant now) {
  rooms_.write_key(key_, message.room);
  Room* const room = rooms_.find(key_);
  if (is_loop(message)) {
    figures_.loops_detected.add();
    Outcome outcome;
    outcome.reply = reply::loop_detected;
    return outcome;
  }
  const auto line = command_line(message.view);
  if (!line) return on_chat(message, room, now);
  Outcome outcome = start_outcome(message);
  if (has_unreadable_encoding(message.view)) {
    outcome.reply = reply::unsupported_content_encoding;
  } else {
    RoomCommands(*this, message, outcome, now.wall).run(*line);
  }
  (outcome.reply.is_success() ? figures_.commands_accepted : figures_.commands_refused).add();
  return outcome;
}

// What a room sent never goes into a room again, however it comes back (RFC 5393 in spirit): it has
// a room's marker, ours or another imcd's, or it says that it is from one of our rooms, as an
// "offline" notice does that a proxy sends in answer to a delivery.
bool Conference::is_loop(const RoomMessage& message) {
  if (message.view.find(HeaderName::x_imc_loop)) return true;
  rooms_.write_key(sender_key_, message.sender);
  return rooms_.find(sender_key_) != nullptr;
}

Outcome Conference::start_outcome(const RoomMessage& message) {
  Outcome outcome;
  outcome.in_reply_to = message.call_id;
  outcome.room_uri = fmt::format("sip:{}@{}", message.room.user, message.room.host);
  return outcome;
}

Outcome Conference::refuse(const RoomMessage& message, Reply reply, std::string_view text) {
  Outcome outcome = start_outcome(message);
  outcome.reply = reply;
  outcome.notices.push_back(
      {Notice::To::user, identities_.intern(message.sender), {}, std::string(text)});
  figures_.commands_refused.add();
  return outcome;
}

// --- Chat
// -----------------------------------------------------------------------------------------

Outcome Conference::on_chat(const RoomMessage& message, Room* room, Instant now) {
  Outcome outcome;
  const auto refuse_with = [&](Reply refusal) {
    outcome.reply = refusal;
    figures_.room_messages_refused.add();
    return outcome;
  };
  if (room == nullptr) return refuse_with(reply::no_such_room);
  Identity* const sender = identities_.find(message.sender);
  const Member* const member = sender != nullptr ? room->members.find(*sender) : nullptr;
  if (member == nullptr || !member->is_member()) return refuse_with(reply::not_a_member);
  if (message.anonymous) return refuse_with(reply::anonymous);
  // An automatic answer (RFC 3834 5) is accepted and goes nowhere: a room must not start a storm.
  const auto automatic = message.view.find(HeaderName::auto_submitted);
  const bool is_automatic = automatic && !starts_with_ignoring_case(*automatic, "no");
  if (message.view.body.empty() || is_automatic) return outcome;
  if (!admit_chat(*room, now.mono)) {
    return refuse_with(reply::room_too_fast);
  }
  if (deliveries_.messages().full() || deliveries_.is_congested(now.mono) || is_backlogged(*room)) {
    at(figures_.refused, RefusalCause::overload).add();
    return refuse_with(reply::overloaded);
  }
  const auto text = write_chat(message, *room, *sender, now);
  if (!text) return refuse_with(reply::message_too_large);
  std::uint32_t far_behind = 0;
  room->members.for_each([&](const Member& other) {
    if (other.who == sender || !other.gets_chat()) return;
    deliveries_.enqueue(*other.who, *text, now.mono);
    if (deliveries_.queued_for(*other.who) >= limits::room_backlog_max) ++far_behind;
  });
  room->backlogged = far_behind * 2 > room->members.members();
  deliveries_.messages().release(*text);
  figures_.room_messages_accepted.add();
  return outcome;
}

// The last stop of a storm that nothing else recognized. A second's messages may come at once.
bool Conference::admit_chat(Room& room, MonoTime now) const {
  if (settings_.room_rate == 0) return true;
  const Duration apart = Duration(1s) / settings_.room_rate;
  const MonoTime at = std::max(room.chat_rate_at, now) + apart;
  if (at > now + 1s) return false;
  room.chat_rate_at = at;
  return true;
}

// Most members are so far behind that the message would only make it worse. Looked at closely only
// after a message that found it so.
bool Conference::is_backlogged(const Room& room) const {
  if (!room.backlogged) return false;
  std::uint32_t far_behind = 0;
  room.members.for_each([&](const Member& member) {
    if (deliveries_.queued_for(*member.who) >= limits::room_backlog_max) ++far_behind;
  });
  return far_behind * 2 > room.members.members();
}

// The common part of a chat message, or nothing when it is too long for the way to the members.
std::optional<std::uint32_t> Conference::write_chat(const RoomMessage& message, const Room& room,
                                                    const Identity& sender, Instant now) {
  const std::uint32_t index = deliveries_.messages().make(delivery::SharedMessage::Kind::chat);
  delivery::SharedMessage& shared = deliveries_.messages()[index];
  shared.room_uri = room.uri();
  delivery::write_common_fields(shared.text, {.display = sender.address(),
                                              .from_uri = room.uri(),
                                              .from_tag = random_.next(),
                                              .max_forwards = message.max_forwards - 1,
                                              .instance = instance_,
                                              .in_reply_to = {},
                                              .extra_headers = settings_.extra_headers});
  delivery::write_content_fields(shared.text, message.view);
  if (is_plain_text(message.view) && !has_unreadable_encoding(message.view)) {
    if (!message.view.find(HeaderName::content_type)) {
      shared.text.append("Content-Type: text/plain\r\n");
    }
    prefix_.clear();
    prefix_.append('<');
    prefix_.append(sender.address());
    prefix_.append(">: ");
    delivery::write_body(shared.text, prefix_.view(), message.view.body);
  } else {
    delivery::write_body(shared.text, message.view.body);
  }
  if (shared.text.size() + limits::delivery_head_bytes > deliveries_.request_bytes_max(now.mono)) {
    deliveries_.messages().release(index);
    return std::nullopt;
  }
  deliveries_.messages().seal(index);
  if (message.expires_s) shared.expires = now.wall + std::chrono::seconds(*message.expires_s);
  return index;
}

// --- Notices
// --------------------------------------------------------------------------------------

// The flags of one who becomes a member by this command. They come round again after 65,535
// commands, long after the first has ended.
std::uint32_t Conference::begin_joining(Identity& who, Outcome& outcome) {
  constexpr std::uint32_t one = member_joining & (~member_joining + 1);
  last_joining_ += one;
  if (last_joining_ == 0) last_joining_ = one;
  outcome.joined = IdentityRef(identities_, who);
  outcome.joining = last_joining_;
  return outcome.joining;
}

void Conference::release(const Outcome& outcome, MonoTime now) {
  Room* const room = find_again(outcome);
  if (room != nullptr && outcome.joined) {
    Member* const member = room->members.find(*outcome.joined);
    // Who left and came back meanwhile waits for the later command.
    if (member != nullptr && (member->flags.load() & member_joining) == outcome.joining) {
      change_member(*room, *member, member->flags.load() & ~member_joining);
    }
  }
  for (const Notice& notice : outcome.notices) send_notice(outcome, notice, room, now);
}

Room* Conference::find_again(const Outcome& outcome) {
  if (outcome.room_serial == 0) return nullptr;
  Room* const room = rooms_.find(outcome.room_key);
  return room != nullptr && room->serial == outcome.room_serial ? room : nullptr;
}

void Conference::send_notice(const Outcome& outcome, const Notice& notice, Room* room,
                             MonoTime now) {
  if (deliveries_.messages().full()) return figures_.notices_dropped.add();
  const std::uint32_t index = deliveries_.messages().make(delivery::SharedMessage::Kind::notice);
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
  const auto send = [&](Identity& who, delivery::WatchToken watch = 0) {
    deliveries_.enqueue(who, index, now, watch);
  };
  switch (notice.to) {
    case Notice::To::user:
      send(*notice.who);
      break;
    case Notice::To::room:
      if (room == nullptr) break;
      room->members.for_each([&](const Member& member) {
        if (member.gets_chat() && member.who != notice.who.get()) send(*member.who);
      });
      break;
    case Notice::To::those:
      for (const IdentityRef& who : notice.list) send(*who);
      break;
    case Notice::To::invitation:
      pending_invitations_[++last_watch_] = {outcome.room_key, outcome.room_serial, notice.who};
      send(*notice.who, last_watch_);
      break;
  }
  deliveries_.messages().release(index);
}

std::vector<Outcome> Conference::take_withdrawn_invitations() {
  std::vector<Outcome> outcomes;
  for (const delivery::EndedWatch& watch : deliveries_.take_ended_watches()) {
    const auto found = pending_invitations_.find(watch.token);
    CHECK(found != pending_invitations_.end());
    const PendingInvitation pending = std::move(found->second);
    pending_invitations_.erase(found);
    if (watch.arrived) continue;
    Outcome outcome;
    outcome.room_key = pending.room_key;
    outcome.room_serial = pending.room_serial;
    Room* const room = find_again(outcome);
    Member* const member = room != nullptr ? room->members.find(*pending.invitee) : nullptr;
    if (member == nullptr || member->is_member()) continue;
    outcome.room_uri = room->uri();
    const IdentityRef inviter = room->take_inviter(*pending.invitee, identities_);
    outcome.records.push_back({.kind = records::Record::Kind::delete_member,
                               .room_name = std::string(room->name()),
                               .room_domain = std::string(room->domain()),
                               .user = std::string(pending.invitee->user()),
                               .user_domain = std::string(pending.invitee->host())});
    outcome.records.push_back(end_of_invitation_record(*room, *pending.invitee));
    remove_member(*room, *member);
    drop_uri(outcome.records, *pending.invitee, pending.invitee->rooms);
    if (inviter) {
      outcome.notices.push_back(
          {Notice::To::user,
           inviter,
           {},
           fmt::format("{} could not be reached; the invitation to {} is withdrawn.",
                       pending.invitee->address(), room->address())});
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

void Conference::greet_returned(MonoTime now) {
  for (const delivery::ReturnedUser& returned : deliveries_.take_returned()) {
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

// --- Changes, with their figures
// --------------------------------------------------------------------

Room& Conference::open_room(const parser::Uri& uri, bool is_private, const IdentityRef& owner,
                            Outcome& outcome) {
  Room& room = create_room(rooms_.key(uri), uri.user, uri.host, is_private);
  outcome.room_uri = room.uri();
  outcome.room_key = room.key();
  outcome.room_serial = room.serial;
  add_member(room, *owner, records::member_flag::owner | begin_joining(*owner, outcome));
  records::Record record{.kind = records::Record::Kind::delete_room,
                         .room_name = std::string(room.name()),
                         .room_domain = std::string(room.domain())};
  // Rows without a room may stand in the table under this name; who they name must not wake up as a
  // member of the new room at the next start.
  outcome.records.push_back(record);
  std::ranges::move(take_leftovers(room.key()), std::back_inserter(outcome.records));
  record.kind = records::Record::Kind::put_room;
  record.flags = is_private ? records::room_flag::is_private : 0;
  outcome.records.push_back(record);
  record.kind = records::Record::Kind::put_member;
  record.user = owner->user();
  record.user_domain = owner->host();
  record.flags = records::member_flag::owner;
  outcome.records.push_back(std::move(record));
  keep_uri(outcome.records, *owner);
  return room;
}

std::expected<Outcome, std::string_view> Conference::create_for(const parser::Uri& room,
                                                                const parser::Uri& owner,
                                                                bool is_private) {
  const parser::Uri uri = rooms_.canonical(room);
  const auto fits = [](const parser::Uri& of) {
    return of.user.size() <= limits::user_bytes_max && of.host.size() <= limits::domain_bytes_max;
  };
  if (!fits(uri) || !fits(owner)) return std::unexpected("name too long");
  if (rooms_.find(rooms_.key(uri)) != nullptr) return std::unexpected("room exists");
  if (rooms_.size() >= settings_.max_rooms) return std::unexpected("no space for another room");
  const IdentityRef who = identities_.intern(owner);
  if (who->rooms >= settings_.max_rooms_per_user) {
    return std::unexpected("owner is in too many rooms");
  }
  Outcome outcome;
  const Room& made = open_room(uri, is_private, who, outcome);
  outcome.notices.push_back({Notice::To::user,
                             who,
                             {},
                             fmt::format("The operators made the {}room {}, and you own it.",
                                         is_private ? "private " : "", made.address())});
  return outcome;
}

Room& Conference::create_room(const RoomKey& key, std::string_view name, std::string_view domain,
                              bool is_private, std::uint64_t serial) {
  (is_private ? figures_.rooms_private : figures_.rooms_public).add(1);
  return rooms_.create(key, name, domain, is_private, serial);
}

void Conference::destroy_room(Room& room) {
  (room.is_private() ? figures_.rooms_private : figures_.rooms_public).add(-1);
  figures_.members.add(-static_cast<std::int64_t>(room.members.members()));
  figures_.invitations_pending.add(-static_cast<std::int64_t>(room.members.invited()));
  rooms_.destroy(room);
}

void Conference::add_member(Room& room, Identity& who, std::uint32_t flags) {
  room.members.add(who, flags);
  ((flags & records::member_flag::invited) != 0 ? figures_.invitations_pending : figures_.members)
      .add(1);
}

void Conference::change_member(Room& room, Member& member, std::uint32_t flags) {
  const bool was_invited = member.is(records::member_flag::invited);
  const bool is_invited = (flags & records::member_flag::invited) != 0;
  room.members.set_flags(member, flags);
  if (was_invited == is_invited) return;
  figures_.invitations_pending.add(is_invited ? 1 : -1);
  figures_.members.add(is_invited ? -1 : 1);
}

void Conference::remove_member(Room& room, Member& member) {
  (member.is(records::member_flag::invited) ? figures_.invitations_pending : figures_.members)
      .add(-1);
  room.members.remove(member);
}

}  // namespace imcd::imc
