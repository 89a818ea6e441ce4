#include "db/memory_store.h"

#include <utility>
#include <vector>

namespace imcd::db {
namespace {

constexpr const char* died = "the process died";

bool takes_place(std::size_t& count) {
  if (count == 0) return false;
  if (count != SIZE_MAX) --count;
  return true;
}

// A change that can be taken back: each step remembers what a row was before it.
class Transaction {
 public:
  explicit Transaction(MemoryDatabase& database) : database_(database) {}

  void apply(const records::Record& record) {
    using enum records::Record::Kind;
    const RoomName room{record.room_name, record.room_domain};
    const std::string uri = room_uri(room.name, room.domain);
    switch (record.kind) {
      case put_room:
        return put(room, record.flags);
      case delete_room:
        erase_of_room(database_.members, uri);
        erase_of_room(database_.invitations, uri);
        return erase(room);
      case put_member:
        return put(MemberKey{uri, record.user, record.user_domain}, record.flags);
      case delete_member:
        return erase(MemberKey{uri, record.user, record.user_domain});
      case put_user:
        return put(UserKey{record.user}, record.uri);
      case delete_user:
        return erase(UserKey{record.user});
      case put_invitation:
        return put(InvitationKey{uri, record.user, record.user_domain}, record.made_at);
      case delete_invitation:
        return erase(InvitationKey{uri, record.user, record.user_domain});
    }
  }

  // A place to go back to.
  [[nodiscard]] std::size_t savepoint() const { return undo_.size(); }

  void roll_back(std::size_t savepoint = 0) {
    for (; undo_.size() > savepoint; undo_.pop_back()) undo_.back()();
  }

 private:
  using MemberKey = MemoryDatabase::MemberKey;
  using UserKey = MemoryDatabase::UserKey;
  using InvitationKey = MemoryDatabase::InvitationKey;
  MemoryDatabase::Rooms& rows(const RoomName& /*key*/) { return database_.rooms; }
  MemoryDatabase::Members& rows(const MemberKey& /*key*/) { return database_.members; }
  MemoryDatabase::Users& rows(const UserKey& /*key*/) { return database_.users; }
  MemoryDatabase::Invitations& rows(const InvitationKey& /*key*/) { return database_.invitations; }

  template <class Key>
  void remember(const Key& key) {
    auto& table = rows(key);
    if (const auto row = table.find(key); row != table.end()) {
      undo_.emplace_back([&table, key, was = row->second] { table[key] = was; });
    } else {
      undo_.emplace_back([&table, key] { table.erase(key); });
    }
  }
  template <class Key, class Value>
  void put(const Key& key, const Value& value) {
    remember(key);
    rows(key)[key] = value;
  }
  template <class Key>
  void erase(const Key& key) {
    remember(key);
    rows(key).erase(key);
  }
  template <class Table>
  void erase_of_room(Table& table, const std::string& uri) {
    for (auto row = table.lower_bound({uri, {}, {}});
         row != table.end() && row->first.room == uri;) {
      const auto key = row->first;
      ++row;
      erase(key);
    }
  }

  MemoryDatabase& database_;
  std::vector<std::function<void()>> undo_;
};

// The rows as a reader gets them; those that no reader could use are named instead.
bool write_row(PieceWriter& out, const RoomName& key, std::uint32_t flags, std::int64_t id) {
  records::RoomRow row{key.name, key.domain, flags};
  if (std::string fault = room_row_fault(row); !fault.empty()) {
    return out.skip(skipped_row("rooms", id, fault));
  }
  return out.add(std::move(row));
}

bool write_row(PieceWriter& out, const MemoryDatabase::MemberKey& key, std::uint32_t flags,
               std::int64_t id) {
  records::MemberRow row{key.user, key.domain, key.room, flags};
  if (std::string fault = member_row_fault(row); !fault.empty()) {
    return out.skip(skipped_row("members", id, fault));
  }
  return out.add(std::move(row));
}

bool write_row(PieceWriter& out, const MemoryDatabase::UserKey& key, const std::string& uri,
               std::int64_t id) {
  records::UserRow row{key.text, uri};
  if (std::string fault = user_row_fault(row); !fault.empty()) {
    return out.skip(skipped_row("users", id, fault));
  }
  return out.add(std::move(row));
}

bool write_row(PieceWriter& out, const MemoryDatabase::InvitationKey& key, std::int64_t made_at,
               std::int64_t id) {
  records::InvitationRow row{key.user, key.domain, key.room, made_at};
  if (std::string fault = invitation_row_fault(row); !fault.empty()) {
    return out.skip(skipped_row("invitations", id, fault));
  }
  return out.add(std::move(row));
}

template <class Rows>
bool write_rows(PieceWriter& out, const Rows& rows) {
  std::int64_t id = 0;
  for (const auto& [key, value] : rows) {
    if (!write_row(out, key, value, ++id)) return false;
  }
  return true;
}

LoadedRows rows_of(const MemoryDatabase& database, const Command& command) {
  LoadedRows rows;
  for (const RoomName& room : touched_rooms(command)) {
    if (const auto row = database.rooms.find(room); row != database.rooms.end()) {
      rows.rooms.push_back({room.name, room.domain, row->second});
    }
    const std::string uri = room_uri(room.name, room.domain);
    for (auto row = database.members.lower_bound({uri, {}, {}});
         row != database.members.end() && row->first.room == uri; ++row) {
      rows.members.push_back({row->first.user, row->first.domain, uri, row->second});
    }
  }
  return rows;
}

enum class Outcome { applied, refused, dead };

bool dies_here(MemoryFaults& faults) {
  if (!faults.die_after_records) return false;
  if (*faults.die_after_records > 0) return --*faults.die_after_records, false;
  faults.die_after_records.reset();
  return true;
}

Outcome apply(Transaction& transaction, MemoryFaults& faults, const Command& command) {
  for (const records::Record& record : command.records) {
    if (dies_here(faults)) return Outcome::dead;
    if (faults.refuses && faults.refuses(record)) return Outcome::refused;
    transaction.apply(record);
  }
  return Outcome::applied;
}

}  // namespace

Result<void> MemoryStore::open() {
  if (dead_) return fail(died);
  if (takes_place(database_.faults.open_failures)) return fail(database_.faults.error);
  return {};
}

Result<void> MemoryStore::load(Sink sink, void* context) {
  if (dead_) return fail(died);
  const bool fails = takes_place(database_.faults.load_failures);
  // A load that is to fail ends after its first piece, or after the last row of a small one.
  struct Reader {
    Sink sink;
    void* context;
    bool fails;
  } reader{sink, context, fails};
  PieceWriter out(
      [](void* to, LoadedRows&& piece) {
        const auto& [real_sink, real_context, ends] = *static_cast<Reader*>(to);
        return real_sink(real_context, std::move(piece)) && !ends;
      },
      &reader);
  const bool done = write_rows(out, database_.rooms) && write_rows(out, database_.users) &&
                    write_rows(out, database_.members) && write_rows(out, database_.invitations) &&
                    out.finish();
  if (fails) return fail(database_.faults.error);
  if (!done) return fail("the load was ended by its reader");
  return {};
}

CommitResult MemoryStore::commit(const Batch& batch) {
  CommitResult result{.batch = batch.id};
  MemoryFaults& faults = database_.faults;
  if (dead_ || takes_place(faults.commit_failures)) {
    result.error = dead_ ? died : faults.error;
    return result;
  }

  Transaction transaction(database_);
  for (std::size_t index = 0; index < batch.commands.size() && !dead_; ++index) {
    const std::size_t savepoint = transaction.savepoint();
    switch (apply(transaction, faults, batch.commands[index])) {
      case Outcome::applied:
        break;
      case Outcome::refused:
        transaction.roll_back(savepoint);
        result.refused.push_back({.command = index, .error = "the record is refused"});
        break;
      case Outcome::dead:
        dead_ = true;
        break;
    }
  }
  // Death between the last record and the COMMIT.
  if (!dead_ && faults.die_after_records == 0) dead_ = dies_here(faults);

  if (dead_) {
    transaction.roll_back();
    return {.batch = batch.id, .error = died};
  }
  if (takes_place(faults.lost_answers)) return {.batch = batch.id, .error = faults.error};
  for (RefusedCommand& refused : result.refused) {
    refused.rows = rows_of(database_, batch.commands[refused.command]);
  }
  result.committed = true;
  return result;
}

}  // namespace imcd::db
