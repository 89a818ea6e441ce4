// RoomNames: which addresses can be rooms (option room_names). A pattern is a glob over
// `name@domain`, where `*` stands for any characters and `?` for one; one without `@` fits any
// domain. Letters count in any case. Only rooms that are to be made are held against them: one that
// the database has works on, whatever it is called.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace imcd::imc {

class RoomNames {
 public:
  // None: there are no names for new rooms.
  void apply(const std::vector<std::string>& patterns) { patterns_ = patterns; }

  // `key`: an address of record's, `name@domain`.
  [[nodiscard]] bool fit(std::string_view key) const;

  // What names rooms have, in words: "rooms are called chat-*".
  [[nodiscard]] std::string in_words() const;

 private:
  std::vector<std::string> patterns_;
};

}  // namespace imcd::imc
