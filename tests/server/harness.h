// Harness: the real Server in virtual time, with members that are state machines and a database in
// memory. Nothing here waits: run_for() moves the clock from event to event. The whole run follows
// from what the test does and the seed.
//
//   Harness h;
//   Peer& alice = h.peer("alice");
//   alice.say("chat", "#create");          // a request; h.run_for lets answers and notices flow
//   h.run_for(1s);
//   EXPECT_EQ(alice.last_code(), 200);
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "db/memory_store.h"
#include "server/server.h"

namespace imcd::server {

// What a datagram of the server's says, taken apart for tests.
struct Heard {
  bool is_request = false;
  int code = 0;
  std::string reason;
  std::string request_uri;
  std::string from;  // Whole header values.
  std::string to;
  std::string call_id;
  std::string via;
  std::string in_reply_to;
  std::string content_type;
  std::string retry_after;
  std::string body;
  std::string bytes;
  MonoTime at{};
};

class Harness;

// A user at an address of its own, with one client that answers what it gets.
class Peer {
 public:
  enum class Manner { answers, silent };

  Peer(Harness& harness, std::string name, Address address);

  // Sends a MESSAGE with this body to sip:<room>@example.org, and gives its bytes.
  std::string say(std::string_view room, std::string_view body,
                  std::string_view extra_headers = "");
  // Sends the bytes as they are.
  void send(const std::string& bytes);

  // The newest final response; 0 before the first.
  [[nodiscard]] int last_code() const;
  [[nodiscard]] std::string last_reason() const;
  // Bodies of the requests it got, retransmissions once.
  [[nodiscard]] std::vector<std::string> heard() const;
  [[nodiscard]] bool has_heard(std::string_view part) const;
  void forget() {
    responses.clear();
    requests.clear();
  }

  [[nodiscard]] std::string uri() const {
    return own_uri.empty() ? "sip:" + name + "@example.org" : own_uri;
  }

  std::string name;
  std::string own_uri;  // Instead of sip:NAME@example.org.
  Address address;
  Manner manner = Manner::answers;
  int answer_code = 200;
  std::string answer_headers;  // Whole lines.
  Duration answer_delay = 0ns;
  std::vector<Heard> responses;
  std::vector<Heard> requests;  // As received, retransmissions too.

 private:
  friend class Harness;
  void on_datagram(const Heard& heard);

  Harness& harness_;
  int last_request_ = 0;
};

// Whether the record is about somebody of that name in a room.
inline bool names(const records::Record& record, std::string_view user) {
  const auto* const member = records::find_key<records::MemberRow>(record);
  const auto* const invited = records::find_key<records::InvitationRow>(record);
  return (member != nullptr && member->user == user) ||
         (invited != nullptr && invited->user == user);
}

// Settings in which every test begins: loopback trusted, rooms that take any number of messages.
Settings default_settings();
// UDP at 127.0.0.1:5070.
Setup default_setup();

struct HarnessOptions {
  Settings settings = default_settings();
  Setup setup = default_setup();
  Duration commit_delay = 1ms;
  bool load = true;  // Open and load the database before the test begins.
};

class Harness {
 public:
  explicit Harness(HarnessOptions options = {});

  // The peer of that name; made at its first use, at 127.0.0.1 and a port of its own.
  Peer& peer(const std::string& name);

  // Lets all events of the next `duration` happen, and the clock stand at its end.
  void run_for(Duration duration);
  [[nodiscard]] Instant now() const { return now_; }

  // A datagram from the address, now.
  void deliver(const Address& from, const std::string& bytes);
  // The address says that nobody listens there.
  void refuse(const Address& by);
  void at(Duration delay, std::function<void()> action);

  // TCP, seen from the other end. The test plays it: what the server writes is kept in `sent`.
  struct Stream {
    Flow flow;
    std::string sent;
    bool is_open = false;
    bool is_closed_by_server = false;
  };
  // The address connects to the server; the stream stays known after its end.
  Stream& connect(const Address& from);
  // What the server asked for, in order; the next to be accepted or refused.
  std::vector<StreamId> asked_for;
  Stream& stream(StreamId id) { return streams_.at(id); }
  Stream& accept(StreamId id);
  void feed(const Stream& stream, const std::string& bytes);
  void end(Stream& stream, StreamEnd how);
  void set_blocked(const Stream& stream, bool is_blocked);
  // Called for what the server writes to a stream, besides being kept.
  std::function<void(Stream& stream, std::string_view bytes)> on_sent;

  void order(Order order);

  // The operator changes options while the server runs.
  void apply(const Settings& settings) { server_->apply(settings); }

  // The process dies and starts again on the same database. Peers stay.
  void restart();
  // Opens the database and reads it, or tells that this failed.
  void load();

  // The database does not answer until it is let go.
  bool database_hangs = false;
  void release_database();

  // What the DNS says to each question, at once; nothing: it is silent, and the test may answer
  // later. Without it no name is known.
  std::function<std::optional<NameAnswer>(const NameQuestion& question)> dns;
  void answer(const NameQuestion& question, const NameAnswer& answer);
  std::vector<NameQuestion> questions;  // All that were asked.

  [[nodiscard]] Server& server() { return *server_; }
  [[nodiscard]] Figures& figures() { return *figures_; }
  db::MemoryDatabase database;
  HarnessOptions options;
  std::optional<int> exit_code;
  std::vector<std::string> log;
  // Called with all that the server wants done, before it is.
  std::function<void(const Outbox& out)> on_outbox;
  // Called for each datagram that the server sends; false: it is lost.
  std::function<bool(const Flow& to, std::string_view bytes)> network;

 private:
  void start();
  void act();
  void commit(db::Batch batch);
  void ask(const NameQuestion& question);
  void run_until(MonoTime end);
  void send(const Flow& to, std::string_view bytes);
  void carry_out(const Outbox::StreamAction& action);

  Instant now_{MonoTime(1h), WallTime(std::chrono::hours(480000))};
  std::unique_ptr<Figures> figures_;
  std::unique_ptr<db::MemoryStore> store_;
  std::unique_ptr<Server> server_;
  Outbox out_;
  std::multimap<MonoTime, std::function<void()>> events_;
  std::map<std::string, std::unique_ptr<Peer>> peers_;
  std::map<StreamId, Stream> streams_;
  StreamId last_accepted_ = 0;
  std::optional<db::CommitResult> held_result_;
  std::uint64_t life_ = 0;  // Commits of an earlier life answer nobody.
};

// A request with everything RFC 3261 8.1.1 asks for, for tests that change one thing.
struct RequestText {
  std::string method = "MESSAGE";
  std::string request_uri = "sip:chat@example.org";
  std::string via = "SIP/2.0/UDP 127.0.0.1:6000;rport;branch=z9hG4bKa1";
  std::string from = "<sip:alice@example.org>;tag=f1";
  std::string to = "<sip:chat@example.org>";
  std::string call_id = "c1";
  std::string cseq = "1 MESSAGE";
  std::string max_forwards = "70";
  std::string extra;  // Whole lines.
  std::string body;

  [[nodiscard]] std::string text() const;
};
// One that comes on a stream.
std::string stream_request(int number, std::string_view body, std::string_view user = "alice");

// What stands behind the name, which includes what comes before it: field(bytes, "\r\nVia: ").
std::string field(std::string_view bytes, std::string_view name);
// A response to a request of the server's; `headers` are whole lines.
std::string answer_to(std::string_view request, int code, std::string_view headers = {});

}  // namespace imcd::server
