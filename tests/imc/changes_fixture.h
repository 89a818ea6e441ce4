// What tests of room changes stand on: rooms without a server, and records as lines to compare.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/figures.h"
#include "delivery/deliveries.h"
#include "imc/room_changes.h"
#include "parser/uri.h"

namespace imcd::imc {

using Lines = std::vector<std::string>;

// "put member bob@x of chat@x 4"; flags and times last.
inline std::string line_of(const records::RoomRow::Key& key) {
  return fmt::format("room {}@{}", key.name, key.domain);
}
inline std::string line_of(const records::MemberRow::Key& key) {
  return fmt::format("member {}@{} of {}", key.user, key.domain, key.room.substr(4));
}
inline std::string line_of(const records::UserRow::Key& key) { return "user " + key.text; }
inline std::string line_of(const records::InvitationRow::Key& key) {
  return fmt::format("invitation {}@{} of {}", key.user, key.domain, key.room.substr(4));
}
inline std::string line_of(const records::BlockRow::Key& key) {
  return fmt::format("block of {} by {}", key.blocked, key.user);
}

inline std::string value_of(const records::RoomRow& row) { return std::to_string(row.flags); }
inline std::string value_of(const records::MemberRow& row) { return std::to_string(row.flags); }
inline std::string value_of(const records::UserRow& row) { return row.uri; }
inline std::string value_of(const records::InvitationRow& row) {
  return std::to_string(row.made_at);
}

inline std::string value_of(const records::BlockRow& row) { return std::to_string(row.made_at); }

template <class Row>
std::string line_of(const records::Put<Row>& put) {
  return fmt::format("put {} {}", line_of(put.row.key), value_of(put.row));
}
template <class Row>
std::string line_of(const records::Erase<Row>& erase) {
  return "erase " + line_of(erase.key);
}
inline std::string line_of(const records::Record& record) {
  return std::visit([](const auto& change) { return line_of(change); }, record);
}

inline Lines lines_of(const std::vector<records::Record>& records) {
  Lines lines;
  for (const records::Record& record : records) lines.push_back(line_of(record));
  return lines;
}

class ChangesFixture : public testing::Test {
 protected:
  static constexpr std::uint32_t owner = records::member_flag::owner;
  static constexpr std::uint32_t admin = records::member_flag::admin;
  static constexpr std::uint32_t invited = records::member_flag::invited;

  ~ChangesFixture() override { epochs.free_all(); }

  IdentityRef user(std::string_view uri) { return identities.intern(*parser::parse_uri(uri)); }

  // Null: there is none.
  [[nodiscard]] const Room* find(std::string_view key) const { return changes.rooms().find(key); }

  // What is stored for the change.
  Lines rows_of(const RoomChange& change) {
    RoomChanges::Rows rows;
    changes.apply(change, rows);
    return lines_of(rows);
  }

  // chat@x, with nobody in it.
  const Room& make_room(bool is_private = false) {
    const RoomKey key = changes.rooms().key(*parser::parse_uri("sip:chat@x"));
    changes.apply(RoomMade{key, "chat", "x", is_private});
    return *find("chat@x");
  }

  // Flags of who is there, in order: "alice@x 1". Whether they asked for it is seen in the counts
  // of the user.
  static Lines members_of(const Room& room) {
    Lines lines;
    room.members.for_each([&lines](const Member& member) {
      lines.push_back(
          fmt::format("{} {:x}", member.who->address(), member.flags.load() & ~member_unasked));
    });
    return lines;
  }

  // Public and private rooms, members, invitations.
  [[nodiscard]] std::vector<std::int64_t> counted() const {
    return {figures.rooms_public.value(), figures.rooms_private.value(), figures.members.value(),
            figures.invitations_pending.value()};
  }
  using Counts = std::vector<std::int64_t>;

  Figures figures;
  Epochs epochs;
  IdentityTable identities{HashKey{1, 2}, epochs};
  delivery::Deliveries deliveries{{}, {}, HashKey{3, 4}, identities, figures};
  RoomChanges changes{HashKey{5, 6}, 4, {}, identities, epochs, deliveries, figures};
};

}  // namespace imcd::imc
