// Stream: one TCP connection and the bytes that wait for it. A turn's bytes go out in one gathered
// write straight from the outbox; only what the kernel does not take is copied.
//
//   opening ──connected──▶ open ──close()──▶ closing ──all is sent──▶ lingering ──peer closes, or
//      │                  │ │                   │                                  2 s──▶ gone
//      │                  │ └──── fails ────────┴──▶ gone
//      └── fails ──▶ gone └──the peer sends no more──▶ half_closed ──6 s, or fails──▶ gone
//
// Edge-triggered: EPOLLOUT comes only after a write that found no room, so it can always be asked
// for.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <sys/uio.h>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "base/figures.h"
#include "reactor/budget.h"
#include "reactor/fd.h"

namespace imcd::reactor {

// What the outbox holds for one stream, in order; pieces that follow each other in memory are one.
struct WriteParts {
  std::array<iovec, budget::write_parts> parts;
  std::size_t count = 0;

  [[nodiscard]] bool full() const { return count == parts.size(); }
  void add(std::string_view bytes) {
    // The kernel only reads it; iovec has no const form.
    char* const begin = const_cast<char*>(bytes.data());
    if (count > 0) {
      iovec& last = parts[count - 1];
      if (static_cast<char*>(last.iov_base) + last.iov_len == begin) {
        last.iov_len += bytes.size();
        return;
      }
    }
    parts[count++] = {begin, bytes.size()};
  }
};

class Stream {
 public:
  enum class State : std::uint8_t { opening, open, half_closed, closing, lingering };

  Stream(Fd fd, const Flow& flow, State state, Figures& figures)
      : flow_(flow), state_(state), fd_(std::move(fd)), figures_(figures) {}
  ~Stream() { figures_.stream_bytes_waiting.add(-static_cast<std::int64_t>(waiting())); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const Flow& flow() const { return flow_; }
  [[nodiscard]] StreamId id() const { return flow_.stream; }
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] std::size_t waiting() const { return unsent_.size() - sent_; }

  // All of these return false when the connection has failed.
  // Whether it came about, once the kernel reports on it.
  [[nodiscard]] bool finish_opening();
  // `parts` is changed.
  [[nodiscard]] bool write(WriteParts& parts);
  // There may be room again.
  [[nodiscard]] bool write_waiting();
  // The peer sends no more, but may still read what we owe it.
  void end_reading() {
    state_ = State::half_closed;
    at_end = true;
  }
  [[nodiscard]] bool may_write() const {
    return state_ == State::open || state_ == State::half_closed;
  }
  // No more is to be written; what waits still is.
  [[nodiscard]] bool close();

  // Where its part of the write under way is gathered.
  static constexpr std::size_t no_write = SIZE_MAX;
  std::size_t write_slot = no_write;
  // The core was told that it is blocked.
  bool told_blocked = false;
  // The peer will send no more.
  bool at_end = false;
  // Reports came that mean the next read must go on to the end of the stream.
  bool hung_up = false;

 private:
  // Bytes the kernel took; -1 when the connection has failed.
  [[nodiscard]] ssize_t send(iovec* parts, std::size_t count);
  void keep(const iovec* parts, std::size_t count, std::size_t skip);
  [[nodiscard]] bool end_writing();

  Flow flow_;
  State state_;
  Fd fd_;
  Figures& figures_;
  ByteBuffer unsent_;
  std::size_t sent_ = 0;  // Of unsent_, from its front.
};

}  // namespace imcd::reactor
