// UdpSender: the way of datagrams into one socket, in order, in batches of one sendmmsg each. In a
// batch, a run of datagrams of one size to one peer is one message that the kernel cuts into
// segments (UDP_SEGMENT); the last of a run may be shorter. Every datagram ends in one of two
// figures: datagrams_sent or datagrams_send_failed.
//
//   EAGAIN    the socket's buffer is full: what is left waits for resume() at the next EPOLLOUT
//   ENOBUFS   a queue below it is full: it waits for resume() at retry_at()
//   EINVAL, EIO, EMSGSIZE, ENOPROTOOPT for a run: the way to that peer takes none; for a minute its
//             datagrams are sent one by one. Where one of them fails as well, it was not for the run
//   another   may belong to a datagram sent earlier (an ICMP error is told to whoever calls next),
//             so it counts against this message only when it comes twice
//
// While something waits, later datagrams queue behind it. Nobody has a port 0 (a source may claim
// it), so what would go there fails; it is never made a run, as that would fail in the same words.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "base/address.h"
#include "base/figures.h"
#include "base/time.h"
#include "reactor/budget.h"
#include "reactor/socket_address.h"
#include "reactor/waiting_datagrams.h"

namespace imcd::reactor {

// sendmmsg, or what a test puts in its place.
using SendBatch = int (*)(int fd, mmsghdr* messages, unsigned count, int flags);

class UdpSender {
 public:
  UdpSender(int fd, SendBatch send, Figures& figures);
  UdpSender(const UdpSender&) = delete;
  UdpSender& operator=(const UdpSender&) = delete;

  // The bytes must stay until the next flush().
  void add(const Address& peer, std::string_view bytes, MonoTime now);
  void flush(MonoTime now);

  // Goes on with what waits.
  void resume(MonoTime now);

  [[nodiscard]] bool waits_for_room() const { return waits_for_room_; }
  [[nodiscard]] std::optional<MonoTime> retry_at() const { return retry_at_; }
  [[nodiscard]] bool idle() const { return waiting_.empty(); }

  // What still waits is given up.
  void abandon();

 private:
  // One message of the batch: a datagram, or a run of them.
  struct Run {
    Address peer;
    std::size_t first_part = 0;
    std::size_t parts = 0;
    std::size_t bytes = 0;
    bool open = false;  // Another datagram of the same size may join.
  };
  union Control {
    cmsghdr align;
    char bytes[CMSG_SPACE(sizeof(std::uint16_t))];
  };

  [[nodiscard]] bool is_full() const;
  void put(const Address& peer, std::string_view bytes, MonoTime now);
  bool join_run(const Address& peer, std::string_view bytes, MonoTime now);
  void mark_as_run(std::size_t message);
  void keep(const Address& peer, std::string_view bytes);
  void keep_from(std::size_t message);
  [[nodiscard]] bool takes_runs(const Address& peer, MonoTime now) const;
  std::size_t send_batch(MonoTime now);
  void fail(const Run& run);
  bool give_up_runs(const Run& run, int error, MonoTime now);
  bool pause(int error, MonoTime now);
  void count_sent(std::size_t first, std::size_t count);
  [[nodiscard]] std::size_t parts_before(std::size_t message) const;
  void clear_batch();

  int fd_;
  SendBatch send_;
  Figures& figures_;
  WaitingDatagrams waiting_;
  bool waits_for_room_ = false;
  std::optional<MonoTime> retry_at_;
  struct WithoutRuns {
    Address peer;
    MonoTime until{};
  };
  std::vector<WithoutRuns> peers_without_runs_;  // The one that was found first in front.

  // The batch being gathered.
  std::size_t count_ = 0;
  std::size_t parts_count_ = 0;
  std::array<mmsghdr, budget::send_batch> messages_{};
  std::array<Run, budget::send_batch> runs_{};
  std::array<SocketAddress, budget::send_batch> addresses_{};
  std::array<Control, budget::send_batch> controls_{};
  std::array<iovec, budget::send_batch_datagrams> parts_{};
};

}  // namespace imcd::reactor
