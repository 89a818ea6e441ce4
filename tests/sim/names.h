// Names: rooms and users by number. Whatever spelling comes over the wire or stands in a row, what
// is the same address of record has the same number. Users who take part have the lowest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parser/uri.h"
#include "sim/datagrams.h"

namespace imcd::sim {

using UserId = std::uint32_t;
using RoomId = std::uint32_t;

class Names {
 public:
  // `domains`: aliases of the first one, as the option says.
  explicit Names(std::vector<std::string> domains) : domains_(std::move(domains)) {}
  Names(Names&&) = default;  // The keys stay where they are.
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // The URI must have user and host.
  UserId user(const parser::Uri& uri) { return number(users_, user_keys_, key(uri)); }
  RoomId room(const parser::Uri& uri) { return number(rooms_, room_keys_, room_key(uri)); }
  // Of the texts in rows: what makes no URI has the number `none`.
  UserId user(std::string_view name, std::string_view domain);
  RoomId room(std::string_view uri_text);

  // Whether the room's address is this user's, under any alias.
  bool is_at(UserId user, RoomId room);

  [[nodiscard]] const std::string& user_key(UserId user) const { return *user_keys_[user]; }
  [[nodiscard]] const std::string& room_key(RoomId room) const { return *room_keys_[room]; }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using Table = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;
  using Keys = std::vector<const std::string*>;

  const std::string& key(const parser::Uri& uri);
  const std::string& room_key(const parser::Uri& uri);
  static std::uint32_t number(Table& table, Keys& keys, const std::string& key);

  std::vector<std::string> domains_;
  Table users_;
  Table rooms_;
  Keys user_keys_;
  Keys room_keys_;
  std::string scratch_;
};

}  // namespace imcd::sim
