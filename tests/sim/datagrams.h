// Datagrams: all that are on their way, in slots that are used again. A slot holds what nearly
// every datagram needs; the few larger ones have a string beside it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/slot_pool.h"

namespace imcd::sim {

// Stands for "none" wherever something is named by number.
constexpr std::uint32_t none = 0xffffffff;

struct Datagram {
  Address from;
  Address to;
  std::uint32_t delivery = none;  // Which one of the ledger it carries, if the server sent it.
  bool damaged = false;           // Its bytes are not those that were sent.
  std::size_t size = 0;
  std::array<char, 1536> small;
  std::string large;

  [[nodiscard]] std::string_view view() const {
    return size <= small.size() ? std::string_view(small.data(), size) : std::string_view(large);
  }
  void assign(std::string_view bytes) {
    size = bytes.size();
    if (size <= small.size()) {
      std::memcpy(small.data(), bytes.data(), size);
    } else {
      large = bytes;
    }
  }
  // Where the bytes can be changed in place.
  char* data() { return size <= small.size() ? small.data() : large.data(); }
  void cut(std::size_t bytes) {
    if (bytes >= size) return;
    assign(std::string(view().substr(0, bytes)));
  }
};

class Datagrams {
 public:
  Datagrams() : slots_(std::size_t{1} << 22) {}

  std::uint32_t make(const Address& from, const Address& to, std::string_view bytes,
                     std::uint32_t delivery = none) {
    const std::uint32_t slot = slots_.take();
    Datagram& datagram = slots_[slot];
    datagram.from = from;
    datagram.to = to;
    datagram.delivery = delivery;
    datagram.damaged = false;
    datagram.assign(bytes);
    return slot;
  }
  Datagram& operator[](std::uint32_t slot) { return slots_[slot]; }
  void give_back(std::uint32_t slot) { slots_.give_back(slot); }
  [[nodiscard]] std::size_t in_use() const { return slots_.in_use(); }

 private:
  SlotPool<Datagram, 256> slots_;
};

}  // namespace imcd::sim
