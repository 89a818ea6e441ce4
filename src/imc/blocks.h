// Blocks: whom users do not want to be added or invited by, nor to hear knocking (#block). Kept by
// keys of addresses, as somebody who is blocked need not be known here. At most
// limits::blocks_of_user_max for each user and limits::blocks_max in all.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "identity/identity.h"

namespace imcd::imc {

struct Block {
  std::string blocked;  // A user's key, or `*@host`.
  WallTime made_at{};
};

class Blocks {
 public:
  // Whether `who` has blocked the other one.
  [[nodiscard]] bool has(const Identity& who, const Identity& other) const;
  // All of a user's, the oldest first.
  [[nodiscard]] const std::vector<Block>& of(std::string_view user_key) const;
  [[nodiscard]] bool has(std::string_view user_key, std::string_view blocked) const;
  [[nodiscard]] bool has_space(std::string_view user_key) const;

  // By RoomChanges alone. In the place of one that is there.
  void put(std::string_view user_key, std::string_view blocked, WallTime made_at);
  void erase(std::string_view user_key, std::string_view blocked);
  void clear();

 private:
  // In order: a hash of what peers choose would need a key.
  std::map<std::string, std::vector<Block>, std::less<>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace imcd::imc
