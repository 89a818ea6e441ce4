// Clients: the sessions with the clients' side of every FIFO, in virtual time. A client reads at
// once what it is sent unless its behaviour says otherwise.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "fake_control.h"
#include "mi/sessions.h"

namespace imcd::mi {

enum class Behaviour { reads, never_opens, is_no_fifo, dies_after_opening, stops_reading };

struct Clients {
  FakeControl control;
  Figures figures;
  Sessions sessions{control, figures};
  Instant now{MonoTime(65s), WallTime(1000000060s)};
  std::map<std::string, Behaviour> behaviour;

  std::map<std::string, std::string> heard;  // By the name of the reply FIFO.
  std::map<std::string, int> closed;
  int opens = 0;
  std::size_t longest_write = 0;

  void send(std::string_view bytes) {
    Outbox out;
    sessions.on_bytes(bytes, now, out);
    carry_out(out);
  }

  // The reply to a request with this command and these arguments.
  std::string ask(std::string_view command, std::string_view arguments = "") {
    send(":" + std::string(command) + ":answer\n" + std::string(arguments) + "\n");
    return std::exchange(heard["answer"], {});
  }

  void tell(MiReplyId id, MiReplyEvent event) {
    Outbox out;
    sessions.on_reply(id, event, now, out);
    carry_out(out);
  }

  void pass(Duration time) {
    now = now + time;
    Outbox out;
    sessions.on_deadline(now, out);
    carry_out(out);
  }

  // Until nothing waits for time any more.
  void pass_all_time() {
    while (const auto deadline = sessions.next_deadline()) pass(*deadline - now.mono);
  }

  // The client reads what is in its pipe.
  void read_once(const std::string& name) { answer_all(std::exchange(unread_[name], {})); }

  // The same, and goes on reading.
  void read_on(const std::string& name) {
    behaviour[name] = Behaviour::reads;
    read_once(name);
  }

  [[nodiscard]] bool is_open(const std::string& name) const {
    for (const auto& [id, open_name] : open_) {
      if (open_name == name) return true;
    }
    return false;
  }

 private:
  struct Event {
    MiReplyId id = 0;
    MiReplyEvent what = MiReplyEvent::opened;
  };

  // Events are told once the outbox has been read, as the reactor does.
  void carry_out(const Outbox& out) {
    std::vector<Event> events;
    for (const Outbox::MiReplyAction& action : out.mi_replies()) carry_out(action, events);
    answer_all(events);
  }

  void answer_all(const std::vector<Event>& events) {
    for (const Event& event : events) tell(event.id, event.what);
  }

  void carry_out(const Outbox::MiReplyAction& action, std::vector<Event>& events) {
    switch (action.kind) {
      case Outbox::MiReplyAction::Kind::open:
        ++opens;
        return open(action, events);
      case Outbox::MiReplyAction::Kind::write:
        return write(action, events);
      case Outbox::MiReplyAction::Kind::close:
        if (open_.contains(action.reply)) ++closed[open_[action.reply]];
        open_.erase(action.reply);
        return;
    }
  }

  void open(const Outbox::MiReplyAction& action, std::vector<Event>& events) {
    switch (behaviour[action.text]) {
      case Behaviour::never_opens:
        return events.push_back({action.reply, MiReplyEvent::no_reader});
      case Behaviour::is_no_fifo:
        return events.push_back({action.reply, MiReplyEvent::refused});
      case Behaviour::reads:
      case Behaviour::dies_after_opening:
      case Behaviour::stops_reading:
        open_[action.reply] = action.text;
        return events.push_back({action.reply, MiReplyEvent::opened});
    }
  }

  void write(const Outbox::MiReplyAction& action, std::vector<Event>& events) {
    longest_write = std::max(longest_write, action.text.size());
    const std::string name = open_.at(action.reply);
    switch (behaviour[name]) {
      case Behaviour::dies_after_opening:
        open_.erase(action.reply);
        return events.push_back({action.reply, MiReplyEvent::broken});
      case Behaviour::stops_reading:
        heard[name] += action.text;
        return unread_[name].push_back({action.reply, MiReplyEvent::writable});
      case Behaviour::reads:
      case Behaviour::never_opens:
      case Behaviour::is_no_fifo:
        heard[name] += action.text;
        return events.push_back({action.reply, MiReplyEvent::writable});
    }
  }

  std::map<MiReplyId, std::string> open_;
  std::map<std::string, std::vector<Event>> unread_;
};

}  // namespace imcd::mi
