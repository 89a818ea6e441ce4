#include "sim/rulebook.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "sim/command_words.h"

namespace imcd::sim {

using records::member_flag::admin;
using records::member_flag::invited;
using records::member_flag::owner;
using records::room_flag::is_private;
using Kind = Change::Kind;

namespace {

bool names_fit(const parser::Uri& uri) {
  return uri.user.size() <= limits::user_bytes_max && uri.host.size() <= limits::domain_bytes_max;
}

bool is_about_user(RequestKind kind) {
  return kind == RequestKind::invite || kind == RequestKind::add || kind == RequestKind::remove ||
         kind == RequestKind::modify;
}

}  // namespace

void StoredRooms::apply(const Change& change) {
  StoredRoom& room = (*this)[change.room];
  switch (change.kind) {
    case Kind::put_room:
      room.exists = true;
      room.flags = change.flags;
      break;
    case Kind::delete_room:
      room = {};
      break;
    case Kind::put_member:
      room.members[change.user] = change.flags;
      break;
    case Kind::delete_member:
      room.members.erase(change.user);
      break;
    case Kind::other:
      break;
  }
}

bool Rulebook::is_member(RoomId at, UserId user) {
  const auto& places = room(at).places;
  const auto found = places.find(user);
  return found != places.end() && found->second.is_member();
}

bool Rulebook::has_rank(RoomId at, UserId user) {
  const auto& places = room(at).places;
  const auto found = places.find(user);
  return found != places.end() && found->second.has_rank();
}

bool Rulebook::is_invited(RoomId at, UserId user) {
  return room(at).places.contains(user) && !is_member(at, user);
}

std::uint32_t Rulebook::rooms_of(UserId user) const {
  std::uint32_t count = 0;
  for (const KnownRoom& known : rooms_) {
    const auto found = known.places.find(user);
    if (found != known.places.end() && !found->second.is_unasked) ++count;
  }
  return count;
}

// --- Words ---------------------------------------------------------------------------------------

Rulebook::Command Rulebook::parse(std::string_view line) const {
  const auto words = split(line);
  if (words.empty()) return {};
  Command command{.kind = find_command(words[0])};
  std::size_t next = 1;
  const auto take = [&] { return next < words.size() ? words[next++] : std::string_view{}; };
  switch (command.kind) {
    case RequestKind::help:
      command.topic = take();
      break;
    case RequestKind::rooms:
      break;
    case RequestKind::create:
      command.room = take();
      if (next == words.size() && equal_ignoring_case(command.room, "private")) {
        command.room = {};
        command.is_private = true;
      } else if (next < words.size()) {
        command.is_private = equal_ignoring_case(take(), "private");
        if (!command.is_private) return {};
      }
      break;
    default:
      if (is_about_user(command.kind)) {
        command.user = take();
        if (command.user.empty()) return {};
      }
      if (command.kind == RequestKind::modify) {
        command.role = take();
        if (!is_role(command.role)) return {};
      }
      command.room = take();
  }
  return next < words.size() ? Command{} : command;
}

bool Rulebook::knows_topic(std::string_view topic) const {
  if (topic.starts_with(settings_.command_prefix)) topic.remove_prefix(1);
  return topic.empty() || find_command(topic) != RequestKind::bad_command;
}

// NAME, NAME@HOST or a URI, in angle brackets or not: a colon before the `@` ends a scheme.
std::optional<parser::Uri> Rulebook::resolve(std::string_view text, const Ask& ask) {
  if (text.size() >= 2 && text.starts_with('<') && text.ends_with('>')) {
    text = text.substr(1, text.size() - 2);
  }
  text_.clear();
  const std::string_view schemes[] = {"sip:", "sips:", "im:"};
  if (text.substr(0, text.find('@')).contains(':')) {
    const bool is_understood = std::ranges::any_of(schemes, [text](std::string_view scheme) {
      return starts_with_ignoring_case(text, scheme);
    });
    if (!is_understood) return std::nullopt;
    text_ = text;
  } else {
    text_ = "sip:";
    text_ += text;
    if (!text.contains('@')) {
      text_ += '@';
      text_ += ask.host;
    }
  }
  const auto uri = parser::parse_uri(text_);
  if (!uri || uri->user.empty() || uri->host.empty() || !names_fit(*uri)) return std::nullopt;
  return *uri;
}

// --- Rules ---------------------------------------------------------------------------------------

Verdict Rulebook::judge(const Ask& ask) {
  if (!ask.is_marked) senders_.insert(ask.sender);
  Verdict verdict{.room = ask.addressed};
  const Command command = ask.is_command ? parse(ask.command) : Command{};
  if (ask.is_command) {
    verdict.kind = command.kind;
    verdict.is_room_change =
        command.kind != RequestKind::bad_command && command.kind != RequestKind::list &&
        command.kind != RequestKind::rooms && command.kind != RequestKind::help;
  }
  if (ask.is_marked) {
    verdict.code = 482;
  } else if (!ask.is_command) {
    verdict.code = judge_chat(ask, verdict);
  } else if (ask.is_encoded) {
    verdict.code = 415;
  } else {
    verdict.code = judge_command(command, ask, verdict);
  }
  return verdict;
}

std::uint16_t Rulebook::judge_chat(const Ask& ask, Verdict& verdict) {
  if (!room(ask.addressed).exists) return 404;
  if (!is_member(ask.addressed, ask.sender) || ask.is_anonymous || ask.is_forged) return 403;
  verdict.is_heard = !ask.goes_nowhere;
  return 200;
}

std::uint16_t Rulebook::judge_command(const Command& command, const Ask& ask, Verdict& verdict) {
  const bool enters = command.kind == RequestKind::create || command.kind == RequestKind::join ||
                      command.kind == RequestKind::accept;
  if (command.kind == RequestKind::bad_command) return 400;
  if (enters && ask.is_anonymous) return 403;
  if (command.kind == RequestKind::help) return knows_topic(command.topic) ? 200 : 400;
  if (command.kind == RequestKind::rooms) return 200;
  if (!command.room.empty()) {
    const auto uri = resolve(command.room, ask);
    if (!uri) return 400;
    verdict.room = names_.room(*uri);
  }
  const KnownRoom& known = room(verdict.room);
  if (command.kind == RequestKind::create) {
    if (!known.exists) return make(command, ask.sender, verdict);
    return settings_.check_on_create ? 403 : enter(ask.sender, verdict);
  }
  if (command.kind == RequestKind::join) {
    if (known.exists) return enter(ask.sender, verdict);
    return settings_.create_on_join ? make(command, ask.sender, verdict) : 404;
  }
  if (is_about_user(command.kind)) return judge_about_user(command, ask, verdict);
  if (!known.exists) return 404;
  if (command.kind == RequestKind::accept || command.kind == RequestKind::deny) {
    if (!is_invited(verdict.room, ask.sender)) return 403;
    if (command.kind == RequestKind::accept) return enter(ask.sender, verdict);
    verdict.changes = {{Kind::delete_member, verdict.room, ask.sender}};
    return 200;
  }
  return judge_by_member(command, ask.sender, verdict);
}

// exit, destroy and list.
std::uint16_t Rulebook::judge_by_member(const Command& command, UserId sender, Verdict& verdict) {
  if (!is_member(verdict.room, sender)) return 403;
  if (command.kind == RequestKind::list) return 200;
  const bool owns = room(verdict.room).places.at(sender).is_owner();
  if (command.kind == RequestKind::exit && !owns) {
    verdict.changes = {{Kind::delete_member, verdict.room, sender}};
    return 200;
  }
  if (!owns || (command.kind == RequestKind::exit && !settings_.owner_exit_destroys)) return 403;
  verdict.changes = {{Kind::delete_room, verdict.room}};
  return 200;
}

std::uint16_t Rulebook::judge_about_user(const Command& command, const Ask& ask, Verdict& verdict) {
  const auto uri = resolve(command.user, ask);
  if (!uri) return 400;
  const UserId user = names_.user(*uri);
  const RoomId at = verdict.room;
  if (!room(at).exists) return 404;
  if (!is_member(at, ask.sender)) return 403;
  if (command.kind == RequestKind::modify) return modify(ask.sender, user, command.role, verdict);
  if (!has_rank(at, ask.sender)) return 403;
  const auto& places = room(at).places;
  switch (command.kind) {
    case RequestKind::invite:
      if (places.contains(user)) return 403;
      if (!has_space(at)) return 480;
      verdict.asks = true;
      verdict.unasked = user;
      verdict.changes = {{Kind::put_member, at, user, invited}};
      return 200;
    case RequestKind::add:
      if (is_member(at, user)) return 403;
      if (!places.contains(user)) {
        if (!has_space(at)) return 480;
        verdict.unasked = user;
      }
      verdict.asks = true;
      verdict.joined = user;
      verdict.changes = {{Kind::put_member, at, user}};
      return 200;
    default:  // remove
      if (!places.contains(user)) return 404;
      if (places.at(user).is_owner()) return 403;
      verdict.changes = {{Kind::delete_member, at, user}};
      return 200;
  }
}

std::uint16_t Rulebook::make(const Command& command, UserId sender, Verdict& verdict) {
  if (!settings_.anyone_creates_rooms || !is_name_for_room(verdict.room)) return 403;
  if (is_address_of_user(verdict.room)) return 403;
  if (!may_have_more(sender)) return 480;
  verdict.joined = sender;
  verdict.consents = true;
  // Rows without a room that bear its name must not come to life in it.
  verdict.changes = {{Kind::delete_room, verdict.room},
                     {Kind::put_room, verdict.room, 0, command.is_private ? is_private : 0},
                     {Kind::put_member, verdict.room, sender, owner}};
  return 200;
}

// Into a room that exists.
std::uint16_t Rulebook::enter(UserId sender, Verdict& verdict) {
  const RoomId at = verdict.room;
  if (is_member(at, sender)) {
    verdict.may_move_sender = true;
    verdict.consents = true;
    return 200;
  }
  const bool was_invited = is_invited(at, sender);
  if (!was_invited) {
    if (room(at).is_private) return 403;
    if (!has_space(at)) return 480;
  }
  const bool is_counted = was_invited && !room(at).places.at(sender).is_unasked;
  if (!is_counted && !may_have_more(sender)) return 480;
  verdict.joined = sender;
  verdict.consents = true;
  verdict.changes = {{Kind::put_member, at, sender}};
  return 200;
}

std::uint16_t Rulebook::modify(UserId sender, UserId user, std::string_view role,
                               Verdict& verdict) {
  const RoomId at = verdict.room;
  if (!room(at).places.at(sender).is_owner()) return 403;
  if (!is_member(at, user)) return 404;
  const bool hands_over = equal_ignoring_case(role, "owner");
  if (user == sender) return hands_over ? 200 : 403;
  if (hands_over) {
    verdict.changes = {{Kind::put_member, at, sender, admin}, {Kind::put_member, at, user, owner}};
  } else {
    const bool to_admin = equal_ignoring_case(role, "admin");
    verdict.changes = {{Kind::put_member, at, user, to_admin ? admin : 0}};
  }
  return 200;
}

bool Rulebook::has_space(RoomId at) { return room(at).places.size() < settings_.max_members; }

// Of the plan's two sets of patterns: all, or some names of one domain.
bool Rulebook::is_name_for_room(RoomId at) const {
  if (settings_.room_names == std::vector<std::string>{"*"}) return true;
  const std::string_view key = names_.room_key(at);
  return key.starts_with("r0@") || (key.ends_with("1@example.org") && key != "1@example.org");
}

bool Rulebook::is_address_of_user(RoomId at) {
  const auto is_there = [&](UserId user) { return names_.is_at(user, at); };
  if (std::ranges::any_of(senders_, is_there)) return true;
  return std::ranges::any_of(rooms_, [&](const KnownRoom& known) {
    return std::ranges::any_of(known.places,
                               [&](const auto& place) { return is_there(place.first); });
  });
}

// --- Changes -------------------------------------------------------------------------------------

void Rulebook::carry_out(const std::vector<Change>& changes, UserId joined, std::uint64_t command) {
  for (const Change& change : changes) {
    KnownRoom& known = room(change.room);
    switch (change.kind) {
      case Kind::put_room:
        known.exists = true;
        known.is_private = (change.flags & is_private) != 0;
        break;
      case Kind::delete_room:
        known = {};
        break;
      case Kind::put_member: {
        // Of a room that the store has refused.
        if (!known.exists) break;
        const auto [entry, is_new] = known.places.try_emplace(change.user);
        Place& place = entry->second;
        if (is_new) place.is_unasked = (change.flags & invited) != 0;
        place.flags = change.flags;
        if (change.user == joined) place.joined_by = command;
        break;
      }
      case Kind::delete_member:
        known.places.erase(change.user);
        break;
      case Kind::other:
        break;
    }
  }
}

void Rulebook::set_unasked(RoomId at, UserId user, bool is_unasked) {
  auto& places = room(at).places;
  const auto found = places.find(user);
  if (found != places.end()) found->second.is_unasked = is_unasked;
}

void Rulebook::release(RoomId at, UserId joined, std::uint64_t command) {
  auto& places = room(at).places;
  const auto found = places.find(joined);
  if (found != places.end() && found->second.joined_by == command) found->second.joined_by = 0;
}

void Rulebook::load(StoredRooms& rows) {
  rooms_.clear();
  senders_.clear();
  for (RoomId at = 0; at < rows.size(); ++at) load_room(at, rows[at]);
}

void Rulebook::load_room(RoomId at, const StoredRoom& row) {
  KnownRoom& known = room(at);
  known = {};
  if (!row.exists) return;
  known.exists = true;
  known.is_private = (row.flags & is_private) != 0;
  for (const auto& [user, flags] : row.members) {
    known.places[user] = {.flags = flags, .is_unasked = (flags & invited) != 0};
  }
}

}  // namespace imcd::sim
