// Records and rows in the few words that a test's reader needs, and rows as lines of text, which
// compare and print well.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "db/store.h"

namespace imcd::db {

inline const std::string room_domain = "conf.example.com";
inline const std::string user_domain = "example.com";

inline records::Record put_room(std::string name, std::uint32_t flags = 0) {
  return {.kind = records::Record::Kind::put_room,
          .room_name = std::move(name),
          .room_domain = room_domain,
          .flags = flags};
}
inline records::Record delete_room(std::string name) {
  return {.kind = records::Record::Kind::delete_room,
          .room_name = std::move(name),
          .room_domain = room_domain};
}
inline records::Record put_member(std::string room, std::string user, std::uint32_t flags = 0) {
  return {.kind = records::Record::Kind::put_member,
          .room_name = std::move(room),
          .room_domain = room_domain,
          .user = std::move(user),
          .user_domain = user_domain,
          .flags = flags};
}
inline records::Record delete_member(std::string room, std::string user) {
  return {.kind = records::Record::Kind::delete_member,
          .room_name = std::move(room),
          .room_domain = room_domain,
          .user = std::move(user),
          .user_domain = user_domain};
}

inline records::Record put_user(std::string key, std::string uri) {
  return {.kind = records::Record::Kind::put_user, .user = std::move(key), .uri = std::move(uri)};
}
inline records::Record delete_user(std::string key) {
  return {.kind = records::Record::Kind::delete_user, .user = std::move(key)};
}

inline records::Record put_invitation(std::string room, std::string user, std::int64_t made_at) {
  records::Record record = put_member(std::move(room), std::move(user));
  record.kind = records::Record::Kind::put_invitation;
  record.made_at = made_at;
  return record;
}
inline records::Record delete_invitation(std::string room, std::string user) {
  records::Record record = put_invitation(std::move(room), std::move(user), 0);
  record.kind = records::Record::Kind::delete_invitation;
  return record;
}

// A batch of commands with the records given.
inline Batch batch(BatchId id, std::vector<std::vector<records::Record>> commands) {
  Batch result{.id = id};
  for (auto& records : commands) result.commands.push_back({std::move(records)});
  return result;
}

using Lines = std::vector<std::string>;

inline std::string line(const records::RoomRow& row) {
  return "room " + row.name + " " + std::to_string(row.flags);
}
inline std::string line(const records::MemberRow& row) {
  return "member " + row.user + " of " + row.room + " " + std::to_string(row.flags);
}
inline std::string line(const records::UserRow& row) { return "user " + row.key + " " + row.uri; }

inline std::string line(const records::InvitationRow& row) {
  return "invitation of " + row.user + " to " + row.room + " " + std::to_string(row.made_at);
}

// `room chat 1`, `user bob@x sip:bob@x:6000` and `member bob of sip:chat@conf.example.com 4`,
// sorted; what was skipped as it is.
inline Lines lines(const LoadedRows& rows) {
  Lines result;
  for (const auto& row : rows.rooms) result.push_back(line(row));
  for (const auto& row : rows.users) result.push_back(line(row));
  for (const auto& row : rows.members) result.push_back(line(row));
  for (const auto& row : rows.invitations) result.push_back(line(row));
  result.insert(result.end(), rows.skipped.begin(), rows.skipped.end());
  std::ranges::sort(result);
  return result;
}

// Everything that a store loads, and how it was cut into pieces.
struct Loaded {
  LoadedRows rows;
  std::vector<std::size_t> pieces;
  bool members_came_last = true;
  Result<void> result;
};

inline Loaded load_all(Store& store) {
  Loaded loaded;
  loaded.result = store.load(
      [](void* context, LoadedRows&& piece) {
        auto& [rows, pieces, members_came_last, result] = *static_cast<Loaded*>(context);
        pieces.push_back(piece.size());
        const bool has_others = !piece.rooms.empty() || !piece.users.empty();
        if (has_others && !rows.members.empty()) members_came_last = false;
        if (!piece.members.empty() && !rows.invitations.empty()) members_came_last = false;
        for (auto& row : piece.rooms) rows.rooms.push_back(std::move(row));
        for (auto& row : piece.users) rows.users.push_back(std::move(row));
        for (auto& row : piece.members) rows.members.push_back(std::move(row));
        for (auto& row : piece.invitations) rows.invitations.push_back(std::move(row));
        for (auto& row : piece.skipped) rows.skipped.push_back(std::move(row));
        return true;
      },
      &loaded);
  return loaded;
}

inline Lines stored(Store& store) { return lines(load_all(store).rows); }

}  // namespace imcd::db
