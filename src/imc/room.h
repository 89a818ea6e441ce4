// Room: its names, which never change, its visibility and its members.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "identity/identity.h"
#include "imc/invitations.h"
#include "imc/member_list.h"

namespace imcd::imc {

class Room {
 public:
  // `serial` tells a room from a later one of the same name.
  Room(std::uint64_t hash_of_key, std::string_view key, std::string_view name,
       std::string_view domain, bool is_private, std::uint64_t serial, IdentityTable& identities,
       Epochs& epochs);

  const std::uint64_t hash;  // Of the key.

  // name@domain, folded.
  [[nodiscard]] std::string_view key() const {
    return key_.empty() ? address() : std::string_view(key_);
  }
  [[nodiscard]] std::string_view uri() const { return uri_; }  // sip:name@domain, as first seen.
  [[nodiscard]] std::string_view address() const { return uri().substr(4); }
  [[nodiscard]] std::string_view name() const { return uri().substr(4, name_bytes_); }
  [[nodiscard]] std::string_view domain() const { return uri().substr(5U + name_bytes_); }
  [[nodiscard]] bool is_private() const { return private_.load(std::memory_order_relaxed); }

  MemberList members;

  // --- The loop's own ---------------------------------------------------------------------------

  const std::uint64_t serial;
  std::uint32_t slot = 0;  // In RoomTable's list of public rooms, or that of private ones.

  // Of ChatRelay, which changes nothing else of a room.
  struct Pace {
    MonoTime rate_at{};       // Option room_rate: when all of a second's messages may come again.
    bool backlogged = false;  // Most members had long queues when the last message went out.
  };
  mutable Pace pace;

  // By RoomTable alone, which has it in a list.
  void set_private(bool is_private) { private_.store(is_private, std::memory_order_relaxed); }

  // The first member with the owner flag; rooms loaded from a damaged database may have none.
  [[nodiscard]] Identity* owner() const;

  Invitations invitations;
  // Of a pending invitation; where nobody is known, the owner, if there is one.
  [[nodiscard]] Identity* inviter_of(const Identity& invitee) const;

 private:
  std::string key_;  // Empty: it is the address as spelled.
  std::string uri_;
  std::uint32_t name_bytes_;
  std::atomic<bool> private_;
};

}  // namespace imcd::imc
