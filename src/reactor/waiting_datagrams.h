// WaitingDatagrams: what one socket could not take yet, first in, first out. It copies, as the
// outbox is cleared meanwhile, and it has a bound (budget::waiting_bytes_max), as a peer's silence
// must not become our memory.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/byte_buffer.h"

namespace imcd::reactor {

class WaitingDatagrams {
 public:
  // False: there is no room, and nothing was added.
  [[nodiscard]] bool push(const Address& peer, std::string_view bytes);

  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t size() const { return entries_.size() - first_; }
  // The index counts from the oldest. Valid until the next push or pop.
  [[nodiscard]] const Address& peer(std::size_t index) const { return entry(index).peer; }
  [[nodiscard]] std::string_view bytes(std::size_t index) const {
    return bytes_.view(entry(index).offset, entry(index).size);
  }

  // Bytes in memory, those of datagrams that are gone included.
  [[nodiscard]] std::size_t held_bytes() const {
    return bytes_.size() + entries_.size() * sizeof(Entry);
  }

  // Takes the oldest away.
  void pop(std::size_t count);
  void clear();

 private:
  struct Entry {
    Address peer;
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  [[nodiscard]] const Entry& entry(std::size_t index) const { return entries_[first_ + index]; }
  [[nodiscard]] std::size_t dead_bytes() const;
  void close_gap();

  std::vector<Entry> entries_;
  ByteBuffer bytes_;
  std::size_t first_ = 0;  // Entries before it were popped; their bytes go with the next move.
};

}  // namespace imcd::reactor
