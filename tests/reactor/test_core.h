// TestCore: a core and its process whose inputs are lambdas of the test. It ends the run when
// nothing came of it for long, and notes when the reactor calls it while a call is still under way.
#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <optional>
#include <string_view>

#include "reactor/reactor.h"

namespace imcd::reactor {

class TestCore : public Core, public Process {
 public:
  std::function<void(std::string_view bytes, const Flow& from, Outbox& out)> datagram;
  std::function<void(const Flow& to, Outbox& out)> port_closed;
  std::function<void(const Flow& flow, Outbox& out)> stream_open;
  std::function<void(std::string_view bytes, const Flow& from, Outbox& out)> stream_bytes;
  std::function<void(StreamId stream, StreamEnd how, Outbox& out)> stream_ended;
  std::function<void(StreamId stream, bool is_blocked, Outbox& out)> stream_blocked;
  std::function<void(std::string_view bytes, Outbox& out)> mi_bytes;
  std::function<void(MiReplyId reply, MiReplyEvent event, Outbox& out)> mi_reply;
  std::function<void(const NameQuestion& question, const NameAnswer& answer, Outbox& out)> resolved;
  std::function<void(int signal, Outbox& out)> signal;
  std::function<void(Outbox& out)> wake;
  std::function<void(Outbox& out)> deadline_due;
  std::function<void(const Outbox& out)> actions;

  std::optional<MonoTime> deadline;
  std::optional<MonoTime> give_up_at = Reactor::read_clock().mono + 20s;
  Instant now;  // Of the last input.

  // From now on the deadline comes every millisecond: a place to look whether something from
  // outside has happened.
  void tick(std::function<void(Outbox& out)> every_tick) {
    deadline = Reactor::read_clock().mono;
    deadline_due = [this, every_tick](Outbox& out) {
      deadline = now.mono + 1ms;
      every_tick(out);
    };
  }

  void on_datagram(std::string_view bytes, const Flow& from, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (datagram) datagram(bytes, from, out);
  }
  void on_port_closed(const Flow& to, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (port_closed) port_closed(to, out);
  }
  void on_stream_open(const Flow& flow, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (stream_open) stream_open(flow, out);
  }
  void on_stream_bytes(std::string_view bytes, const Flow& from, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (stream_bytes) stream_bytes(bytes, from, out);
  }
  void on_stream_ended(StreamId stream, StreamEnd how, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (stream_ended) stream_ended(stream, how, out);
  }
  void on_stream_blocked(StreamId stream, bool is_blocked, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (stream_blocked) stream_blocked(stream, is_blocked, out);
  }
  void on_mi_bytes(std::string_view bytes, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (mi_bytes) mi_bytes(bytes, out);
  }
  void on_mi_reply(MiReplyId reply, MiReplyEvent event, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (mi_reply) mi_reply(reply, event, out);
  }
  void on_resolved(const NameQuestion& question, const NameAnswer& answer, Instant at,
                   Outbox& out) override {
    const Call call(*this, at);
    if (resolved) resolved(question, answer, out);
  }
  void on_order(Order, Instant at, Outbox&) override { const Call call(*this, at); }
  void on_signal(int number, Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (signal) signal(number, out);
  }
  void on_wake(Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (wake) wake(out);
  }
  void on_deadline(Instant at, Outbox& out) override {
    const Call call(*this, at);
    if (give_up_at && at.mono >= *give_up_at) {
      ADD_FAILURE() << "what the test waits for has not come";
      out.exit(-1);
      return;
    }
    EXPECT_TRUE(deadline && *deadline <= at.mono) << "called although nothing is due";
    if (deadline_due) deadline_due(out);
  }
  [[nodiscard]] std::optional<MonoTime> next_deadline() const override {
    if (!give_up_at || (deadline && *deadline < *give_up_at)) return deadline;
    return give_up_at;
  }
  void on_actions(const Outbox& out, Instant at) override {
    const Call call(*this, at);
    if (actions) actions(out);
  }

 private:
  class Call {
   public:
    Call(TestCore& core, Instant at) : core_(core) {
      EXPECT_FALSE(core.called_) << "called while another call is under way";
      EXPECT_FALSE(core.give_up_at && at.mono >= *core.give_up_at) << "slept although it had work";
      core.called_ = true;
      core.now = at;
    }
    ~Call() { core_.called_ = false; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    TestCore& core_;
  };
  bool called_ = false;
};

inline void send_text(Outbox& out, const Flow& to, std::string_view text) {
  out.begin_datagram().append(text);
  out.end_datagram(to);
}

}  // namespace imcd::reactor
