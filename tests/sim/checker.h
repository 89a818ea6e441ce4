// Checker: holds the server to its promises (DESIGN 5 "What is promised"), step by step. It keeps a
// model of its own, made from what goes over the wire and what the store holds:
//
//   requests    Exchanges: who must be answered, in which words, and never otherwise
//   rooms       Rulebook: what each command does, and who may
//   the store   StoredRooms: what has been committed, and what is still on its way (Pending)
//   deliveries  Ledger: who gets which message, once, in order, within the windows
//
// It looks into the server only to compare sizes, the rooms themselves, and which invitations were
// withdrawn because they could not be delivered, which no datagram tells.
//
//   before_datagram / before_deadline / before_commit ──▶ the server's step ──▶ after_step
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "db/memory_store.h"
#include "server/server.h"
#include "sim/exchanges.h"
#include "sim/ledger.h"
#include "sim/names.h"
#include "sim/reading.h"
#include "sim/rulebook.h"
#include "sim/world.h"

namespace imcd::sim {

class Checker {
 public:
  Checker(World& world, Names& names, Ledger& ledger, const db::MemoryDatabase& database);

  // --- The process -------------------------------------------------------------------------------

  // A new process, not yet loaded. Both live until on_death.
  void on_start(server::Server& server, const Figures& figures);
  // Before the step in which loading ends.
  void before_loaded();
  void on_death();
  // Before on_death, where the process ended by itself.
  void on_exit(int code);
  // The rooms and the rows once more, whatever is on its way.
  void compare_all() {
    compare_rooms();
    compare_rows();
  }
  // Nothing is left to do and no fault has happened for long: all memory is back.
  void at_rest();

  // --- One input ---------------------------------------------------------------------------------

  void before_datagram(const Datagram& datagram);
  void before_deadline();
  void before_commit(const db::CommitResult& result);
  void before_other() { begin_step(); }
  // Checks what the server wants done.
  void after_step(const Outbox& out);
  // For each datagram of the outbox its delivery in the ledger, or none.
  [[nodiscard]] std::span<const std::uint32_t> numbers() const { return numbers_; }

  // --- The store ---------------------------------------------------------------------------------

  // The server hands this batch to the store, for the first time or again.
  void on_batch(const db::Batch& batch);
  // The database carried the batch out, but for the refused commands, whoever learns of it.
  void on_applied(std::span<const std::size_t> refused);
  // The batch makes rows agree with the rooms.
  [[nodiscard]] bool is_mending() const;

  // --- The peers ---------------------------------------------------------------------------------

  // The member of this delivery takes it in.
  void on_heard(std::uint32_t delivery);

  Rulebook& rules() { return rules_; }

 private:
  // A command on its way to the store; without a number, rows that the server mends. Without
  // changes, a command that stores where its sender is, which is no room's.
  struct Pending {
    std::uint64_t number = 0;
    std::vector<Change> changes;
    std::size_t records = 0;
    UserId joined = none;
    RoomId room = none;
    std::uint32_t exchange = none;
    MonoTime at{};
  };
  // What must follow the datagram that is being handled.
  struct Expected {
    bool is_request = false;
    bool is_answered = false;
    bool may_be_silent = false;
    bool may_move_sender = false;  // Rulebook's Verdict.
    bool may_meet_sender = false;  // The first message of this life.
    bool is_copy = false;          // Of a request that was answered before.
    std::uint16_t code = 0;        // 0: any refusal.
    std::uint32_t exchange = none;
    std::uint64_t request = 0;  // Hash of bytes and source.
    std::optional<Chat> chat;   // To be entered when the server accepts it.
    std::optional<std::uint32_t> chat_number;
    std::size_t body_bytes = 0;
    bool may_be_overload = false;  // Deliveries were waiting when it came.
    RequestKind kind = RequestKind::malformed;
    std::optional<Address> answer_to;
  };
  struct Hop {
    std::uint32_t in_window = 0;
    std::deque<std::uint32_t> sent;  // Deliveries, by the time of their first datagram.
    // Of the second under way: deliveries that were sent, and those that were not answered though
    // their users had been lately.
    MonoTime second{};
    std::uint32_t starts = 0;
    std::uint32_t losses = 0;
    std::uint32_t lossy_seconds = 0;  // In a row.
  };
  struct Bucket {
    double tokens = 0;
    MonoTime at{};
  };

  // checker.cpp
  [[noreturn]] void fail(std::string check, const std::string& story) const;
  void begin_step();
  void check_sizes();
  void check_shares() const;
  void compare_rooms();
  void compare_room(RoomId at, const imc::Room& room);
  void check_figures();
  std::uint64_t count_missing(const Chat& chat);
  void check_identities();
  void note_place(RoomId room, UserId user);
  [[nodiscard]] std::uint64_t deliveries_that_were(DeliveryResult result) const;
  [[nodiscard]] std::uint64_t failed_deliveries() const;

  // checker_requests.cpp: what the server must answer.
  void expect_message(const Reading& reading);
  void expect_copy(std::uint32_t exchange);
  void expect_execution(const Reading& reading);
  void follow_sender();
  // Whether invitations were withdrawn in this step, with records of their own.
  bool has_withdrawn();
  bool admits_sender(UserId sender);
  [[nodiscard]] bool takes_notices(UserId sender) const;
  bool admits_asking(UserId sender);
  [[nodiscard]] bool journal_is_late() const;
  void on_response(std::string_view bytes, const Address& to);
  void on_answer(std::string_view bytes, const Address& to);
  void on_held_answer(std::uint32_t exchange, std::string_view bytes, const Address& to);
  void on_copy_answered(std::string_view bytes);
  void on_chat_answered();
  void check_way_back(const std::optional<Address>& must, const Address& to) const;
  void count_request(RequestKind kind, std::uint16_t code);

  // checker_deliveries.cpp: what the server sends by itself.
  std::uint32_t on_request(std::string_view bytes, const Address& to);
  void on_repeated_delivery(std::uint32_t number, std::string_view bytes);
  void on_new_delivery(std::uint32_t number);
  void check_chat_delivery(std::uint32_t number);
  void check_notice(std::uint32_t number);
  void check_window(std::uint32_t number, const Address& to);
  void check_pace(Hop& hop);
  void leave_window(Delivery& delivery);
  void on_member_answered(const Reading& response, bool is_damaged);
  void end_delivery(Delivery& delivery);
  void forget_timed_out();

  // checker_store.cpp: rooms in the store and on their way there.
  void follow_withdrawals();
  void find_withdrawn(RoomId at, std::vector<Pending>& withdrawn);
  void add_pending(Pending pending);
  [[nodiscard]] Change to_change(const records::Record& record);
  std::size_t match_repair(const db::Batch& batch, std::size_t at);
  std::size_t match_command(const db::Batch& batch, std::size_t at);
  void check_neutral(const std::vector<Change>& changes);
  void release(const Pending& pending);
  void reload(const Pending& refused);
  void compare_rows();
  StoredRooms rows();

  World& world_;
  Names& names_;
  Ledger& ledger_;
  const db::MemoryDatabase& database_;
  Reader reader_;
  Rulebook rules_;
  Exchanges exchanges_;
  StoredRooms stored_;
  server::Server* server_ = nullptr;
  const Figures* figures_ = nullptr;
  std::uint32_t life_ = 0;
  bool is_loaded_ = false;

  // This step.
  Expected expected_;
  bool may_repair_ = false;
  bool has_command_ = false;  // One that changes rooms was executed.
  parser::MessageView view_;
  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint32_t> released_;  // Exchanges that must be answered now.
  std::uint64_t steps_ = 0;

  // On its way to the store.
  std::deque<Pending> pending_;
  std::vector<Pending> in_flight_;
  BatchId batch_ = 0;
  BatchId applied_batch_ = 0;  // Applied at least once.
  std::uint64_t commands_ = 0;
  std::size_t pending_records_ = 0;
  std::uint64_t failures_seen_ = 0;
  std::uint64_t batches_applied_ = 0;

  // Deliveries of this life.
  std::uint64_t chat_index_ = 0;
  std::size_t outstanding_ = 0;
  std::uint64_t accepted_ = 0;  // First final answers that were 2xx.
  std::deque<std::uint32_t> by_timeout_;
  std::vector<std::uint32_t> outstanding_of_;  // By user.
  std::vector<std::uint64_t> last_index_of_;   // By user: of the newest message sent to them.
  std::vector<MonoTime> answered_at_;          // By user.
  std::vector<std::uint64_t> last_heard_of_;   // By user: of the newest message heard.
  std::array<Hop, 1024> hops_;
  struct NoticeKey {
    std::uint64_t in_reply_to = 0;
    std::uint32_t delivery = none;  // The newest one.
    std::uint32_t times = 0;        // Sent, but for those that a 503 kept from being executed.
  };
  std::unordered_map<std::uint64_t, NoticeKey> notices_;
  std::unordered_map<std::uint64_t, std::uint32_t> executed_;  // By Call-ID: how often.
  std::unordered_map<UserId, Bucket> buckets_;
  struct Hour {
    std::uint32_t asks = 0;
    MonoTime since{};
  };
  std::unordered_map<UserId, Hour> hours_;
  std::set<UserId> met_;  // Who has sent something that was executed while changes were taken.

  // By room, over all lives: who was ever in it or invited, and who ever asked for it.
  std::vector<UserSet> ever_in_;
  std::vector<UserSet> ever_asked_;
};

}  // namespace imcd::sim
