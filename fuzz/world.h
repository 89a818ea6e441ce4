// World: the whole server core with everything around it played from one input, leaner than the
// simulator and without a plan: what happens next is what the input says. After each step it checks
// what must hold whatever happened.
//
// An input is a list of steps with the byte 0x1e between them. The first byte of a step says what
// it is, the rest belongs to it:
//
// - a to d: a datagram from that peer, the rest being its bytes; e: from an address not trusted
// - A to D: a request with these words from that peer: a digit for the room (0 to 3), then the body
// - r, R: a response to the oldest or newest request of the server's: three digits, header lines
// - t: time passes: a number of milliseconds
// - k: the oldest batch is committed; f: it fails, r: is refused, l: the answer is lost
// - m: bytes from the management FIFO; M: the next reply's event, one digit
// - n: the DNS answers the oldest question: 4 or 6 and a TTL, f: it fails, else no such name
// - o: an order: s stop, u summary, h reload
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "db/memory_store.h"
#include "server/server.h"

namespace imcd::fuzz {

class World {
 public:
  static constexpr char separator = '\x1e';

  World();

  void run(std::string_view input);

 private:
  void step(char kind, std::string_view rest);
  void receive(const Address& from, std::string_view bytes);
  void say(std::size_t peer, std::string_view words);
  void answer(bool newest, std::string_view words);
  void feed_stream(std::string_view words);
  void end_stream(std::string_view words);
  void grant_stream(bool is_granted);
  void pass(Duration time);
  void commit(std::string_view how);
  void give_mi_event(std::string_view words);
  void order(std::string_view which);
  void answer_question(std::string_view how);

  void act();
  void check_datagram(const Outbox::Datagram& datagram);
  void carry_out(const Outbox::StreamAction& action);
  void settle();
  void check_restart();

  Instant now_{MonoTime(std::chrono::hours(1)), WallTime(std::chrono::hours(480000))};
  std::unique_ptr<Figures> figures_ = std::make_unique<Figures>();
  db::MemoryDatabase database_;
  std::unique_ptr<db::MemoryStore> store_ = std::make_unique<db::MemoryStore>(database_);
  std::unique_ptr<server::Server> server_;
  Outbox out_;
  std::deque<db::Batch> batches_;
  std::vector<MiReplyId> replies_;
  std::deque<NameQuestion> questions_;
  std::deque<std::string> requests_;  // Of the server's, to be answered.
  std::map<StreamId, Flow> streams_;  // Those that are open.
  std::set<StreamId> known_streams_;  // Those that ever were.
  std::array<StreamId, 4> accepted_{};
  StreamId last_accepted_ = 0;
  std::deque<Flow> wished_;         // Asked for by the server.
  std::uint64_t last_request_ = 0;  // Of ours.
  bool was_response_ = false;       // What was received last.
  bool was_refused_ = false;        // A record was, so memory was read again.
  bool has_ended_ = false;
};

}  // namespace imcd::fuzz
