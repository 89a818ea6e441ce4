// Checker: what the server sends to members by itself: each message once, in order, within its
// windows, and to nobody else.

#include <fmt/format.h>

#include "base/limits.h"
#include "sim/checker.h"

namespace imcd::sim {

using parser::HeaderName;

namespace {

constexpr std::string_view notice_mark = "*** ";
// A little less than limits::user_lively_s, which is counted in whole seconds.
constexpr Duration user_lively = std::chrono::seconds(limits::user_lively_s - 2);

std::size_t index_of(const Address& peer) {
  return static_cast<std::size_t>(peer.ip[14] & 3U) << 8 | peer.ip[15];
}

std::string_view branch_of(const parser::MessageView& view) {
  const auto field = view.find(HeaderName::via);
  const auto via = field ? parser::parse_via(*field) : std::unexpected(parser::ParseError{});
  return via ? via->branch : std::string_view{};
}

std::uint64_t& entry(std::vector<std::uint64_t>& by_user, UserId user) {
  if (user >= by_user.size()) by_user.resize(user + 1);
  return by_user[user];
}
std::uint32_t& entry(std::vector<std::uint32_t>& by_user, UserId user) {
  if (user >= by_user.size()) by_user.resize(user + 1);
  return by_user[user];
}

}  // namespace

std::uint32_t Checker::on_request(std::string_view bytes, const Address& to) {
  if (view_.method == parser::Method::options) return none;  // A question to a proxy.
  parser::RequestFields fields;
  if (!parser::parse_request_fields(view_, fields)) {
    fail("what is sent is SIP", fmt::format("a server would refuse this: {}", bytes));
  }
  world_.counts.add(Tally::delivery_copies);
  const std::string_view branch = branch_of(view_);
  if (const auto number = ledger_.find_delivery(branch)) {
    on_repeated_delivery(*number, bytes);
    return *number;
  }
  world_.counts.add(Tally::deliveries);
  Delivery delivery{.life = life_,
                    .user = names_.user(fields.request_uri),
                    .hop = static_cast<std::uint32_t>(index_of(to)),
                    .request = std::hash<std::string_view>()(bytes),
                    .first_sent = world_.now.mono};
  if (!view_.body.starts_with(notice_mark)) {
    const auto chat = find_chat_mark(view_.body);
    if (chat && ledger_.has_chat(*chat)) delivery.chat = *chat;
  }
  const std::uint32_t number = ledger_.new_delivery(branch, delivery);
  on_new_delivery(number);
  check_window(number, to);
  return number;
}

// RFC 3261 17.1.2.2: again by Timer E, never after the final response or Timer F.
void Checker::on_repeated_delivery(std::uint32_t number, std::string_view bytes) {
  Delivery& delivery = ledger_.delivery(number);
  if (delivery.life != life_) fail("branches are new", "a branch of an earlier process is used");
  if (delivery.is_over) {
    fail("client transactions end",
         fmt::format("a delivery is sent again after {}",
                     delivery.final_code != 0 ? "its answer" : "Timer F"));
  }
  if (delivery.request != std::hash<std::string_view>()(bytes)) {
    fail("retransmissions are the same", fmt::format("not the bytes sent before: {}", bytes));
  }
  const bool was_there = delivery.user < answered_at_.size() &&
                         world_.now.mono - answered_at_[delivery.user] < user_lively &&
                         answered_at_[delivery.user] != MonoTime{};
  // Who only takes his time has it.
  const bool is_lost = delivery.answer == 0;
  if (delivery.copies == 1 && was_there && is_lost) ++hops_[delivery.hop].losses;
  constexpr std::uint32_t copies_max = 11;  // At 0, 0.5, 1.5, 3.5, and then every 4 s.
  const Duration age = world_.now.mono - delivery.first_sent;
  if (++delivery.copies > copies_max || age < limits::timer_t1) {
    fail("retransmissions keep their times",
         fmt::format("copy {} at {} ms", delivery.copies, age / 1ms));
  }
}

void Checker::on_new_delivery(std::uint32_t number) {
  Delivery& delivery = ledger_.delivery(number);
  ++outstanding_;
  by_timeout_.push_back(number);
  // RFC 3428 8: so many pending messages for one user.
  const std::uint32_t window = world_.plan.settings.deliveries.delivery_window;
  if (++entry(outstanding_of_, delivery.user) > window) {
    fail("one pending message a user",
         fmt::format("{} are pending for {}", outstanding_of_[delivery.user],
                     names_.user_key(delivery.user)));
  }
  if (view_.body.starts_with(notice_mark)) {
    check_notice(number);
  } else if (delivery.chat != none && delivery.user < world_.plan.users) {
    check_chat_delivery(number);
  }
}

void Checker::check_chat_delivery(std::uint32_t number) {
  const Delivery& delivery = ledger_.delivery(number);
  const Chat& chat = ledger_.chat(delivery.chat);
  if (chat.is_ambiguous) return;
  const auto story = [&](std::string_view what) {
    return fmt::format("message {} {} to {}", delivery.chat, what, names_.user_key(delivery.user));
  };
  if (chat.life != life_ || (chat.recipients & only(delivery.user)) == 0) {
    fail("only members hear", story("goes") + ", who was no member when the room accepted it");
  }
  if (chat.expires && *chat.expires <= world_.now.wall) {
    fail("what has expired is not sent", story("goes late"));
  }
  // A 503 was not executed (RFC 3261 21.5.4), so that one may be tried again.
  std::uint32_t& last = ledger_.last_delivery(delivery.chat, delivery.user);
  if (last != none && ledger_.delivery(last).life == life_ &&
      ledger_.delivery(last).final_code != 503) {
    fail("no message twice", story("goes a second time"));
  }
  last = number;
  std::uint64_t& newest = entry(last_index_of_, delivery.user);
  if (chat.index < newest && world_.plan.settings.deliveries.delivery_window == 1) {
    fail("messages stay in order", story("goes after a later one"));
  }
  newest = std::max(newest, chat.index);
}

// Notices come from a room to those who have to do with it, as often as their command was executed.
void Checker::check_notice(std::uint32_t number) {
  const Delivery& delivery = ledger_.delivery(number);
  const auto from = parser::parse_name_addr(*view_.find(HeaderName::from), parser::Fault::bad_from);
  const RoomId room = names_.room(from->uri);
  const UserSet user = only(delivery.user);
  const UserSet inside = room < ever_in_.size() ? ever_in_[room] : 0;
  const UserSet asked = room < ever_asked_.size() ? ever_asked_[room] : 0;
  const bool is_list = view_.body.starts_with("*** Members of ");
  if (delivery.user < world_.plan.users && (user & (is_list ? inside : inside | asked)) == 0) {
    fail("notices stay in the room",
         fmt::format("{} gets: {}", names_.user_key(delivery.user), view_.body));
  }
  const auto in_reply_to = view_.find(HeaderName::in_reply_to);
  if (!in_reply_to) return;
  const std::uint64_t call_id = Reader::hash(*in_reply_to);
  const std::uint64_t key =
      Reader::hash(view_.body) ^ (call_id + delivery.user * 0x9e3779b97f4a7c15ULL);
  NoticeKey& notice = notices_[key];
  const bool was_refused =
      notice.delivery != none && ledger_.delivery(notice.delivery).final_code == 503;
  if (!was_refused) ++notice.times;
  notice.delivery = number;
  if (notice.times > executed_[call_id]) {
    fail("no request is executed twice",
         fmt::format("{} gets again: {}", names_.user_key(delivery.user), view_.body));
  }
}

// DESIGN 5 "Hop pacing": when deliveries to users who are there get lost, the hop gets fewer. The
// longest pace is as long as it takes until a delivery is sent again, so at most a window's size
// twice a second can be in that case. The pace gets there within eight doublings.
void Checker::check_pace(Hop& hop) {
  constexpr std::uint32_t lossy_seconds_most = 15;
  const Duration since = world_.now.mono - hop.second;
  if (since < 1s) return;
  const std::uint32_t slow = 3 * world_.plan.settings.deliveries.hop_window + 3;
  const bool is_lossy = since < 1100ms && hop.losses > slow && hop.losses * 10 > hop.starts;
  hop.lossy_seconds = is_lossy ? hop.lossy_seconds + 1 : 0;
  if (hop.lossy_seconds > lossy_seconds_most) {
    fail("losses slow the pace",
         fmt::format("{} of {} deliveries are lost in a second, as in those before", hop.losses,
                     hop.starts));
  }
  hop.second = world_.now.mono;
  hop.starts = hop.losses = 0;
}

// DESIGN 5 "Hop pacing": never more than the window's size that are neither answered nor so old.
void Checker::check_window(std::uint32_t number, const Address& to) {
  Hop& hop = hops_[index_of(to)];
  while (!hop.sent.empty()) {
    Delivery& oldest = ledger_.delivery(hop.sent.front());
    if (oldest.in_window && world_.now.mono - oldest.first_sent < limits::hop_pace) break;
    leave_window(oldest);
    hop.sent.pop_front();
  }
  check_pace(hop);
  ++hop.starts;
  hop.sent.push_back(number);
  if (++hop.in_window > world_.plan.settings.deliveries.hop_window) {
    fail("the hop's window holds",
         fmt::format("{} datagrams at once to {}", hop.in_window, party_name(to)));
  }
}

void Checker::leave_window(Delivery& delivery) {
  if (!delivery.in_window) return;
  delivery.in_window = false;
  --hops_[delivery.hop].in_window;
}

// --- Answers of members --------------------------------------------------------------------------

void Checker::on_member_answered(const Reading& response, bool is_damaged) {
  const std::uint16_t status = response.status;
  const auto number = ledger_.find_delivery(response.branch);
  if (!number) return;
  Delivery& delivery = ledger_.delivery(*number);
  if (delivery.life != life_ || delivery.is_over) return;
  leave_window(delivery);
  if (status < 200) return;
  delivery.final_code = status;
  delivery.final_was_damaged = is_damaged;
  if (status < 300) {
    ++accepted_;
    if (delivery.user >= answered_at_.size()) answered_at_.resize(delivery.user + 1);
    answered_at_[delivery.user] = world_.now.mono;
  }
  if (world_.plan.is_calm && status >= 300 && delivery.user < world_.plan.users) {
    fail("each message is heard", fmt::format("in calm weather a delivery ended with {}", status));
  }
  end_delivery(delivery);
}

void Checker::end_delivery(Delivery& delivery) {
  delivery.is_over = true;
  leave_window(delivery);
  --outstanding_;
  --outstanding_of_[delivery.user];
}

// Timer F.
void Checker::forget_timed_out() {
  while (!by_timeout_.empty()) {
    Delivery& delivery = ledger_.delivery(by_timeout_.front());
    if (!delivery.is_over) {
      if (world_.now.mono - delivery.first_sent < limits::timer_f) return;
      if (world_.plan.is_calm)
        fail("each message is heard", "in calm weather a delivery timed out");
      end_delivery(delivery);
    }
    by_timeout_.pop_front();
  }
}

// --- Hearing -------------------------------------------------------------------------------------

void Checker::on_heard(std::uint32_t number) {
  const Delivery& delivery = ledger_.delivery(number);
  if (delivery.chat == none) {
    world_.counts.add(Tally::notices_heard);
    return;
  }
  Chat& chat = ledger_.chat(delivery.chat);
  world_.counts.add(Tally::heard);
  if (chat.is_ambiguous || chat.life != delivery.life || delivery.user >= world_.plan.users) return;
  if ((chat.heard & only(delivery.user)) != 0) {
    fail("no message twice",
         fmt::format("{} hears message {} again", names_.user_key(delivery.user), delivery.chat));
  }
  chat.heard |= only(delivery.user);
  const bool is_good_talk =
      world_.plan.is_one_bad_user && is_good(chat.sender) && is_good(delivery.user);
  if (is_good_talk && world_.now.mono - chat.accepted.mono > 1s) {
    fail("good users are heard",
         fmt::format("after {} ms", (world_.now.mono - chat.accepted.mono) / 1ms));
  }
  if (world_.plan.measures_latency) {
    world_.counts.add_latency(world_.now.mono - chat.accepted.mono);
  }
  if (delivery.life != life_) return;
  // What was given up, by Timer F or for an answer to a damaged copy, may still arrive, after what
  // followed it.
  const bool is_late = delivery.is_over;
  std::uint64_t& newest = entry(last_heard_of_, delivery.user);
  if (chat.index < newest && !is_late && world_.plan.settings.deliveries.delivery_window == 1) {
    fail("messages stay in order", fmt::format("{} hears message {} after a later one",
                                               names_.user_key(delivery.user), delivery.chat));
  }
  newest = std::max(newest, chat.index);
}

}  // namespace imcd::sim
