#include "db/net_changes.h"

#include "db/rows.h"

namespace imcd::db {
namespace {

using Key = std::pair<std::string_view, std::string_view>;  // A name and its domain.

// What became of one room so far.
struct RoomChanges {
  const records::Record* last = nullptr;  // The last put or delete of the room's own row.
  bool is_emptied = false;
  // The last record of each, since it was emptied.
  std::map<Key, const records::Record*> members;
  std::map<Key, const records::Record*> invitations;
};

struct Changes {
  std::map<Key, RoomChanges> rooms;
  std::map<std::string_view, const records::Record*> users;  // The last record of each, by key.
};

void note(Changes& changes, const records::Record& record) {
  using enum records::Record::Kind;
  if (record.is_of_user()) {
    changes.users[record.user] = &record;
    return;
  }
  RoomChanges& room = changes.rooms[{record.room_name, record.room_domain}];
  switch (record.kind) {
    case put_room:
      room.last = &record;
      break;
    case delete_room:
      room.last = &record;
      room.is_emptied = true;
      room.members.clear();
      room.invitations.clear();
      break;
    case put_member:
    case delete_member:
      room.members[{record.user, record.user_domain}] = &record;
      break;
    case put_invitation:
    case delete_invitation:
      room.invitations[{record.user, record.user_domain}] = &record;
      break;
    case put_user:
    case delete_user:
      break;  // Above.
  }
}

}  // namespace

NetChanges::NetChanges(const Batch& batch) {
  using enum records::Record::Kind;
  Changes changes;
  for (const Command& command : batch.commands) {
    for (const records::Record& record : command.records) note(changes, record);
  }
  for (const auto& [key, room] : changes.rooms) {
    if (room.is_emptied) emptied_rooms.push_back(room_uri(key.first, key.second));
    if (room.last != nullptr) {
      (room.last->kind == put_room ? put_rooms : deleted_rooms).push_back(room.last);
    }
    for (const auto& [user, member] : room.members) {
      (member->kind == put_member ? put_members : deleted_members).push_back(member);
    }
    for (const auto& [user, invitation] : room.invitations) {
      (invitation->kind == put_invitation ? put_invitations : deleted_invitations)
          .push_back(invitation);
    }
  }
  for (const auto& [key, user] : changes.users) {
    (user->kind == put_user ? put_users : deleted_users).push_back(user);
  }
}

}  // namespace imcd::db
