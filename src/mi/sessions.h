// Sessions: the management clients, from the bytes of their requests to the close of their reply
// FIFOs. One state machine a reply:
//
//              no other reply to that name
//   waiting ─────────────────────────────▶ opening ──opened: the command runs──▶ writing ⟲ writable
//                                          ▲     │                                │
//                       after the interval │     │ no_reader               all is written: close
//                                          │     ▼
//                                         retrying
//
//   from opening and writing: refused, broken, or no event for limits::mi_reply_timeout: abandoned
//   from retrying: after limits::mi_reply_open_tries the client is given up
//
// The FIFO is opened before the command runs, so that a command whose client is gone has no effect.
// Replies to different names know nothing of each other; those to one name are given one after the
// other, as their bytes would mix. A request that wants no reply runs at once. Where all places are
// taken, a new request gets that of the client who has made no progress for longest, if it is
// stuck.
//
// Timers: a reply's, which is the interval while it retries and the timeout while it waits for an
// event; and that of a request whose client stopped in the middle of it, which is forgotten after
// limits::mi_reply_timeout, so that it cannot swallow the next client's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "base/time.h"
#include "mi/control.h"
#include "mi/reply_text.h"
#include "mi/request.h"
#include "mi/text_request.h"

namespace imcd::mi {

class Sessions {
 public:
  // Both must outlive this.
  Sessions(Control& control, Figures& figures) : control_(control), figures_(figures) {}

  // What came through the command FIFO, cut anywhere.
  void on_bytes(std::string_view bytes, Instant now, Outbox& out);
  // An event for a reply that is over does nothing.
  void on_reply(MiReplyId id, MiReplyEvent event, Instant now, Outbox& out);
  void on_deadline(Instant now, Outbox& out);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;

 private:
  enum class State : std::uint8_t { waiting, opening, retrying, writing };

  struct Reply {
    MiReplyId id = 0;
    Request request;
    State state = State::waiting;
    MonoTime deadline = MonoTime::max();
    MonoTime progress_at{};  // When its client last did its part; at first when it asked.
    int tries = 0;
    ReplyText text;
  };

  void accept(Request request, Instant now, Outbox& out);
  bool make_place(Instant now, Outbox& out);
  Findings run(const Request& request, Instant now);
  void open(Reply& reply, Instant now, Outbox& out);
  void retry_later(Reply& reply, Instant now, Outbox& out);
  void write_next(Reply& reply, Instant now, Outbox& out);
  void on_late(Reply& reply, Instant now, Outbox& out);
  void abandon(Reply& reply, Instant now, Outbox& out);
  void end(Reply& reply, Instant now, Outbox& out);

  Reply* find(MiReplyId id);
  Reply* find_due(MonoTime now);
  Reply* find_to(std::string_view reply_name);
  MiReplyId new_id();

  Control& control_;
  Figures& figures_;
  TextRequestReader reader_;
  MonoTime request_deadline_ = MonoTime::max();
  std::vector<Reply> replies_;  // In order of arrival; at most limits::mi_replies_max.
  MiReplyId last_id_ = 0;
};

}  // namespace imcd::mi
