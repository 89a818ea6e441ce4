// Resolver: the DNS by c-ares, whose sockets the loop watches and whose timeouts it keeps, so that
// no question ever blocks it. It owns the channel; answers wait in it until the loop tells them to
// the core, since c-ares may answer in the middle of a question.
//
// Addresses are asked for in the families that we listen on, first in the hosts file, then in the
// DNS. Names are taken as they are: no search domain is ever added.
#pragma once

#include <ares.h>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "base/address.h"
#include "base/names.h"
#include "base/result.h"
#include "base/time.h"
#include "reactor/epoll.h"

namespace imcd::reactor {

class Resolver {
 public:
  struct Families {
    bool ipv4 = false;
    bool ipv6 = false;
  };
  // `servers`: whom to ask; none: those of the system. `epoll` must outlive the resolver.
  static Result<std::unique_ptr<Resolver>> open(std::span<const Address> servers, Families families,
                                                Epoll& epoll);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  void ask(const NameQuestion& question, MonoTime now);
  // The socket is ready.
  void on_ready(std::uint32_t fd, MonoTime now);
  void on_deadline(MonoTime now);
  [[nodiscard]] std::optional<MonoTime> next_deadline() const { return deadline_; }

  using Answer = std::pair<NameQuestion, NameAnswer>;
  [[nodiscard]] std::size_t pending_answers() const { return answers_.size(); }
  std::optional<Answer> take_answer();

 private:
  // A question under way, owned by c-ares, which gives it back with the answer.
  struct Asked {
    Resolver& resolver;
    NameQuestion question;
  };
  Resolver(Families families, Epoll& epoll) : families_(families), epoll_(epoll) {}

  static void on_socket(void* self, ares_socket_t fd, int wants_read, int wants_write);
  static void on_addresses(void* asked, int status, int timeouts, ares_addrinfo* result);
  static void on_services(void* asked, int status, int timeouts, unsigned char* reply, int bytes);
  void set_deadline(MonoTime now);

  Families families_;
  Epoll& epoll_;
  ares_channel channel_ = nullptr;
  std::map<int, std::uint32_t> sockets_;  // And the events that each waits for.
  std::optional<MonoTime> deadline_;
  std::deque<Answer> answers_;
};

}  // namespace imcd::reactor
