// FakeControl: a server with rooms in a vector. A hole is where a room was.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "mi/control.h"

namespace imcd::mi {

struct FakeControl : Control {
  struct FakeRoom {
    std::string uri;
    std::vector<std::string> members;  // The owner first; empty ones have left.
    std::uint64_t serial = 0;
  };

  std::vector<std::optional<FakeRoom>> rooms;
  std::vector<Statistic> numbers = {{"imc:active_rooms", 0}};
  Instant start{MonoTime(5s), WallTime(1000000000s)};

  FakeRoom& add(std::string uri, std::vector<std::string> members = {}) {
    rooms.push_back(FakeRoom{std::move(uri), std::move(members), rooms.size() + 1});
    return *rooms.back();
  }

  static RoomInfo facts(const FakeRoom& room) {
    const auto here = static_cast<std::size_t>(std::ranges::count_if(
        room.members, [](const std::string& member) { return !member.empty(); }));
    return {room.uri, here, room.members.empty() ? std::string_view() : room.members[0],
            room.serial};
  }

  bool walk_rooms(std::size_t& cursor, const VisitRoom& visit) override {
    while (cursor < rooms.size()) {
      const auto& room = rooms[cursor++];
      if (room && !visit(facts(*room))) return false;
    }
    return true;
  }

  std::expected<RoomInfo, Status> find_room(std::string_view uri) override {
    for (const auto& room : rooms) {
      if (room && room->uri == uri) return facts(*room);
    }
    return std::unexpected(Status{404, "no such room"});
  }

  bool walk_members(std::string_view room_uri, std::uint64_t serial, std::size_t& cursor,
                    const VisitMember& visit) override {
    for (const auto& room : rooms) {
      if (!room || room->uri != room_uri || room->serial != serial) continue;
      while (cursor < room->members.size()) {
        const std::string& member = room->members[cursor++];
        if (!member.empty() && !visit({member, invited_at(member)})) return false;
      }
    }
    return true;
  }

  // In tests those are invited whose URI says so.
  static std::optional<WallTime> invited_at(std::string_view member) {
    if (!member.starts_with("sip:invited")) return std::nullopt;
    return WallTime(std::chrono::seconds(1795169472));
  }

  Status create_room(std::string_view room, std::string_view owner, bool is_private) override {
    if (find_room(room)) return {403, "room exists"};
    if (!is_private) add(std::string(room), {std::string(owner)});
    return {202, "Accepted"};
  }

  [[nodiscard]] std::vector<Statistic> statistics() const override { return numbers; }
  [[nodiscard]] Instant started() const override { return start; }
  [[nodiscard]] std::string_view version() const override { return "0.1.0 (x86_64/linux)"; }
};

}  // namespace imcd::mi
