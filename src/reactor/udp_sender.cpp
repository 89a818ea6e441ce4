#include "reactor/udp_sender.h"

#include <algorithm>
#include <cerrno>

namespace imcd::reactor {

UdpSender::UdpSender(int fd, SendBatch send, Figures& figures)
    : fd_(fd), send_(send), figures_(figures) {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    messages_[i].msg_hdr.msg_name = &addresses_[i];
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

void UdpSender::add(const Address& peer, std::string_view bytes, MonoTime now) {
  if (!waiting_.empty()) return keep(peer, bytes);
  put(peer, bytes);
  if (count_ == messages_.size()) flush(now);
}

void UdpSender::flush(MonoTime now) {
  const std::size_t done = send_batch(now);
  for (std::size_t i = done; i < count_; ++i) {
    keep(read_socket_address(addresses_[i]),
         {static_cast<const char*>(parts_[i].iov_base), parts_[i].iov_len});
  }
  count_ = 0;
}

void UdpSender::resume(MonoTime now) {
  waits_for_room_ = false;
  retry_at_.reset();
  while (!waiting_.empty()) {
    const std::size_t size = std::min(waiting_.size(), messages_.size());
    for (std::size_t i = 0; i < size; ++i) put(waiting_.peer(i), waiting_.bytes(i));
    const std::size_t done = send_batch(now);
    waiting_.pop(done);
    count_ = 0;
    if (done < size) return;
  }
}

void UdpSender::abandon() {
  figures_.datagrams_send_failed.add(waiting_.size());
  waiting_.clear();
  waits_for_room_ = false;
  retry_at_.reset();
}

void UdpSender::put(const Address& peer, std::string_view bytes) {
  messages_[count_].msg_hdr.msg_namelen = write_socket_address(addresses_[count_], peer);
  // The kernel only reads it; iovec has no const form.
  parts_[count_] = {const_cast<char*>(bytes.data()), bytes.size()};
  ++count_;
}

void UdpSender::keep(const Address& peer, std::string_view bytes) {
  if (!waiting_.push(peer, bytes)) figures_.datagrams_send_failed.add();
}

// Returns how many of the batch are done with, sent or failed; the rest must wait.
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
    if (pause(errno, now)) return done;
    if (failed_before) {
      figures_.datagrams_send_failed.add();
      ++done;
    }
    failed_before = !failed_before;
  }
  return done;
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
  for (std::size_t i = first; i < first + count; ++i) bytes += parts_[i].iov_len;
  figures_.datagrams_sent.add(count);
  figures_.sent_bytes.add(bytes);
}

}  // namespace imcd::reactor
