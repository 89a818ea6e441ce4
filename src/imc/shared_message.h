// SharedMessage: what all deliveries of one room message or notice have in common, written once:
// the header fields from From to Content-Length and the body. Deliveries hold it by index and
// count; it is immutable once the first delivery has it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_buffer.h"
#include "base/limits.h"
#include "base/time.h"
#include "tm/slot_pool.h"

namespace imcd::imc {

struct SharedMessage {
  ByteBuffer text;
  std::string room_uri;  // Where it comes from.
  std::uint32_t references = 0;
  std::optional<WallTime> expires;  // RFC 3428 5: not delivered after this.
};

class SharedMessages {
 public:
  SharedMessages() : pool_(limits::shared_messages_max) {}

  [[nodiscard]] bool full() const { return pool_.full(); }
  [[nodiscard]] std::size_t size() const { return pool_.in_use(); }

  // An empty message with one reference, the caller's. Its buffer keeps an earlier capacity.
  std::uint32_t make() {
    const std::uint32_t index = pool_.take();
    SharedMessage& message = pool_[index];
    message.text.clear();
    message.expires.reset();
    message.references = 1;
    return index;
  }
  SharedMessage& operator[](std::uint32_t index) { return pool_[index]; }

  void acquire(std::uint32_t index) { ++pool_[index].references; }
  void release(std::uint32_t index) {
    CHECK(pool_[index].references > 0);
    if (--pool_[index].references == 0) pool_.give_back(index);
  }

 private:
  tm::SlotPool<SharedMessage, 64> pool_;
};

}  // namespace imcd::imc
