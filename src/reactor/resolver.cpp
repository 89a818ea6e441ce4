#include "reactor/resolver.h"

#include <algorithm>
#include <cstring>
#include <netinet/in.h>
#include <string>
#include <sys/time.h>

#include "reactor/dns_reply.h"

namespace imcd::reactor {
namespace {

// Of one attempt; c-ares doubles it for the second. With three servers, the most that are common,
// a question ends after 18 s, before the core stops waiting.
constexpr int attempt_ms = 2000;
constexpr int attempts = 2;

NameAnswer::Outcome outcome_of(int status) {
  switch (status) {
    case ARES_SUCCESS:
      return NameAnswer::Outcome::found;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME:
      return NameAnswer::Outcome::none;
    default:
      return NameAnswer::Outcome::failed;
  }
}

Address address_of(const sockaddr& from) {
  if (from.sa_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &from, sizeof ipv4);
    std::array<std::uint8_t, 4> octets{};
    std::memcpy(octets.data(), &ipv4.sin_addr, octets.size());
    return Address::ipv4(octets, 0);
  }
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &from, sizeof ipv6);
  Address address;
  std::memcpy(address.ip.data(), &ipv6.sin6_addr, address.ip.size());
  address.family = Address::Family::ipv6;
  return address;
}

// The TTL of the shortest-lived record, of aliases too.
int shortest_ttl(const ares_addrinfo& result) {
  int ttl = INT32_MAX;
  for (const auto* node = result.nodes; node != nullptr; node = node->ai_next) {
    ttl = std::min(ttl, node->ai_ttl);
  }
  for (const auto* alias = result.cnames; alias != nullptr; alias = alias->next) {
    ttl = std::min(ttl, alias->ttl);
  }
  return std::max(ttl, 0);
}

}  // namespace

Result<std::unique_ptr<Resolver>> Resolver::open(std::span<const Address> servers,
                                                 Families families, Epoll& epoll) {
  std::unique_ptr<Resolver> resolver(new Resolver(families, epoll));
  ares_options options{};
  options.timeout = attempt_ms;
  options.tries = attempts;
  options.ndomains = 0;
  char lookups[] = "fb";
  options.lookups = lookups;
  options.sock_state_cb = &Resolver::on_socket;
  options.sock_state_cb_data = resolver.get();
  int status = ares_library_init(ARES_LIB_INIT_ALL);
  if (status == ARES_SUCCESS) {
    status = ares_init_options(&resolver->channel_, &options,
                               ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS |
                                   ARES_OPT_LOOKUPS | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS) ares_library_cleanup();
  }
  if (status == ARES_SUCCESS && !servers.empty()) {
    std::string list;
    for (const Address& server : servers) list += (list.empty() ? "" : ",") + address_text(server);
    status = ares_set_servers_ports_csv(resolver->channel_, list.c_str());
  }
  if (status == ARES_SUCCESS) return resolver;
  return fail(std::string("cannot set up the DNS resolver: ") + ares_strerror(status));
}

Resolver::~Resolver() {
  if (channel_ == nullptr) return;
  ares_destroy(channel_);
  ares_library_cleanup();
}

void Resolver::ask(const NameQuestion& question, MonoTime now) {
  auto* const asked = new Asked{*this, question};
  if (question.kind == NameKind::services) {
    constexpr int class_in = 1;
    ares_query(channel_, question.name.c_str(), class_in, dns_type_srv, &Resolver::on_services,
               asked);
  } else {
    ares_addrinfo_hints hints{};
    hints.ai_flags = ARES_AI_NOSORT;  // Sorting would connect sockets to each address.
    hints.ai_family = families_.ipv4 && families_.ipv6 ? AF_UNSPEC
                      : families_.ipv6                 ? AF_INET6
                                                       : AF_INET;
    hints.ai_socktype = SOCK_DGRAM;  // Each address once.
    ares_getaddrinfo(channel_, question.name.c_str(), nullptr, &hints, &Resolver::on_addresses,
                     asked);
  }
  set_deadline(now);
}

// Registered edge-triggered as everything, but c-ares doesn't always read until EAGAIN: asking
// anew makes the loop report what is left.
void Resolver::on_ready(std::uint32_t fd, MonoTime now) {
  const int socket = static_cast<int>(fd);
  if (!sockets_.contains(socket)) return;
  ares_process_fd(channel_, socket, socket);
  const auto watched = sockets_.find(socket);
  if (watched != sockets_.end()) epoll_.change(socket, watched->second, {SourceKind::dns, fd});
  set_deadline(now);
}

void Resolver::on_deadline(MonoTime now) {
  if (!deadline_ || *deadline_ > now) return;
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  set_deadline(now);
}

std::optional<Resolver::Answer> Resolver::take_answer() {
  if (answers_.empty()) return std::nullopt;
  Answer answer = std::move(answers_.front());
  answers_.pop_front();
  return answer;
}

// A socket about to be closed is reported as waiting for nothing; closing takes it out of epoll.
void Resolver::on_socket(void* self, ares_socket_t fd, int wants_read, int wants_write) {
  Resolver& resolver = *static_cast<Resolver*>(self);
  const std::uint32_t events = (wants_read != 0 ? std::uint32_t{EPOLLIN} : 0) |
                               (wants_write != 0 ? std::uint32_t{EPOLLOUT} : 0);
  const bool is_known = resolver.sockets_.contains(fd);
  const Source source{SourceKind::dns, static_cast<std::uint32_t>(fd)};
  if (events == 0) {
    resolver.sockets_.erase(fd);
  } else if (is_known) {
    resolver.sockets_[fd] = events;
    resolver.epoll_.change(fd, events, source);
  } else if (resolver.epoll_.add(fd, events, source)) {
    // Without room in the kernel the question ends by its timeout.
    resolver.sockets_[fd] = events;
  }
}

void Resolver::on_addresses(void* context, int status, int, ares_addrinfo* result) {
  const std::unique_ptr<Asked> asked(static_cast<Asked*>(context));
  NameAnswer answer{.outcome = outcome_of(status)};
  if (result != nullptr) {
    for (const auto* node = result->nodes; node != nullptr; node = node->ai_next) {
      answer.addresses.push_back(address_of(*node->ai_addr));
    }
    answer.ttl = std::chrono::seconds(shortest_ttl(*result));
    ares_freeaddrinfo(result);
  }
  if (answer.outcome == NameAnswer::Outcome::found && answer.addresses.empty()) {
    answer.outcome = NameAnswer::Outcome::none;
  }
  asked->resolver.answers_.emplace_back(std::move(asked->question), std::move(answer));
}

void Resolver::on_services(void* context, int status, int, unsigned char* reply, int bytes) {
  const std::unique_ptr<Asked> asked(static_cast<Asked*>(context));
  NameAnswer answer{.outcome = outcome_of(status)};
  if (status == ARES_SUCCESS) {
    answer = read_services({reply, static_cast<std::size_t>(bytes)});
  }
  asked->resolver.answers_.emplace_back(std::move(asked->question), std::move(answer));
}

void Resolver::set_deadline(MonoTime now) {
  timeval left{};
  deadline_.reset();
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return;
  // Never at once: c-ares counts in milliseconds of its own clock.
  deadline_ = now + std::max<Duration>(1ms, std::chrono::seconds(left.tv_sec) +
                                                std::chrono::microseconds(left.tv_usec));
}

}  // namespace imcd::reactor
