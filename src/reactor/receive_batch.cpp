#include "reactor/receive_batch.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/udp.h>

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
    header.msg_control = &controls_[i];
  }
  filled_ = messages_.size();
}

std::optional<std::size_t> ReceiveBatch::read(int fd) {
  // The kernel has put the lengths of address and notes where the room for them was told.
  for (std::size_t i = 0; i < filled_; ++i) {
    messages_[i].msg_hdr.msg_namelen = sizeof peers_[i];
    messages_[i].msg_hdr.msg_controllen = sizeof controls_[i];
  }
  const int count =
      ::recvmmsg(fd, messages_.data(), static_cast<unsigned>(messages_.size()), 0, nullptr);
  filled_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  if (count < 0 && errno == EAGAIN) return std::nullopt;
  return filled_;
}

std::string_view ReceiveBatch::bytes(std::size_t index) const {
  return {buffers_.get() + index * buffer_stride, messages_[index].msg_len};
}

std::size_t ReceiveBatch::datagram_bytes(std::size_t index) const {
  const std::size_t all = messages_[index].msg_len;
  const std::size_t one = told(index, IPPROTO_UDP, UDP_GRO).value_or(0);
  return one == 0 ? all : one;
}

std::optional<std::uint32_t> ReceiveBatch::drops(std::size_t index) const {
  return told(index, SOL_SOCKET, SO_RXQ_OVFL);
}

// A note of the kernel's that is a number of four bytes.
std::optional<std::uint32_t> ReceiveBatch::told(std::size_t index, int level, int type) const {
  // CMSG_NXTHDR takes a pointer to what it does not change.
  auto* const header = const_cast<msghdr*>(&messages_[index].msg_hdr);
  for (cmsghdr* note = CMSG_FIRSTHDR(header); note != nullptr; note = CMSG_NXTHDR(header, note)) {
    if (note->cmsg_level != level || note->cmsg_type != type) continue;
    std::uint32_t number = 0;
    std::memcpy(&number, CMSG_DATA(note), sizeof number);
    return number;
  }
  return std::nullopt;
}

Address ReceiveBatch::peer(std::size_t index) const { return read_socket_address(peers_[index]); }

}  // namespace imcd::reactor
