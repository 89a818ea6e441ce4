#include "reactor/receive_batch.h"

#include <cerrno>

namespace imcd::reactor {
namespace {

// Buffers a whole number of pages apart would all begin in the same sets of the cache and push each
// other out; ten lines more spread them.
constexpr std::size_t buffer_stride = 65536 + 640;
static_assert(buffer_stride >= budget::datagram_buffer_bytes);

}  // namespace

ReceiveBatch::ReceiveBatch()
    : buffers_(std::make_unique_for_overwrite<char[]>(budget::receive_batch * buffer_stride)) {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    parts_[i] = {buffers_.get() + i * buffer_stride, budget::datagram_buffer_bytes};
    msghdr& header = messages_[i].msg_hdr;
    header.msg_name = &peers_[i];
    header.msg_iov = &parts_[i];
    header.msg_iovlen = 1;
  }
  filled_ = messages_.size();
}

std::optional<std::size_t> ReceiveBatch::read(int fd) {
  // The kernel has put the length of each sender's address where the room for it was told.
  for (std::size_t i = 0; i < filled_; ++i) messages_[i].msg_hdr.msg_namelen = sizeof peers_[i];
  const int count =
      ::recvmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()), 0, nullptr);
  filled_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  return filled_;
}

std::string_view ReceiveBatch::bytes(std::size_t index) const {
  return {buffers_.get() + index * buffer_stride, messages_[index].msg_len};
}

Address ReceiveBatch::peer(std::size_t index) const { return read_socket_address(peers_[index]); }

}  // namespace imcd::reactor
