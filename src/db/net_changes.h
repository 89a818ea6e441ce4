// NetChanges: what a batch leaves behind, row by row. Records are absolute, so of all that a batch
// says about one row only the last counts, and rows may be written in any order: first what goes,
// then what stays. A store that can write many rows by one statement does so with these.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/store.h"
#include "records/record.h"

namespace imcd::db {

struct NetChanges {
  // The batch must outlive it: rows are pointers to its records.
  explicit NetChanges(const Batch& batch);

  // URIs of rooms whose members' and invitations' rows go, all of them.
  std::vector<std::string> emptied_rooms;
  std::vector<const records::Record*> deleted_rooms;
  std::vector<const records::Record*> deleted_members;
  std::vector<const records::Record*> deleted_users;
  std::vector<const records::Record*> deleted_invitations;
  // In the order of their keys, so that two writers ask for rows in one order.
  std::vector<const records::Record*> put_rooms;
  std::vector<const records::Record*> put_members;
  std::vector<const records::Record*> put_users;
  std::vector<const records::Record*> put_invitations;
};

}  // namespace imcd::db
