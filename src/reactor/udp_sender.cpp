#include "reactor/udp_sender.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>

namespace imcd::reactor {

UdpSender::UdpSender(int fd, SendBatch send, Figures& figures)
    : fd_(fd), send_(send), figures_(figures) {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    messages_[i].msg_hdr.msg_name = &addresses_[i];
  }
}

void UdpSender::add(const Address& peer, std::string_view bytes, MonoTime now) {
  if (!waiting_.empty()) return keep(peer, bytes);
  if (is_full()) flush(now);
  // The flush may have found the socket full.
  if (!waiting_.empty()) return keep(peer, bytes);
  put(peer, bytes, now);
}

void UdpSender::flush(MonoTime now) {
  const std::size_t done = send_batch(now);
  keep_from(done);
  clear_batch();
  // A run was refused, not the socket full.
  if (!waiting_.empty() && !waits_for_room_ && !retry_at_) resume(now);
}

void UdpSender::resume(MonoTime now) {
  waits_for_room_ = false;
  retry_at_.reset();
  while (!waiting_.empty()) {
    for (std::size_t i = 0; i < waiting_.size() && !is_full(); ++i) {
      put(waiting_.peer(i), waiting_.bytes(i), now);
    }
    const std::size_t done = send_batch(now);
    waiting_.pop(parts_before(done));
    clear_batch();
    if (waits_for_room_ || retry_at_) return;
  }
}

void UdpSender::abandon() {
  figures_.datagrams_send_failed.add(waiting_.size());
  waiting_.clear();
  waits_for_room_ = false;
  retry_at_.reset();
}

bool UdpSender::is_full() const {
  return count_ == messages_.size() || parts_count_ == parts_.size();
}

void UdpSender::put(const Address& peer, std::string_view bytes, MonoTime now) {
  // The kernel only reads it; iovec has no const form.
  parts_[parts_count_] = {const_cast<char*>(bytes.data()), bytes.size()};
  if (!join_run(peer, bytes, now)) {
    runs_[count_] = {peer, parts_count_, 1, bytes.size(),
                     bytes.size() >= budget::run_datagram_bytes_min};
    msghdr& header = messages_[count_].msg_hdr;
    header.msg_namelen = write_socket_address(addresses_[count_], peer);
    header.msg_iov = &parts_[parts_count_];
    header.msg_iovlen = 1;
    header.msg_control = nullptr;
    header.msg_controllen = 0;
    ++count_;
  }
  ++parts_count_;
}

// The datagram is the next part already; it joins the last run if it fits there.
bool UdpSender::join_run(const Address& peer, std::string_view bytes, MonoTime now) {
  if (count_ == 0) return false;
  Run& run = runs_[count_ - 1];
  const std::size_t segment = parts_[run.first_part].iov_len;
  if (!run.open || run.peer != peer || bytes.empty() || bytes.size() > segment ||
      run.parts == budget::run_datagrams_max || run.bytes + bytes.size() > budget::run_bytes_max) {
    return false;
  }
  if (run.parts == 1) {
    if (!takes_runs(peer, now)) return run.open = false;
    mark_as_run(count_ - 1);
  }
  ++run.parts;
  run.bytes += bytes.size();
  run.open = bytes.size() == segment;
  messages_[count_ - 1].msg_hdr.msg_iovlen = run.parts;
  return true;
}

void UdpSender::mark_as_run(std::size_t message) {
  msghdr& header = messages_[message].msg_hdr;
  header.msg_control = &controls_[message];
  header.msg_controllen = sizeof(Control);
  cmsghdr* const part = CMSG_FIRSTHDR(&header);
  part->cmsg_level = IPPROTO_UDP;
  part->cmsg_type = UDP_SEGMENT;
  part->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto segment = static_cast<std::uint16_t>(parts_[runs_[message].first_part].iov_len);
  std::memcpy(CMSG_DATA(part), &segment, sizeof segment);
}

bool UdpSender::takes_runs(const Address& peer, MonoTime now) const {
  if (peer.port == 0) return false;
  const auto found = std::ranges::find(peers_without_runs_, peer, &WithoutRuns::peer);
  return found == peers_without_runs_.end() || found->until <= now;
}

void UdpSender::keep(const Address& peer, std::string_view bytes) {
  if (!waiting_.push(peer, bytes)) figures_.datagrams_send_failed.add();
}

// All datagrams of the batch from that message on.
void UdpSender::keep_from(std::size_t message) {
  for (; message < count_; ++message) {
    const Run& run = runs_[message];
    for (std::size_t i = run.first_part; i < run.first_part + run.parts; ++i) {
      keep(run.peer, {static_cast<const char*>(parts_[i].iov_base), parts_[i].iov_len});
    }
  }
}

// Returns how many messages of the batch are done with, sent or failed; the rest must wait, or be
// put together anew.
std::size_t UdpSender::send_batch(MonoTime now) {
  std::size_t done = 0;
  bool failed_before = false;
  while (done < count_) {
    const int sent = send_(fd_, messages_.data() + done, static_cast<unsigned>(count_ - done), 0);
    if (sent > 0) {
      count_sent(done, static_cast<std::size_t>(sent));
      done += static_cast<std::size_t>(sent);
      failed_before = false;
      continue;
    }
    if (errno == EINTR) continue;
    if (give_up_runs(runs_[done], errno, now) || pause(errno, now)) return done;
    if (failed_before) fail(runs_[done++]);
    failed_before = !failed_before;
  }
  return done;
}

// What the peer does not get alone, it did not miss for being in a run.
void UdpSender::fail(const Run& run) {
  figures_.datagrams_send_failed.add(run.parts);
  std::erase_if(peers_without_runs_,
                [&run](const WithoutRuns& without) { return without.peer == run.peer; });
}

// True if this is a run and the way to its peer does not take runs.
bool UdpSender::give_up_runs(const Run& run, int error, MonoTime now) {
  if (run.parts == 1) return false;
  if (error != EINVAL && error != EIO && error != EMSGSIZE && error != ENOPROTOOPT) return false;
  figures_.runs_refused.add();
  std::erase_if(peers_without_runs_, [&](const WithoutRuns& without) {
    return without.peer == run.peer || without.until <= now;
  });
  if (peers_without_runs_.size() == budget::peers_without_runs_max) {
    peers_without_runs_.erase(peers_without_runs_.begin());
  }
  peers_without_runs_.push_back({run.peer, now + budget::runs_tried_again});
  return true;
}

// True if the error passes with time.
bool UdpSender::pause(int error, MonoTime now) {
  switch (error) {
    case EAGAIN:
      waits_for_room_ = true;
      return true;
    case ENOBUFS:
    case ENOMEM:
      retry_at_ = now + budget::send_retry;
      return true;
    default:
      return false;
  }
}

void UdpSender::count_sent(std::size_t first, std::size_t count) {
  std::size_t bytes = 0;
  for (std::size_t i = first; i < first + count; ++i) bytes += runs_[i].bytes;
  figures_.datagrams_sent.add(parts_before(first + count) - parts_before(first));
  at(figures_.sent_bytes, Transport::udp).add(bytes);
}

std::size_t UdpSender::parts_before(std::size_t message) const {
  return message == count_ ? parts_count_ : runs_[message].first_part;
}

void UdpSender::clear_batch() {
  count_ = 0;
  parts_count_ = 0;
}

}  // namespace imcd::reactor
