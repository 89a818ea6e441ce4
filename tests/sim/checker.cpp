#include "sim/checker.h"

#include <bit>
#include <fmt/format.h>
#include <unordered_set>

namespace imcd::sim {
namespace {

// Comparing all rooms costs as much as some dozen steps.
constexpr std::uint64_t steps_between_comparisons = 1024;

}  // namespace

Checker::Checker(World& world, Names& names, Ledger& ledger, const db::MemoryDatabase& database)
    : world_(world),
      names_(names),
      ledger_(ledger),
      database_(database),
      reader_(names, world.plan.settings),
      rules_(names, world.plan.settings.conference) {
  stored_ = rows();
}

void Checker::fail(std::string check, const std::string& story) const {
  throw Violation(std::move(check), story);
}

// --- The process ---------------------------------------------------------------------------------

void Checker::on_start(server::Server& server, const Figures& figures) {
  server_ = &server;
  figures_ = &figures;
  ++life_;
  is_loaded_ = false;
}

// An acknowledged change survives: the rows are what was committed, and they become the rooms.
void Checker::before_loaded() {
  begin_step();
  compare_rows();
  rules_.load(stored_);
  for (RoomId room = 0; room < stored_.size(); ++room) {
    for (const auto& [user, flags] : stored_[room].members) note_place(room, user);
  }
  is_loaded_ = true;
  may_repair_ = true;
}

void Checker::on_death() {
  server_ = nullptr;
  figures_ = nullptr;
  exchanges_.clear();
  pending_.clear();
  in_flight_.clear();
  batch_ = 0;
  applied_batch_ = 0;
  pending_records_ = 0;
  met_.clear();
  hours_.clear();
  failures_seen_ = 0;
  outstanding_ = 0;
  accepted_ = 0;
  by_timeout_.clear();
  outstanding_of_.clear();
  last_index_of_.clear();
  last_heard_of_.clear();
  answered_at_.clear();
  hops_ = {};
  notices_.clear();
  executed_.clear();
  buckets_.clear();
}

void Checker::on_exit(int code) {
  if (code != 0) return;
  if (!pending_.empty() || !in_flight_.empty()) {
    fail("orderly stop", "the process ended with code 0, but room changes are not stored");
  }
}

// --- One input -----------------------------------------------------------------------------------

void Checker::begin_step() {
  expected_ = {};
  may_repair_ = false;
  has_command_ = false;
  released_.clear();
  ++steps_;
  world_.counts.add(Tally::steps);
}

void Checker::before_deadline() {
  begin_step();
  exchanges_.forget_until(world_.now.mono);
  forget_timed_out();
}

void Checker::after_step(const Outbox& out) {
  numbers_.assign(out.datagrams().size(), none);
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    const Outbox::Datagram& datagram = out.datagrams()[i];
    const std::string_view bytes = out.bytes(datagram);
    if (!parser::parse_message(bytes, view_)) {
      fail("what is sent is SIP", fmt::format("this is not: {}", bytes));
    }
    if (view_.is_request) {
      numbers_[i] = on_request(bytes, datagram.to.peer);
    } else {
      on_response(bytes, datagram.to.peer);
    }
  }
  follow_sender();
  if (expected_.is_request && !expected_.is_answered) {
    if (!expected_.may_be_silent) {
      fail("each request is answered",
           fmt::format("a request that must be answered with {} was not", expected_.code));
    }
    const bool is_held = expected_.exchange != none && exchanges_[expected_.exchange].command != 0;
    if (!is_held) count_request(expected_.kind, 0);
  }
  for (const std::uint32_t exchange : released_) {
    if (exchanges_[exchange].code == 0) {
      fail("what is stored is answered", "a command is stored and was not answered");
    }
  }
  follow_withdrawals();
  check_sizes();
}

// Tables hold what they must and nothing more.
void Checker::check_sizes() {
  if (server_->server_transactions() != exchanges_.size()) {
    fail("server transactions end", fmt::format("there are {}, and must be {}",
                                                server_->server_transactions(), exchanges_.size()));
  }
  const auto& deliveries = server_->deliveries();
  const auto next = server_->next_deadline();
  const bool has_more_to_do = next && *next <= world_.now.mono;
  if (!has_more_to_do && deliveries.in_flight() != outstanding_) {
    fail("client transactions end",
         fmt::format("there are {}, and must be {}", deliveries.in_flight(), outstanding_));
  }
  if (is_loaded_ && steps_ % steps_between_comparisons == 0) compare_rooms();
  check_shares();
}

// Each share keeps within its bound, and so do the notices of who takes none: beside one bad user,
// nobody else speaks in the rooms that he is in.
void Checker::check_shares() const {
  for (std::size_t i = 0; i < static_cast<std::size_t>(Share::count); ++i) {
    const auto share = static_cast<Share>(i);
    if (figures_->memory_used[share].value() > figures_->memory_shares[share].value()) {
      fail("memory keeps within its shares",
           fmt::format("{} bytes of share {}", figures_->memory_used[share].value(), i));
    }
  }
  if (!world_.plan.is_one_bad_user) return;
  const std::string uri = user_uri(0);
  const Identity* const who = server_->identities().find(*parser::parse_uri(uri));
  if (who == nullptr) return;
  const std::size_t waiting = server_->deliveries().queued_for(*who);
  if (waiting > limits::user_notices_max) {
    fail("notices of one user are bounded", fmt::format("{} wait for him", waiting));
  }
}

// --- Rooms ---------------------------------------------------------------------------------------

void Checker::note_place(RoomId room, UserId user) {
  if (room >= ever_in_.size()) ever_in_.resize(room + 1);
  ever_in_[room] |= only(user);
}

void Checker::compare_rooms() {
  world_.counts.add(Tally::checks_of_all_rooms);
  std::size_t exist = 0;
  for (RoomId at = 0; at < rules_.rooms(); ++at) exist += rules_.room(at).exists ? 1U : 0U;
  if (exist != server_->conference().rooms().size()) {
    fail("rooms are as commands made them",
         fmt::format("there are {} rooms, and must be {}", server_->conference().rooms().size(),
                     exist));
  }
  server_->conference().rooms().for_each(
      [this](const imc::Room& room) { compare_room(names_.room(room.uri()), room); });
  check_figures();
}

void Checker::compare_room(RoomId at, const imc::Room& room) {
  const KnownRoom& known = rules_.room(at);
  if (!known.exists || known.is_private != room.is_private()) {
    fail("rooms are as commands made them", fmt::format("{} must {}", room.uri(),
                                                        !known.exists      ? "not exist"
                                                        : known.is_private ? "be private"
                                                                           : "be public"));
  }
  constexpr std::uint32_t memory_only = imc::member_joining | imc::member_unasked;
  std::size_t places = 0;
  room.members.for_each([&](const imc::Member& member) {
    ++places;
    const auto found = known.places.find(names_.user(member.who->user(), member.who->host()));
    const std::uint32_t flags = member.flags.load();
    const bool waits = (flags & imc::member_joining) != 0;
    const bool is_right = found != known.places.end() &&
                          found->second.flags == (flags & ~memory_only) &&
                          waits == (found->second.joined_by != 0) &&
                          found->second.is_unasked == ((flags & imc::member_unasked) != 0);
    if (is_right) return;
    fail("members are as commands made them",
         fmt::format("{} in {} has flags {:#x}, and must {}", member.who->address(), room.uri(),
                     flags,
                     found == known.places.end()
                         ? std::string("not be there")
                         : fmt::format("have {:#x}{}{}", found->second.flags,
                                       found->second.joined_by != 0 ? ", joining" : "",
                                       found->second.is_unasked ? ", unasked" : "")));
  });
  if (places != known.places.size()) {
    fail("members are as commands made them",
         fmt::format("{} has {} members and invited, and must have {}", room.uri(), places,
                     known.places.size()));
  }
}

void Checker::check_figures() {
  std::int64_t rooms[2] = {};
  std::int64_t members = 0;
  std::int64_t invited = 0;
  for (RoomId at = 0; at < rules_.rooms(); ++at) {
    const KnownRoom& known = rules_.room(at);
    if (!known.exists) continue;
    ++rooms[known.is_private ? 1 : 0];
    for (const auto& [user, place] : known.places) ++(place.is_member() ? members : invited);
  }
  if (rooms[0] != figures_->rooms_public.value() || rooms[1] != figures_->rooms_private.value() ||
      members != figures_->members.value() || invited != figures_->invitations_pending.value()) {
    fail("figures are right",
         fmt::format("rooms {} + {}, members {}, invitations {} must be {} + {}, {}, {}",
                     figures_->rooms_public.value(), figures_->rooms_private.value(),
                     figures_->members.value(), figures_->invitations_pending.value(), rooms[0],
                     rooms[1], members, invited));
  }
}

// --- The end -------------------------------------------------------------------------------------

void Checker::at_rest() {
  compare_rooms();
  compare_rows();
  const auto& deliveries = server_->deliveries();
  const auto must_be_gone = [this](std::size_t count, std::string_view what) {
    if (count != 0) fail("memory returns", fmt::format("at rest there are {} {}", count, what));
  };
  must_be_gone(deliveries.in_flight(), "deliveries under way");
  must_be_gone(deliveries.queued(), "deliveries waiting");
  must_be_gone(deliveries.pending_users(), "users with deliveries");
  must_be_gone(deliveries.resting_users(), "users remembered as away");
  must_be_gone(server_->deliveries().messages().size(), "texts");
  must_be_gone(server_->server_transactions(), "server transactions");
  must_be_gone(pending_.size() + in_flight_.size(), "room changes");
  must_be_gone(static_cast<std::size_t>(figures_->users_away.value()), "users counted as away");
  must_be_gone(static_cast<std::size_t>(figures_->delivery_queue_messages.value()),
               "deliveries counted as waiting");
  if (world_.plan.proxies < 2 && server_->next_deadline()) {
    fail("memory returns", "at rest the server still waits for time");
  }

  check_identities();

  // Each message was heard, or the server knows that it was not.
  std::uint64_t missing = 0;
  for (const Chat& chat : ledger_.chats()) {
    if (chat.life != life_ || chat.is_ambiguous) continue;
    missing += count_missing(chat);
  }
  const std::uint64_t dropped = deliveries_that_were(DeliveryResult::dropped) +
                                deliveries_that_were(DeliveryResult::unroutable);
  if (missing > dropped) {
    fail("each message is heard",
         fmt::format("{} deliveries are missing, {} are known to be dropped", missing, dropped));
  }
  const std::uint64_t accepted = deliveries_that_were(DeliveryResult::accepted);
  if (accepted != accepted_) {
    fail("deliveries are counted",
         fmt::format("{} count as accepted, {} were", accepted, accepted_));
  }
}

// Recipients to whom it was never sent. The others heard it, or theirs was refused or timed out.
std::uint64_t Checker::count_missing(const Chat& chat) {
  std::uint64_t missing = 0;
  for (UserSet left = chat.recipients & ~chat.heard; left != 0; left &= left - 1) {
    const auto user = static_cast<UserId>(std::countr_zero(left));
    const auto number = static_cast<std::uint32_t>(&chat - ledger_.chats().data());
    const std::uint32_t last = ledger_.last_delivery(number, user);
    if (last == none || ledger_.delivery(last).life != life_) {
      ++missing;
      if (world_.trace.on()) {
        world_.trace.note(world_.now, fmt::format("message {} was never sent to {}", number,
                                                  names_.user_key(user)));
      }
      continue;
    }
    const Delivery& delivery = ledger_.delivery(last);
    const bool was_accepted = delivery.final_code >= 200 && delivery.final_code < 300;
    if (delivery.is_over && (!was_accepted || delivery.final_was_damaged)) continue;
    fail("each message is heard",
         fmt::format("message {} counts as delivered to {}, who did not hear it", number,
                     names_.user_key(user)));
  }
  return missing;
}

// Who is in no room and has sent nothing is not remembered. A room lets go of those who left in
// turns, when half of its list is empty; where users come straight to us, the source of each is
// kept.
void Checker::check_identities() {
  constexpr std::size_t empty_places_max = 16;
  std::unordered_set<const Identity*> needed;
  std::size_t empty_places = 0;
  server_->conference().rooms().for_each([&](const imc::Room& room) {
    std::size_t places = 0;
    room.members.for_each([&](const imc::Member& member) {
      ++places;
      needed.insert(member.who);
    });
    room.invitations.for_each([&](const imc::Invitation& invitation) {
      if (invitation.inviter) needed.insert(invitation.inviter.get());
      needed.insert(invitation.invitee.get());
    });
    empty_places += std::max(places, empty_places_max);
  });
  const std::size_t identities = server_->identities().size();
  const std::size_t most = needed.size() + empty_places + rules_.senders();
  const bool keeps_sources = world_.plan.proxies == 0;
  if (identities >= needed.size() && (keeps_sources || identities <= most)) return;
  fail("memory returns",
       fmt::format("{} identities, and {} are needed", identities, needed.size()));
}

std::uint64_t Checker::deliveries_that_were(DeliveryResult result) const {
  return at(figures_->deliveries, result).value();
}

std::uint64_t Checker::failed_deliveries() const {
  return deliveries_that_were(DeliveryResult::refused) +
         deliveries_that_were(DeliveryResult::timed_out) +
         deliveries_that_were(DeliveryResult::unroutable) +
         deliveries_that_were(DeliveryResult::dropped);
}

}  // namespace imcd::sim
