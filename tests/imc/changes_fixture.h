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
inline std::string line_of(const records::Record& record) {
  using Kind = records::Record::Kind;
  const std::string room = fmt::format("{}@{}", record.room_name, record.room_domain);
  const std::string member = fmt::format("{}@{} of {}", record.user, record.user_domain, room);
  switch (record.kind) {
    case Kind::put_room:
      return fmt::format("put room {} {}", room, record.flags);
    case Kind::delete_room:
      return fmt::format("erase room {}", room);
    case Kind::put_member:
      return fmt::format("put member {} {}", member, record.flags);
    case Kind::delete_member:
      return fmt::format("erase member {}", member);
    case Kind::put_user:
      return fmt::format("put user {} {}", record.user, record.uri);
    case Kind::delete_user:
      return fmt::format("erase user {}", record.user);
    case Kind::put_invitation:
      return fmt::format("put invitation {} {}", member, record.made_at);
    case Kind::delete_invitation:
      return fmt::format("erase invitation {}", member);
  }
  return {};
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

  // Flags of who is there, in order: "alice@x 1".
  static Lines members_of(const Room& room) {
    Lines lines;
    room.members.for_each([&lines](const Member& member) {
      lines.push_back(fmt::format("{} {:x}", member.who->address(), member.flags.load()));
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
  delivery::Deliveries deliveries{{}, HashKey{3, 4}, identities, figures};
  RoomChanges changes{HashKey{5, 6}, 4, {}, identities, epochs, deliveries, figures};
};

}  // namespace imcd::imc
