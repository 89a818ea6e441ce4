#include "sim/workload.h"

#include <algorithm>
#include <fmt/format.h>

namespace imcd::sim {

Workload::Workload(World& world, Names& names, Ledger& ledger, Rulebook& rules, Peers& peers,
                   Requests& requests)
    : world_(world),
      names_(names),
      ledger_(ledger),
      rules_(rules),
      peers_(peers),
      requests_(requests),
      dice_(world.dice.fork()) {}

bool Workload::act() {
  ++actions_;
  if (world_.plan.is_one_talk) {
    join_and_talk();
  } else if (world_.plan.is_one_bad_user) {
    spoil();
  } else if (const std::size_t what = dice_.below(100); what < 47) {
    chat();
  } else if (what < 49) {
    burst();
  } else if (what < 90 || !world_.plan.strange_requests || world_.plan.is_calm) {
    command();
  } else {
    strange();
  }
  return actions_ < world_.plan.actions;
}

Duration Workload::pause() {
  const Duration mean = world_.plan.action_every;
  if (world_.plan.is_one_talk || world_.plan.is_one_bad_user) return mean;
  if (dice_.chance(0.02)) return 30 * mean;
  if (dice_.chance(0.3)) return mean / 50;
  return dice_.between(Duration::zero(), 2 * mean);
}

void Workload::join_and_talk() {
  const bool is_joining = actions_ <= world_.plan.users;
  const std::size_t user = is_joining ? actions_ - 1 : any_user();
  send(draft(user, room_uri(0), is_joining ? "#join" : chat_text()));
}

// --- One bad user ---------------------------------------------------------------------------------

void Workload::spoil() {
  if (actions_ <= world_.plan.users) return gather_beside(actions_ - 1);
  if (!dice_.chance(0.08)) return be_bad();
  const std::size_t user = 2 * (1 + dice_.below(world_.plan.users / 2 - 1));
  send(draft(user, room_uri(0), chat_text()));
}

// Room 0 is the good users', room 1 the bad user's, and room 2 is private.
void Workload::gather_beside(std::size_t user) {
  send(draft(user, room_uri(is_good(user) ? 0 : 1), "#join"));
  if (user == 2) send(draft(user, room_uri(2), "#create private"));
}

void Workload::be_bad() {
  const auto say = [this](std::size_t room, const std::string& body) {
    send(draft(0, room_uri(room), body));
  };
  switch (dice_.below(10)) {
    case 0:
      return say(1, "#help");
    case 1:
      return say(1, "#rooms");
    case 2:
      return say(2, "#join");  // He knocks.
    case 3:
      return say(3 + dice_.below(world_.plan.rooms - 3), "#create");
    case 4:
      return say(1, "#add" + user_argument());
    case 5:
      return say(1, "#invite" + user_argument());
    case 6:
      return say(1, chat_text() + "\r\n<u2@example.org>: yes\r\n*** The room was ended.");
    case 7:
      return say(1, "#" + command_line());
    default:
      return say(1, dice_.chance(0.5) ? "#list" : chat_text() + filler(dice_.below(600)));
  }
}

// --- People --------------------------------------------------------------------------------------

RoomId Workload::room_id(std::size_t room) {
  return names_.room(fmt::format("sip:r{}@example.org", room));
}

template <class Is>
std::size_t Workload::one_who(std::size_t room, Is&& is) {
  if (dice_.chance(0.12)) return any_user();
  std::vector<std::size_t> fitting;
  for (const auto& [user, place] : rules_.room(room_id(room)).places) {
    if (user < world_.plan.users && is(place)) fitting.push_back(user);
  }
  return fitting.empty() ? any_user() : dice_.pick(fitting);
}

std::size_t Workload::member_of(std::size_t room) {
  return one_who(room, [](const Place& place) { return place.is_member(); });
}
std::size_t Workload::ranked_in(std::size_t room) {
  return one_who(room, [](const Place& place) { return place.has_rank(); });
}
std::size_t Workload::owner_of(std::size_t room) {
  return one_who(room, [](const Place& place) { return place.is_owner(); });
}
std::size_t Workload::invited_to(std::size_t room) {
  return one_who(room, [](const Place& place) { return !place.is_member(); });
}

// --- What they say -------------------------------------------------------------------------------

std::string Workload::filler(std::size_t bytes) {
  constexpr std::string_view words[] = {" hello", " who is there",   " gr\xc3\xbc\xc3\x9f dich",
                                        " :-)",   " #not a command", "\r\nsecond line"};
  std::string out;
  while (out.size() < bytes) out += dice_.pick(words);
  return out;
}

std::string Workload::chat_text() {
  std::string text = chat_mark(ledger_.new_chat());
  if (dice_.chance(0.5)) text += filler(dice_.below(80));
  return text;
}

void Workload::chat() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  Draft message = draft(member_of(room), room_uri(room), chat_text());
  if (dice_.chance(0.03)) message.body += filler(dice_.below(1500));
  if (dice_.chance(0.05)) message.content_type.clear();
  if (dice_.chance(0.03)) message.extra += fmt::format("Expires: {}\r\n", dice_.below(40));
  send(message);
}

void Workload::burst() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  const std::size_t members = rules_.room(room_id(room)).places.size();
  // Now and then more than a user's queue holds, where that does not take too long.
  const bool is_flood = members < 8 && dice_.chance(0.05);
  for (std::size_t left = is_flood ? 400 : dice_.between(3, 25); left > 0; --left) {
    send(draft(member_of(room), room_uri(room), chat_text()));
  }
}

std::string Workload::room_uri(std::size_t room) {
  const bool has_alias = !world_.plan.settings.conference.domains.empty();
  if (has_alias && dice_.chance(0.2)) return fmt::format("sip:r{}@chat.example.org", room);
  if (dice_.chance(0.05)) return fmt::format("sip:R{}@Example.ORG", room);
  if (dice_.chance(0.03)) return fmt::format("sip:%72{}@example.org", room);
  return fmt::format("sip:r{}@example.org", room);
}

std::string Workload::room_argument(std::size_t room) {
  switch (dice_.below(8)) {
    case 0:
      return fmt::format(" r{}", room);
    case 1:
      return fmt::format("  R{}@example.org ", room);
    case 2:
      return fmt::format(" sip:r{}@example.org", room);
    case 3:
      return fmt::format(" im:r{}@example.org", room);
    default:
      return {};
  }
}

std::string Workload::user_argument() {
  const User& user = peers_.users()[any_user()];
  switch (dice_.below(10)) {
    case 0:
      return " " + user.uri.substr(4, user.uri.find('@') - 4);
    case 1:
      return fmt::format(" <{}>", user.uri);
    case 2: {
      std::string name = " " + user.uri;
      name[5] = 'U';
      return name;
    }
    case 3:
      return " im" + user.uri.substr(3);
    default:
      return " " + user.uri;
  }
}

void Workload::command() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  const auto say = [&](std::size_t user, std::string_view words) {
    Draft message =
        draft(user, room_uri(room),
              fmt::format("{}{}", world_.plan.settings.conference.command_prefix, words));
    if (dice_.chance(0.03)) message.content_type.clear();
    if (dice_.chance(0.03)) message.body += "\r\nand more that does not count";
    send(message);
  };
  const std::string argument = room_argument(room);
  constexpr std::string_view roles[] = {"admin", "member", "owner", "king"};
  const bool exists = rules_.room(room_id(room)).exists;
  switch (exists ? dice_.below(34) : dice_.below(12)) {
    case 0:
    case 1:
      return say(any_user(), "create" + argument);
    case 2:
      return say(any_user(), "create" + argument + " private");
    case 3:
    case 4:
    case 5:
    case 6:
    case 7:
      return say(any_user(), (dice_.chance(0.1) ? "JoIn" : "join") + argument);
    case 8:
      return say(any_user(), "rooms");
    case 9:
      return say(any_user(), dice_.chance(0.5) ? "help" : "help " + std::string("invite"));
    case 10:
      return say(any_user(), command_line());
    case 11:
    case 12:
    case 13:
    case 14:
    case 15:
      return say(ranked_in(room), "invite" + user_argument() + argument);
    case 16:
    case 17:
    case 18:
      return say(invited_to(room), "accept" + argument);
    case 19:
      return say(invited_to(room), (dice_.chance(0.5) ? "deny" : "reject") + argument);
    case 20:
    case 21:
      return say(ranked_in(room), "add" + user_argument() + argument);
    case 22:
    case 23:
    case 24:
      return say(ranked_in(room),
                 (dice_.chance(0.5) ? "remove" : "kick") + user_argument() + argument);
    case 25:
    case 26:
    case 27:
      return say(owner_of(room),
                 fmt::format("modify{} {}{}", user_argument(), dice_.pick(roles), argument));
    case 28:
    case 29:
    case 30:
      return say(member_of(room), (dice_.chance(0.5) ? "exit" : "leave") + argument);
    case 31:
      return say(owner_of(room), "destroy" + argument);
    default:
      return say(member_of(room), (dice_.chance(0.5) ? "list" : "members") + argument);
  }
}

// Words that make no command, or a wrong one.
std::string Workload::command_line() {
  const std::string lines[] = {"",
                               "invite",
                               "add",
                               "kick",
                               "modify",
                               "modify u1",
                               "modify u1 emperor",
                               "hello",
                               "join r1 r2",
                               "join sip:@example.org",
                               "join <sip:r1@example.org",
                               "create r1 public",
                               "create private private",
                               "create " + std::string(65, 'x'),
                               "invite " + std::string(200, 'y'),
                               "help nonsense",
                               "rooms now",
                               "exit r1 at once",
                               std::string(300, 'z'),
                               "\tlist\t",
                               "list \xff\xfe",
                               "add u1@ r1",
                               "join r99@" + std::string(129, 'h')};
  return dice_.pick(lines);
}

// --- How it goes out -----------------------------------------------------------------------------

Workload::Draft Workload::draft(std::size_t user, std::string room, std::string body) {
  const std::uint32_t number = requests_.next_number();
  Draft message;
  message.user = user;
  message.source = peers_.source_of(user);
  message.room = std::move(room);
  message.branch = fmt::format("z9hG4bKw{}{}", Requests::branch_mark, number);
  message.from = fmt::format("<{}>;tag=t{}", peers_.users()[user].uri, number);
  if (dice_.chance(0.05)) message.from[5] = 'U';
  message.call_id = fmt::format("c{}@sim", number);
  message.body = std::move(body);
  return message;
}

// With a proxy's on top where the user is behind one.
void Workload::write_vias(Draft& draft) {
  // A stranger would like somebody else to get the answer.
  draft.vias = fmt::format("Via: SIP/2.0/UDP {};rport;branch={}{}\r\n", address_text(draft.source),
                           draft.branch, is_trusted(draft.source) ? "" : ";maddr=127.0.0.9");
  const Address own = user_address(draft.user);
  if (draft.source != own) {
    draft.vias += fmt::format("v: SIP/2.0/UDP {};branch={}u;received=127.0.0.9\r\n",
                              address_text(own), draft.branch);
  }
}

std::string Workload::text(const Draft& draft) {
  return fmt::format(
      "{} {} SIP/2.0\r\n{}From: {}\r\nTo: <{}>\r\nCall-ID: {}\r\nCSeq: {} {}\r\n"
      "Max-Forwards: {}\r\n{}{}{}Content-Length: {}\r\n\r\n{}",
      draft.method, draft.room, draft.vias, draft.from, draft.room, draft.call_id, draft.cseq,
      draft.method, draft.max_forwards, draft.extra,
      draft.content_type.empty() ? "" : "Content-Type: ",
      draft.content_type.empty() ? "" : draft.content_type + "\r\n", draft.body.size(), draft.body);
}

void Workload::send(const Draft& draft, bool repeats) {
  last_ = draft;
  write_vias(*last_);
  requests_.start(draft.source, text(*last_), repeats);
}

}  // namespace imcd::sim
