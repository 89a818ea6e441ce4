// SharedMessage: what all deliveries of one room message or notice have in common, written once:
// the header fields from From to Content-Length and the body. Deliveries hold it by index and
// count; it is immutable once the first delivery has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_buffer.h"
#include "base/limits.h"
#include "base/slot_pool.h"
#include "base/time.h"

namespace imcd::delivery {

struct SharedMessage {
  enum class Kind : std::uint8_t { chat, notice };

  Kind kind = Kind::chat;
  ByteBuffer text;
  std::string room_uri;       // Where a chat message comes from.
  std::uint64_t speaker = 0;  // Whose message caused it: Identity::hash; 0: nobody's.
  std::uint32_t references = 0;
  std::size_t counted_bytes = 0;
  std::optional<WallTime> expires;  // RFC 3428 5: not delivered after this.
};

class SharedMessages {
 public:
  SharedMessages() : pool_(limits::shared_messages_max) {}

  // No place for one more, chat message or notice: of such, or of bytes.
  [[nodiscard]] bool full() const {
    return pool_.full() || bytes_ >= limits::shared_message_bytes_max;
  }
  [[nodiscard]] std::size_t size() const { return pool_.in_use(); }

  // An empty message with one reference, the caller's. Its buffer keeps an earlier capacity.
  std::uint32_t make(SharedMessage::Kind kind) {
    const std::uint32_t index = pool_.take();
    SharedMessage& message = pool_[index];
    message.kind = kind;
    message.speaker = 0;
    message.text.clear();
    message.expires.reset();
    message.references = 1;
    return index;
  }
  // All of its text is there, and counts from now on.
  void seal(std::uint32_t index) {
    SharedMessage& message = pool_[index];
    message.counted_bytes = message.text.size();
    bytes_ += message.counted_bytes;
  }
  SharedMessage& operator[](std::uint32_t index) { return pool_[index]; }
  const SharedMessage& operator[](std::uint32_t index) const { return pool_[index]; }

  void acquire(std::uint32_t index) { ++pool_[index].references; }
  void release(std::uint32_t index) {
    SharedMessage& message = pool_[index];
    CHECK(message.references > 0);
    if (--message.references > 0) return;
    bytes_ -= message.counted_bytes;
    message.counted_bytes = 0;
    // So that a long text once said here doesn't stay in memory for good.
    if (message.text.capacity() > capacity_kept) message.text = {};
    pool_.give_back(index);
  }

 private:
  static constexpr std::size_t capacity_kept = 4096;

  SlotPool<SharedMessage, 64> pool_;
  std::size_t bytes_ = 0;
};

}  // namespace imcd::delivery
