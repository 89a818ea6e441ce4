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

inline std::string room_uri(const std::string& name) {
  return records::uri_of({name, room_domain});
}

inline records::Record put_room(std::string name, std::uint32_t flags = 0) {
  return records::Put<records::RoomRow>{{{std::move(name), room_domain}, flags}};
}
inline records::Record delete_room(std::string name) {
  return records::Erase<records::RoomRow>{{std::move(name), room_domain}};
}
inline records::Record put_member(const std::string& room, std::string user,
                                  std::uint32_t flags = 0) {
  return records::Put<records::MemberRow>{{{room_uri(room), std::move(user), user_domain}, flags}};
}
inline records::Record delete_member(const std::string& room, std::string user) {
  return records::Erase<records::MemberRow>{{room_uri(room), std::move(user), user_domain}};
}

inline records::Record put_user(std::string key, std::string uri) {
  return records::Put<records::UserRow>{{{std::move(key)}, std::move(uri)}};
}
inline records::Record delete_user(std::string key) {
  return records::Erase<records::UserRow>{{std::move(key)}};
}

inline records::Record put_invitation(const std::string& room, std::string user,
                                      std::int64_t made_at) {
  return records::Put<records::InvitationRow>{
      {{room_uri(room), std::move(user), user_domain}, made_at}};
}
inline records::Record delete_invitation(const std::string& room, std::string user) {
  return records::Erase<records::InvitationRow>{{room_uri(room), std::move(user), user_domain}};
}

// Whether the record is about a room of that name, or about somebody in it.
inline bool names_room(const records::Record& record, std::string_view name) {
  const std::string room = records::room_of(record);
  return !room.empty() && records::room_key(room).name == name;
}

// A batch of commands with the records given.
inline Batch batch(BatchId id, std::vector<std::vector<records::Record>> commands) {
  Batch result{.id = id};
  for (auto& records : commands) result.bundles.push_back({std::move(records)});
  return result;
}

using Lines = std::vector<std::string>;

inline std::string line(const records::RoomRow& row) {
  return "room " + row.key.name + " " + std::to_string(row.flags);
}
inline std::string line(const records::MemberRow& row) {
  return "member " + row.key.user + " of " + row.key.room + " " + std::to_string(row.flags);
}
inline std::string line(const records::UserRow& row) {
  return "user " + row.key.text + " " + row.uri;
}

inline std::string line(const records::InvitationRow& row) {
  return "invitation of " + row.key.user + " to " + row.key.room + " " +
         std::to_string(row.made_at);
}

inline std::string line(const records::BlockRow& row) {
  return "block of " + row.key.blocked + " by " + row.key.user + " " + std::to_string(row.made_at);
}

// `room chat 1`, `user bob@x sip:bob@x:6000` and `member bob of sip:chat@conf.example.com 4`,
// sorted; what was skipped as it is.
inline Lines lines(const records::LoadedRows& rows) {
  Lines result;
  rows.for_each_table([&result](const auto& table) {
    for (const auto& row : table) result.push_back(line(row));
  });
  result.insert(result.end(), rows.skipped.begin(), rows.skipped.end());
  std::ranges::sort(result);
  return result;
}

// Everything that a store loads, and how it was cut into pieces.
struct Loaded {
  records::LoadedRows rows;
  std::vector<std::size_t> pieces;
  bool members_came_last = true;
  Result<void> result;
};

inline Loaded load_all(Store& store) {
  Loaded loaded;
  loaded.result = store.load(
      [](void* context, records::LoadedRows&& piece) {
        auto& [rows, pieces, members_came_last, result] = *static_cast<Loaded*>(context);
        pieces.push_back(piece.size());
        const bool has_others =
            !piece.of<records::RoomRow>().empty() || !piece.of<records::UserRow>().empty();
        if (has_others && !rows.of<records::MemberRow>().empty()) members_came_last = false;
        if (!piece.of<records::MemberRow>().empty() && !rows.of<records::InvitationRow>().empty())
          members_came_last = false;
        rows.append(std::move(piece));
        return true;
      },
      &loaded);
  return loaded;
}

inline Lines stored(Store& store) { return lines(load_all(store).rows); }

}  // namespace imcd::db
