// SharedMessage: what all deliveries of one room message or notice have in common, written once:
// the header fields from From to Content-Length and the body. Deliveries hold it by index and
// count; it is immutable once the first delivery has it.
//
// Chat and notices have a share of memory each (base/shares.h), in which a text counts with all
// that it takes, its buffer's capacity included. Some buffers of those that are gone are kept, so
// that the steady state allocates nothing; what is kept is part of the share of texts.
// Within the shares no room holds more than is fair (delivery/origins.h).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_buffer.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/shares.h"
#include "base/slot_pool.h"
#include "base/time.h"
#include "delivery/origins.h"

namespace imcd::delivery {

struct SharedMessage {
  enum class Kind : std::uint8_t { chat, notice };

  Kind kind = Kind::chat;
  ByteBuffer text;
  std::string room_uri;       // Where it comes from.
  std::uint64_t speaker = 0;  // Whose message caused it: Identity::hash; 0: nobody's.
  std::uint32_t references = 0;
  Origin* origin = nullptr;  // Which counts it.
  std::size_t counted_bytes = 0;
  std::optional<WallTime> expires;  // RFC 3428 5: not delivered after this.
};

class SharedMessages {
 public:
  using Kind = SharedMessage::Kind;

  explicit SharedMessages(Shares shares)
      : bytes_max_{shares.bytes(Share::texts) - spare_bytes_max(shares),
                   shares.bytes(Share::notices)},
        spare_bytes_max_(spare_bytes_max(shares)),
        pool_(texts_max(shares)),
        origins_(texts_max(shares)) {}

  // No place for one more of this kind, however long.
  [[nodiscard]] bool full(Kind kind) const {
    return pool_.full() || free_bytes(kind) < text_bytes_most(kind);
  }
  // What this origin holds.
  [[nodiscard]] const Origin& held_by(OriginToken origin) const {
    const Origin* const found = origins_.find(origin);
    return found != nullptr ? *found : nothing_;
  }
  [[nodiscard]] std::size_t free_bytes(Kind kind) const {
    return bytes_max_[index(kind)] - std::min(bytes(kind), bytes_max_[index(kind)]);
  }
  [[nodiscard]] std::size_t size() const { return pool_.in_use(); }
  // What those of this kind take.
  [[nodiscard]] std::size_t bytes(Kind kind) const { return bytes_[index(kind)]; }
  // What is kept of those that are gone.
  [[nodiscard]] std::size_t spare_bytes() const { return spare_bytes_; }

  // An empty message with one reference, the caller's. Its buffer keeps an earlier capacity.
  std::uint32_t make(Kind kind, OriginToken origin) {
    const std::uint32_t slot = pool_.take();
    SharedMessage& message = pool_[slot];
    spare_bytes_ -= message.text.capacity();
    message.kind = kind;
    message.speaker = 0;
    message.text.clear();
    message.expires.reset();
    message.references = 1;
    message.origin = &origins_.open(origin);
    return slot;
  }
  // All of its text is there, and counts from now on.
  void seal(std::uint32_t slot) {
    SharedMessage& message = pool_[slot];
    message.counted_bytes =
        sizeof(SharedMessage) + message.text.capacity() + message.room_uri.capacity();
    bytes_[index(message.kind)] += message.counted_bytes;
    message.origin->bytes += message.counted_bytes;
  }
  SharedMessage& operator[](std::uint32_t slot) { return pool_[slot]; }
  const SharedMessage& operator[](std::uint32_t slot) const { return pool_[slot]; }

  // A delivery holds it from now on, and no longer.
  void acquire(std::uint32_t slot) {
    SharedMessage& message = pool_[slot];
    ++message.references;
    ++message.origin->deliveries;
  }
  void release(std::uint32_t slot) {
    --pool_[slot].origin->deliveries;
    give_back(slot);
  }
  // Who made it needs it no longer.
  void give_back(std::uint32_t slot) {
    SharedMessage& message = pool_[slot];
    CHECK(message.references > 0);
    if (--message.references == 0) end(slot);
  }

 private:
  // A text with its smallest buffer.
  static constexpr std::size_t text_bytes_least =
      sizeof(SharedMessage) + sizeof(std::uint32_t) + 256;
  // A longer buffer is given back at once, so that a long text once said here doesn't stay for
  // good.
  static constexpr std::size_t capacity_kept = 4096;
  // A buffer grows by doubling. Of a notice's head as much as an option may add.
  static constexpr std::size_t text_bytes_most(Kind kind) {
    const std::size_t text = kind == Kind::chat
                                 ? limits::stream_head_bytes_max + limits::stream_body_bytes_max
                                 : 4096 + limits::notice_body_bytes_max;
    return sizeof(SharedMessage) + 2 * text;
  }
  static constexpr std::size_t texts_max(Shares shares) {
    return shares.places(Share::texts, text_bytes_least) +
           shares.places(Share::notices, text_bytes_least);
  }
  static constexpr std::size_t spare_bytes_max(Shares shares) {
    return shares.bytes(Share::texts) / 16;
  }
  static std::size_t index(Kind kind) { return static_cast<std::size_t>(kind); }

  void end(std::uint32_t slot) {
    SharedMessage& message = pool_[slot];
    bytes_[index(message.kind)] -= message.counted_bytes;
    message.origin->bytes -= message.counted_bytes;
    message.counted_bytes = 0;
    origins_.close(*message.origin);
    const std::size_t capacity = message.text.capacity();
    if (capacity > capacity_kept || spare_bytes_ + capacity > spare_bytes_max_) {
      message.text = {};
    } else {
      spare_bytes_ += capacity;
    }
    pool_.give_back(slot);
  }

  std::array<std::size_t, 2> bytes_max_;
  std::size_t spare_bytes_max_;
  SlotPool<SharedMessage, 64> pool_;
  Origins origins_;
  Origin nothing_;
  std::array<std::size_t, 2> bytes_{};
  std::size_t spare_bytes_ = 0;
};

}  // namespace imcd::delivery
