// Crowd: the rooms of a run, who is in them, and how each member answers. Names carry the run's own
// number, so that nothing a server remembers of another run matters: room `r7b2ac1-3`, its member
// 14 `u7b2ac1-3-14`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_buffer.h"
#include "options.h"

namespace imcd::bench {

enum class Manner : std::uint8_t { prompt, late, refusing, silent };

struct Seat {
  std::uint32_t room = 0;
  std::uint32_t member = 0;
};

class Crowd {
 public:
  Crowd(const Options& options, std::uint32_t run);

  [[nodiscard]] std::uint32_t rooms() const { return rooms_; }
  [[nodiscard]] std::uint32_t members() const { return members_; }
  // Members are ordered: the prompt ones, the late ones, the refusing ones, the silent ones.
  [[nodiscard]] Manner manner(std::uint32_t member) const {
    if (member < late_from_) return Manner::prompt;
    if (member < refusing_from_) return Manner::late;
    return member < silent_from_ ? Manner::refusing : Manner::silent;
  }
  // Members of a room who answer 200, sooner or later.
  [[nodiscard]] std::uint32_t answering() const { return refusing_from_; }
  [[nodiscard]] std::uint32_t prompt() const { return late_from_; }

  void write_room(ByteBuffer& out, std::uint32_t room) const;
  void write_room_name(ByteBuffer& out, std::uint32_t room) const;
  void write_member(ByteBuffer& out, Seat seat) const;
  // The seat of a user of this run; the user part of a URI, without its host.
  [[nodiscard]] std::optional<Seat> find_seat(std::string_view user) const;

 private:
  std::string prefix_;  // Of users; a room has `r` in place of the `u`.
  std::string domain_;
  std::uint32_t rooms_ = 0;
  std::uint32_t members_ = 0;
  std::uint32_t late_from_ = 0;
  std::uint32_t refusing_from_ = 0;
  std::uint32_t silent_from_ = 0;
};

}  // namespace imcd::bench
