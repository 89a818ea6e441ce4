// Proxies whose connections come, break, block and are refused at random, over TCP and UDP, by
// address and by name: what is promised holds all the same.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "base/limits.h"
#include "base/random.h"
#include "server/harness.h"

namespace imcd::server {
namespace {

const Address near_proxy = Address::ipv4({127, 0, 0, 1}, 7001);
const Address other_proxy = Address::ipv4({127, 0, 0, 1}, 7002);
const Address far_proxy = Address::ipv4({192, 0, 2, 7}, 5060);

const std::vector<std::vector<NextHop>> proxy_lists = {
    {{near_proxy, Transport::tcp}},
    {{near_proxy, Transport::tcp}, {other_proxy, Transport::tcp}},
    {{far_proxy}},
    {{near_proxy}, {other_proxy, Transport::tcp}},
    {{far_proxy, Transport::tcp}, {far_proxy}},
    {{"proxy.example", 0, Transport::tcp}, {near_proxy}},
    {{"proxy.example", 5060}},
};

class Storm {
 public:
  Storm(std::uint64_t seed, const std::vector<NextHop>& proxies)
      : random_({seed, 11}), h_({.settings = settings(proxies), .setup = setup(seed)}) {
    h_.on_sent = [this](Harness::Stream& stream, std::string_view bytes) {
      on_request(bytes, [this, id = stream.flow.stream](const std::string& answer) {
        h_.feed(h_.stream(id), answer);
      });
    };
    h_.network = [this](const Flow& to, std::string_view bytes) {
      if (to.peer != near_proxy && to.peer != other_proxy && to.peer != far_proxy) return true;
      if (is_rough_ && chance(10)) return false;
      on_request(bytes,
                 [this, from = to.peer](const std::string& answer) { h_.deliver(from, answer); });
      return false;
    };
    h_.dns = [this](const NameQuestion& question) { return ask(question); };
    for (const char* name : members) h_.peer(name).say("chat", "#join");
  }

  void blow() {
    for (int step = 0; step < 300; ++step) {
      const std::uint64_t what = random_.below(100);
      if (what < 55) {
        say(chance(15) ? 3000 : 0);
      } else if (what < 75) {
        meet_question(true);
      } else if (what < 80) {
        meet_question(false);
      } else if (what < 84) {
        if (const auto stream = any_open()) h_.end(h_.stream(*stream), StreamEnd::lost);
      } else if (what < 90) {
        if (const auto stream = any_open()) set_blocked(*stream, !blocked_.contains(*stream));
      }
      h_.run_for(std::chrono::milliseconds(random_.below(400)));
    }
  }

  // All is well again, and everybody hears what is said last.
  void clear_up() {
    is_rough_ = false;
    for (const StreamId stream : std::set(blocked_)) set_blocked(stream, false);
    run_well(25min);
    say(0);
    run_well(20s);
  }

  void check() {
    for (const char* name : members) {
      if (std::string_view(name) == members[0]) continue;
      const auto& numbers = heard_[name];
      EXPECT_EQ(std::ranges::adjacent_find(numbers, std::ranges::greater_equal()), numbers.end())
          << name << " heard something twice or out of order";
      ASSERT_FALSE(numbers.empty()) << name;
      EXPECT_EQ(numbers.back(), said_) << name;
      EXPECT_GT(numbers.size(), 3U) << name;
    }
    EXPECT_EQ(h_.figures().client_transactions.value(), 0);
    EXPECT_EQ(h_.figures().delivery_queue_messages.value(), 0);
    EXPECT_EQ(h_.figures().names_waited_for.value(), 0);
  }

 private:
  static Settings settings(const std::vector<NextHop>& proxies) {
    Settings settings = default_settings();
    settings.deliveries.outbound_proxies = proxies;
    settings.conference.room_rate = 0;
    settings.conference.user_rate = 0;
    return settings;
  }
  static Setup setup(std::uint64_t seed) {
    Setup setup = default_setup();
    setup.seed = {seed, seed};
    return setup;
  }

  void run_well(Duration duration) {
    for (Duration past{}; past < duration; past += 1s) {
      while (meet_question(true)) {
      }
      h_.run_for(1s);
    }
  }

  bool chance(std::uint64_t percent) { return random_.below(100) < percent; }

  void say(std::size_t length) {
    h_.peer(members[0]).say("chat", std::to_string(++said_) + ' ' + std::string(length, 'x'));
  }

  std::optional<NameAnswer> ask(const NameQuestion& question) {
    if (is_rough_ && chance(30)) return NameAnswer{};
    if (question.kind == NameKind::services) {
      return NameAnswer{.outcome = NameAnswer::Outcome::found,
                        .services = {{0, 0, 5060, "a.example"}, {1, 0, 7002, "b.example"}},
                        .ttl = 5s};
    }
    const bool is_far = question.name != "b.example";
    Address address = is_far ? far_proxy : other_proxy;
    address.port = 0;
    return NameAnswer{.outcome = NameAnswer::Outcome::found, .addresses = {address}, .ttl = 5s};
  }

  // The connection asked for last comes about, or is refused. False: none is asked for.
  bool meet_question(bool is_accepted) {
    while (next_question_ < h_.asked_for.size()) {
      Harness::Stream& stream = h_.stream(h_.asked_for[next_question_++]);
      if (stream.is_closed_by_server) continue;
      if (is_accepted) {
        h_.accept(stream.flow.stream);
      } else {
        h_.end(stream, StreamEnd::never_open);
      }
      return true;
    }
    return false;
  }
  std::optional<StreamId> any_open() {
    std::vector<StreamId> open;
    for (const StreamId id : h_.asked_for) {
      if (h_.stream(id).is_open) open.push_back(id);
    }
    if (open.empty()) return std::nullopt;
    return open[random_.below(open.size())];
  }
  void set_blocked(StreamId stream, bool is_blocked) {
    if (is_blocked) {
      blocked_.insert(stream);
    } else {
      blocked_.erase(stream);
    }
    if (h_.stream(stream).is_open) h_.set_blocked(h_.stream(stream), is_blocked);
  }

  void on_request(std::string_view bytes, std::function<void(const std::string&)> answer) {
    if (bytes.starts_with("\r\n")) return;
    if (is_rough_ && chance(3)) return;  // It was never read.
    const bool is_message = bytes.starts_with("MESSAGE");
    // A retransmission has the branch of the first, and gets its answer.
    const auto [known, is_new] = codes_.try_emplace(field(bytes, "\r\nVia: "), 200);
    if (is_new && is_message && is_rough_ && chance(2)) known->second = 503;
    const int code = known->second;
    if (is_new && is_message && code == 200) {
      hear(field(bytes, "\r\nTo: <sip:"), bytes.substr(bytes.find("\r\n\r\n") + 4));
    }
    if (is_rough_ && chance(5)) return;  // The answer is lost.
    h_.at(
        std::chrono::milliseconds(1 + random_.below(60)),
        [answer = std::move(answer),
         text = answer_to(bytes, code, code == 503 ? "Retry-After: 1\r\n" : "")] { answer(text); });
  }
  void hear(const std::string& to, std::string_view text) {
    const std::size_t mark = text.find(">: ");
    if (!text.starts_with('<') || mark == std::string_view::npos) return;
    int number = 0;
    std::from_chars(text.data() + mark + 3, text.data() + text.size(), number);
    heard_[to.substr(0, to.find('@'))].push_back(number);
  }
  static constexpr std::array members = {"alice", "bob", "carol", "dave"};

  Random random_;
  Harness h_;
  bool is_rough_ = true;
  int said_ = 0;
  std::size_t next_question_ = 0;
  std::set<StreamId> blocked_;
  std::map<std::string, int> codes_;  // By Via.
  std::map<std::string, std::vector<int>> heard_;
};

class LinkStorm : public testing::TestWithParam<std::size_t> {};

TEST_P(LinkStorm, LeavesOrderAndHearsEachAtMostOnce) {
  for (std::uint64_t seed = 1; seed <= 15 && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Storm storm(seed, proxy_lists[GetParam()]);
    storm.blow();
    storm.clear_up();
    storm.check();
  }
}

INSTANTIATE_TEST_SUITE_P(Proxies, LinkStorm, testing::Range<std::size_t>(0, proxy_lists.size()));

}  // namespace
}  // namespace imcd::server
