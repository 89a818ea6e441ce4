// MiReplies: the reply FIFOs of management clients, from open to close. A client names the FIFO, so
// the name is not trusted: it must be a plain name in the reply directory and a FIFO with one link,
// or imcd could be made to write where the client may not.
//
// Nothing here calls the core. What happens is kept as an event until the loop asks for it, because
// actions are carried out while the outbox is being read.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/outbox.h"
#include "reactor/epoll.h"
#include "reactor/fd.h"
#include "reactor/reactor.h"

namespace imcd::reactor {

class MiReplies {
 public:
  struct Event {
    MiReplyId reply = 0;
    MiReplyEvent what = MiReplyEvent::opened;
    friend bool operator==(const Event&, const Event&) = default;
  };

  MiReplies(std::string directory, Epoll& epoll);

  // An action for a reply that is gone does nothing.
  void carry_out(const Outbox::MiReplyAction& action);
  // The pipe has room, or its reader is gone.
  void on_ready(MiReplyId id);

  [[nodiscard]] std::size_t pending_events() const { return events_.size(); }
  // The oldest, if any.
  std::optional<Event> take_event();

 private:
  struct Reply {
    MiReplyId id = 0;
    Fd fd;
    std::string unwritten;
  };
  void open(MiReplyId id, const std::string& name);
  void write(MiReplyId id, std::string_view bytes);
  void close(MiReplyId id);
  void write_on(Reply& reply);
  Reply* find(MiReplyId id);

  std::string directory_;
  Epoll& epoll_;
  std::vector<Reply> replies_;  // At most limits::mi_replies_max, so a search is a short walk.
  std::vector<Event> events_;
};

}  // namespace imcd::reactor
