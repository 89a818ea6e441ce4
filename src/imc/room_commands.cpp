#include "imc/room_commands.h"

#include <fmt/format.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "base/text.h"
#include "imc/invitation_record.h"
#include "imc/user_record.h"

namespace imcd::imc {

RoomCommands::RoomCommands(Conference& conference, const RoomMessage& message, Outcome& outcome,
                           WallTime now)
    : conference_(conference),
      message_(message),
      outcome_(outcome),
      now_(now),
      sender_(conference.identities_.intern(message.sender)) {}

void RoomCommands::run(std::string_view line) {
  const auto command = parse_command(line, conference_.settings_.command_prefix);
  if (!command) return refuse(command.error().reply, command.error().notice);
  const bool enters = command->kind == CommandKind::create || command->kind == CommandKind::join ||
                      command->kind == CommandKind::accept;
  if (enters && message_.anonymous) {
    return refuse(reply::anonymous, "Rooms show who speaks, so anonymous users can't enter.");
  }
  if (command->kind == CommandKind::help) return help(*command);
  if (command->kind == CommandKind::rooms) return rooms();
  if (!find_target(command->room)) return;
  execute(*command);
}

void RoomCommands::execute(const Command& command) {
  switch (command.kind) {
    case CommandKind::create:
      return create(command);
    case CommandKind::join:
      return join();
    case CommandKind::invite:
      return invite(command);
    case CommandKind::accept:
      return accept();
    case CommandKind::deny:
      return deny();
    case CommandKind::add:
      return add(command);
    case CommandKind::remove:
      return remove(command);
    case CommandKind::modify:
      return modify(command);
    case CommandKind::exit:
      return exit();
    case CommandKind::destroy:
      return destroy();
    case CommandKind::list:
      return list();
    case CommandKind::rooms:
      return rooms();
    case CommandKind::help:
      return help(command);
  }
}

// --- The commands
// ---------------------------------------------------------------------------------

void RoomCommands::create(const Command& command) {
  if (target_.room == nullptr) return make_room(command.is_private);
  if (conference_.settings_.check_on_create) {
    return refuse(reply::room_exists, fmt::format("{} exists already.", target_.room->address()));
  }
  enter_room(target_.self);
}

void RoomCommands::join() {
  if (target_.room != nullptr) return enter_room(target_.self);
  if (!conference_.settings_.create_on_join) {
    return refuse(reply::no_such_room,
                  fmt::format("There is no room {}@{}. {}create makes one.", target_.uri.user,
                              target_.uri.host, conference_.settings_.command_prefix));
  }
  make_room(false);
}

void RoomCommands::invite(const Command& command) {
  std::string storage;
  const auto user = resolve_user(command.user, storage);
  if (!user || !require_rank()) return;
  const IdentityRef invitee = conference_.identities_.intern(*user);
  Room& room = *target_.room;
  if (const Member* const member = room.members.find(*invitee)) {
    return refuse(reply::member_already, fmt::format("{} is {} already.", invitee->address(),
                                                     member->is_member() ? "a member" : "invited"));
  }
  if (!require_space(*invitee)) return;
  conference_.add_member(room, *invitee, records::member_flag::invited);
  room.invitations.add(invitee, sender_, now_);
  record_member(records::Record::Kind::put_member, *invitee, records::member_flag::invited);
  record_invitation(*invitee);
  const char prefix = conference_.settings_.command_prefix;
  outcome_.notices.push_back(
      {Notice::To::invitation,
       invitee,
       {},
       fmt::format("{} invites you to the room {}. Answer {}accept to enter it or {}deny to "
                   "decline.",
                   sender_->address(), room.address(), prefix, prefix)});
  tell_sender(fmt::format("{} is invited to {}.", invitee->address(), room.address()));
}

void RoomCommands::accept() {
  if (!require_room()) return;
  if (target_.self == nullptr || target_.self->is_member()) {
    return refuse(reply::not_invited,
                  fmt::format("You are not invited to {}.", target_.room->address()));
  }
  enter_room(target_.self);
}

void RoomCommands::deny() {
  if (!require_room()) return;
  Room& room = *target_.room;
  if (target_.self == nullptr || target_.self->is_member()) {
    return refuse(reply::not_invited, fmt::format("You are not invited to {}.", room.address()));
  }
  const IdentityRef inviter = room.take_inviter(*sender_, conference_.identities_);
  conference_.remove_member(room, *target_.self);
  record_member(records::Record::Kind::delete_member, *sender_);
  record_end_of_invitation(*sender_);
  tell_sender(fmt::format("You declined the invitation to {}.", room.address()));
  if (inviter) {
    tell(*inviter,
         fmt::format("{} declined the invitation to {}.", sender_->address(), room.address()));
  }
}

void RoomCommands::add(const Command& command) {
  std::string storage;
  const auto user = resolve_user(command.user, storage);
  if (!user || !require_rank()) return;
  Room& room = *target_.room;
  const IdentityRef who = conference_.identities_.intern(*user);
  Member* const member = room.members.find(*who);
  if (member != nullptr && member->is_member()) {
    return refuse(reply::member_already, fmt::format("{} is a member already.", who->address()));
  }
  if (member != nullptr) {
    room.take_inviter(*who, conference_.identities_);
    conference_.change_member(room, *member, conference_.begin_joining(*who, outcome_));
  } else {
    if (!require_space(*who)) return;
    conference_.add_member(room, *who, conference_.begin_joining(*who, outcome_));
  }
  record_member(records::Record::Kind::put_member, *who);
  if (member != nullptr) record_end_of_invitation(*who);
  tell(*who, fmt::format("{} made you a member of {}.", sender_->address(), room.address()));
  tell_sender(fmt::format("{} is a member of {} now.", who->address(), room.address()));
}

void RoomCommands::remove(const Command& command) {
  std::string storage;
  const auto user = resolve_user(command.user, storage);
  if (!user || !require_rank()) return;
  Room& room = *target_.room;
  const IdentityRef who = conference_.identities_.intern(*user);
  Member* const member = room.members.find(*who);
  if (member == nullptr) {
    return refuse(reply::no_such_member,
                  fmt::format("{} is not a member of {}.", who->address(), room.address()));
  }
  if (member->is(records::member_flag::owner)) {
    return refuse(reply::owner_cannot_be_removed,
                  fmt::format("{} owns {} and can't be removed.", who->address(), room.address()));
  }
  const bool was_member = member->is_member();
  if (!was_member) room.take_inviter(*who, conference_.identities_);
  conference_.remove_member(room, *member);
  record_member(records::Record::Kind::delete_member, *who);
  if (!was_member) {
    record_end_of_invitation(*who);
    return tell_sender(
        fmt::format("The invitation of {} to {} is withdrawn.", who->address(), room.address()));
  }
  tell(*who, fmt::format("{} removed you from {}.", sender_->address(), room.address()));
  tell_room(fmt::format("{} was removed from the room by {}.", who->address(), sender_->address()),
            *who);
}

void RoomCommands::modify(const Command& command) {
  std::string storage;
  const auto user = resolve_user(command.user, storage);
  if (!user || !require_member()) return;
  Room& room = *target_.room;
  if (!target_.self->is(records::member_flag::owner)) {
    return refuse(reply::not_allowed,
                  fmt::format("Only the owner changes roles in {}.", room.address()));
  }
  const IdentityRef who = conference_.identities_.intern(*user);
  Member* const member = room.members.find(*who);
  if (member == nullptr || !member->is_member()) {
    return refuse(reply::no_such_member,
                  fmt::format("{} is not a member of {}.", who->address(), room.address()));
  }
  if (member == target_.self) {
    return command.role == Role::owner
               ? tell_sender(fmt::format("You own {} already.", room.address()))
               : refuse(reply::not_allowed,
                        fmt::format("You own {}. {}modify USER owner hands it over.",
                                    room.address(), conference_.settings_.command_prefix));
  }
  if (command.role == Role::owner) return hand_over(*member);
  const std::uint32_t flags = command.role == Role::admin ? records::member_flag::admin : 0;
  conference_.change_member(room, *member, flags | (member->flags.load() & member_joining));
  record_member(records::Record::Kind::put_member, *who, flags);
  const std::string_view role = command.role == Role::admin ? "an admin" : "a plain member";
  tell(*who, fmt::format("{} made you {} of {}.", sender_->address(), role, room.address()));
  tell_sender(fmt::format("{} is {} of {} now.", who->address(), role, room.address()));
}

// The former owner stays as an admin.
void RoomCommands::hand_over(Member& member) {
  Room& room = *target_.room;
  Identity& who = *member.who;
  const auto joining = [](const Member& of) { return of.flags.load() & member_joining; };
  conference_.change_member(room, *target_.self,
                            records::member_flag::admin | joining(*target_.self));
  conference_.change_member(room, member, records::member_flag::owner | joining(member));
  record_member(records::Record::Kind::put_member, *sender_, records::member_flag::admin);
  record_member(records::Record::Kind::put_member, who, records::member_flag::owner);
  tell(who, fmt::format("{} made you the owner of {}.", sender_->address(), room.address()));
  tell_sender(fmt::format("{} owns {} now; you are an admin.", who.address(), room.address()));
}

void RoomCommands::exit() {
  if (!require_member()) return;
  if (target_.self->is(records::member_flag::owner)) {
    if (conference_.settings_.owner_exit_destroys) return destroy();
    return refuse(reply::owner_cannot_leave,
                  fmt::format("You own {}. {}destroy ends it for everybody.",
                              target_.room->address(), conference_.settings_.command_prefix));
  }
  conference_.remove_member(*target_.room, *target_.self);
  record_member(records::Record::Kind::delete_member, *sender_);
  tell_sender(fmt::format("You left {}.", target_.room->address()));
  tell_room(fmt::format("{} left the room.", sender_->address()), *sender_);
}

void RoomCommands::destroy() {
  if (!require_member()) return;
  Room& room = *target_.room;
  if (!target_.self->is(records::member_flag::owner)) {
    return refuse(reply::not_allowed, fmt::format("Only the owner can end {}.", room.address()));
  }
  Notice notice{Notice::To::those, {}, {}, {}};
  room.members.for_each([&](const Member& member) {
    if (member.is_member()) notice.list.emplace_back(conference_.identities_, *member.who);
  });
  notice.text = fmt::format("The room {} was ended by {}.", room.address(), sender_->address());
  outcome_.notices.push_back(std::move(notice));
  record_end_of_room();
  // The room still counts for them: it lets go of its members when no reader sees it any more.
  room.members.for_each([&](const Member& member) {
    drop_uri(outcome_.records, *member.who, member.who->rooms - 1);
  });
  conference_.destroy_room(room);
  target_.room = nullptr;
  outcome_.room_serial = 0;
}

// A notice holds so much text beside its headers and first line; more goes into another one.
class RoomCommands::Lines {
 public:
  explicit Lines(RoomCommands& commands, std::string first_line)
      : commands_(commands), text_(std::move(first_line)) {}

  [[nodiscard]] bool full() const { return count_ >= limits::list_lines_max; }
  void add(std::string_view line) {
    if (text_.size() + line.size() + 2 > limits::notice_body_bytes_max - 4) flush("(more)");
    text_ += "\r\n";
    text_ += line;
    ++count_;
  }
  void end(std::size_t hidden) {
    if (hidden > 0) add(fmt::format("and {} more", hidden));
    flush({});
  }

 private:
  void flush(std::string_view next_first_line) {
    commands_.tell_sender(std::exchange(text_, std::string(next_first_line)));
  }

  RoomCommands& commands_;
  std::string text_;
  std::size_t count_ = 0;
};

void RoomCommands::list() {
  if (!require_member()) return;
  const Room& room = *target_.room;
  const bool sees_invited = is_rank(*target_.self);
  Lines lines(*this, fmt::format("Members of {}: {}", room.address(), room.members.members()));
  std::size_t hidden = 0;
  room.members.for_each([&](const Member& member) {
    if (!member.is_member() && !sees_invited) return;
    if (lines.full()) {
      ++hidden;
      return;
    }
    const char* const mark = member.is(records::member_flag::owner)   ? "*"
                             : member.is(records::member_flag::admin) ? "~"
                                                                      : "";
    std::string since;
    if (!member.is_member()) {
      since = fmt::format(" (invited {})", date_text(conference_.invited_at(room, *member.who)));
    }
    lines.add(fmt::format("{}{}{}", mark, member.who->address(), since));
  });
  lines.end(hidden);
}

// Public rooms, and private ones that the sender is a member of. The walk is bounded, so in a very
// large house private rooms far down may be missing.
void RoomCommands::rooms() {
  Lines lines(*this, "Rooms:");
  std::size_t cursor = 0;
  std::size_t shown_public = 0;
  while (!lines.full() && cursor < limits::rooms_walked_max) {
    Room* const room = conference_.rooms_.next(cursor);
    if (room == nullptr) break;
    const Member* const self = room->members.find(*sender_);
    const bool is_member = self != nullptr && self->is_member();
    if (room->is_private() && !is_member) continue;
    if (!room->is_private()) ++shown_public;
    lines.add(fmt::format("{} {}{}", room->address(), room->members.members(),
                          room->is_private() ? " (private)" : ""));
  }
  const auto all_public = static_cast<std::size_t>(conference_.figures_.rooms_public.value());
  lines.end(all_public - shown_public);
}

void RoomCommands::help(const Command& command) {
  const char prefix = conference_.settings_.command_prefix;
  std::string_view topic = command.topic;
  if (topic.starts_with(prefix)) topic.remove_prefix(1);
  Lines lines(*this, "Commands:");
  bool found = false;
  for (const CommandRow& row : command_rows()) {
    const bool wanted = topic.empty() || equal_ignoring_case(row.name, topic) ||
                        equal_ignoring_case(row.alias, topic);
    if (!wanted) continue;
    found = true;
    lines.add(fmt::format("{}{}{}{} - {}", prefix, row.name, row.usage.empty() ? "" : " ",
                          row.usage, row.help));
  }
  if (!found) {
    return refuse(reply::unknown_command,
                  fmt::format("There is no such command. Try {}help.", prefix));
  }
  lines.end(0);
}

// --- Their parts
// ----------------------------------------------------------------------------------

// Fills target_; false when the name is bad, which is then told.
bool RoomCommands::find_target(std::string_view room_text) {
  if (room_text.empty()) {
    target_.uri = message_.room;
  } else {
    const auto uri = resolve(room_text, target_.uri_text);
    if (!uri) {
      refuse(reply::bad_command,
             "That is no room's name. A room is NAME, NAME@HOST or "
             "sip:NAME@HOST.");
      return false;
    }
    target_.uri = *uri;
  }
  target_.uri = conference_.rooms_.canonical(target_.uri);
  if (!names_fit(target_.uri)) {
    refuse(reply::bad_command, fmt::format("The name is too long: {} characters at most, and {} "
                                           "for the host.",
                                           limits::user_bytes_max, limits::domain_bytes_max));
    return false;
  }
  target_.key = conference_.rooms_.key(target_.uri);
  target_.room = conference_.rooms_.find(target_.key);
  outcome_.room_uri = fmt::format("sip:{}@{}", target_.uri.user, target_.uri.host);
  if (target_.room != nullptr) {
    target_.self = target_.room->members.find(*sender_);
    outcome_.room_uri = target_.room->uri();
    outcome_.room_key = target_.room->key();
    outcome_.room_serial = target_.room->serial;
  }
  return true;
}

void RoomCommands::make_room(bool is_private) {
  if (!conference_.settings_.anyone_creates_rooms) {
    return refuse(reply::room_creation_refused, "Only the operators make rooms here.");
  }
  if (!require_space(*sender_)) return;
  if (conference_.rooms_.size() >= conference_.settings_.max_rooms) {
    return refuse(reply::too_many_rooms_here, "There is no space for another room here.");
  }
  readdress_sender();
  Room& room = conference_.open_room(target_.uri, is_private, sender_, outcome_);
  target_.room = &room;
  tell_sender(fmt::format("You made the {}room {} and own it.", is_private ? "private " : "",
                          room.address()));
}

// Into a room that exists; `member` is the sender in it, or null.
void RoomCommands::enter_room(Member* member) {
  Room& room = *target_.room;
  if (member != nullptr && member->is_member()) {
    readdress_sender();
    return tell_sender(fmt::format("You are a member of {} already.", room.address()));
  }
  if (member == nullptr && room.is_private()) return refuse_private();
  if (member != nullptr) {
    room.take_inviter(*sender_, conference_.identities_);
    conference_.change_member(room, *member, conference_.begin_joining(*sender_, outcome_));
  } else {
    if (!require_space(*sender_)) return;
    conference_.add_member(room, *sender_, conference_.begin_joining(*sender_, outcome_));
  }
  readdress_sender();
  record_member(records::Record::Kind::put_member, *sender_);
  if (member != nullptr) record_end_of_invitation(*sender_);
  tell_sender(fmt::format("You joined {}.", room.address()));
  tell_room(fmt::format("{} joined the room.", sender_->address()), *sender_);
}

// Who enters a room is spoken to where they are now: the address of an invitation or of an earlier
// room may lack the port, or be spelled in another way.
void RoomCommands::readdress_sender() {
  std::string former_uri(sender_->uri());
  if (!conference_.identities_.readdress(*sender_, message_.sender)) return;
  conference_.deliveries_.on_moved(*sender_, std::move(former_uri));
  outcome_.records.push_back(sender_->has_own_uri() ? put_user_record(*sender_)
                                                    : delete_user_record(*sender_));
}

void RoomCommands::refuse_private() {
  Room& room = *target_.room;
  refuse(reply::room_is_private,
         fmt::format("{} is private. Ask its owner for an invitation.", room.address()));
  room.members.for_each([&](const Member& member) {
    if (!is_rank(member)) return;
    tell(*member.who,
         fmt::format("{} wants to enter {}. {}invite {} lets them in.", sender_->address(),
                     room.address(), conference_.settings_.command_prefix, sender_->address()));
  });
}

// In the room, if there is one yet, and in the user's list of rooms.
bool RoomCommands::require_space(const Identity& who) {
  const Room* const room = target_.room;
  if (room != nullptr &&
      room->members.members() + room->members.invited() >= conference_.settings_.max_members) {
    refuse(reply::room_is_full, fmt::format("{} is full.", room->address()));
    return false;
  }
  if (who.rooms >= conference_.settings_.max_rooms_per_user) {
    refuse(reply::too_many_rooms,
           fmt::format("{} is in {} rooms, which is the most.", who.address(), who.rooms));
    return false;
  }
  return true;
}

bool RoomCommands::require_room() {
  if (target_.room != nullptr) return true;
  refuse(reply::no_such_room,
         fmt::format("There is no room {}@{}.", target_.uri.user, target_.uri.host));
  return false;
}

bool RoomCommands::require_member() {
  if (!require_room()) return false;
  if (target_.self != nullptr && target_.self->is_member()) return true;
  refuse(reply::not_a_member, fmt::format("You are not a member of {}.", target_.room->address()));
  return false;
}

bool RoomCommands::require_rank() {
  if (!require_member()) return false;
  if (is_rank(*target_.self)) return true;
  refuse(reply::not_allowed,
         fmt::format("Only the owner and admins of {} may do that.", target_.room->address()));
  return false;
}

bool RoomCommands::is_rank(const Member& member) {
  return member.is_member() && member.is(records::member_flag::owner | records::member_flag::admin);
}

// A bad name is told, and nothing returned.
std::optional<parser::Uri> RoomCommands::resolve_user(std::string_view text, std::string& storage) {
  const auto uri = resolve(text, storage);
  if (!uri || !names_fit(*uri)) {
    refuse(reply::bad_command,
           "That is no user's name. A user is NAME, NAME@HOST or "
           "sip:NAME@HOST.");
    return std::nullopt;
  }
  return uri;
}

// NAME, NAME@HOST or sip:NAME@HOST, also in angle brackets; the host defaults to the addressed one.
std::optional<parser::Uri> RoomCommands::resolve(std::string_view text,
                                                 std::string& storage) const {
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') {
    text = text.substr(1, text.size() - 2);
  }
  const bool has_scheme =
      starts_with_ignoring_case(text, "sip:") || starts_with_ignoring_case(text, "sips:");
  storage = has_scheme ? std::string(text) : fmt::format("sip:{}", text);
  if (!has_scheme && !text.contains('@')) {
    storage += '@';
    storage += message_.room.host;
  }
  const auto uri = parser::parse_uri(storage);
  if (!uri || uri->user.empty() || uri->host.empty()) return std::nullopt;
  return *uri;
}

bool RoomCommands::names_fit(const parser::Uri& uri) const {
  return uri.user.size() <= limits::user_bytes_max && uri.host.size() <= limits::domain_bytes_max;
}

void RoomCommands::refuse(Reply reply, std::string text) {
  outcome_.reply = reply;
  tell_sender(std::move(text));
}

void RoomCommands::tell_sender(std::string text) { tell(*sender_, std::move(text)); }

void RoomCommands::tell(Identity& who, std::string text) {
  outcome_.notices.push_back(
      {Notice::To::user, IdentityRef(conference_.identities_, who), {}, std::move(text)});
}

void RoomCommands::tell_room(std::string text, Identity& except) {
  outcome_.notices.push_back(
      {Notice::To::room, IdentityRef(conference_.identities_, except), {}, std::move(text)});
}

void RoomCommands::record_end_of_room() {
  const Room& room = *target_.room;
  outcome_.records.push_back({.kind = records::Record::Kind::delete_room,
                              .room_name = std::string(room.name()),
                              .room_domain = std::string(room.domain())});
}

void RoomCommands::record_invitation(const Identity& who) {
  const auto made_at = std::chrono::floor<std::chrono::seconds>(now_).time_since_epoch().count();
  outcome_.records.push_back(invitation_record(*target_.room, who, made_at));
}

void RoomCommands::record_end_of_invitation(const Identity& who) {
  outcome_.records.push_back(end_of_invitation_record(*target_.room, who));
}

void RoomCommands::record_member(records::Record::Kind kind, const Identity& who,
                                 std::uint32_t flags) {
  const Room& room = *target_.room;
  outcome_.records.push_back({.kind = kind,
                              .room_name = std::string(room.name()),
                              .room_domain = std::string(room.domain()),
                              .user = std::string(who.user()),
                              .user_domain = std::string(who.host()),
                              .flags = flags});
  if (kind == records::Record::Kind::put_member) {
    keep_uri(outcome_.records, who);
  } else {
    drop_uri(outcome_.records, who, who.rooms);
  }
}

}  // namespace imcd::imc
