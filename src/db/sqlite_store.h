// SqliteStore: rooms in a SQLite file, in the older modules' tables. The file is kept in WAL mode
// with synchronous=FULL, so a commit that succeeded survives a power cut, and others (the sqlite3
// command line, Kamailio) can read while imcd writes.
//
// One batch is one transaction. Only where the database refuses a record for good is the batch
// applied a second time with a savepoint before each command, to leave out the refused ones alone.
// Which errors are of which kind stands at SqliteVerdict. A connection that met an error it may not
// recover from is closed, and opened again by the next commit. From the first successful open() on,
// neither file nor tables are made any more: an empty database that stands where the rooms were
// would take changes of rooms that it does not hold.
//
// A lock file beside the database (its path with `-imcd.lock`) keeps a second imcd out for as long
// as the store lives.
#pragma once

#include <map>
#include <string>

#include "base/time.h"
#include "db/lock_file.h"
#include "db/rows.h"
#include "db/sqlite.h"
#include "db/sqlite_schema.h"
#include "db/store.h"
#include "db/tables.h"

namespace imcd::db {

struct SqliteOptions {
  TableNames tables;
  // Whether other imcds that say so too may use the database at the same time.
  bool shared = false;
  // Nothing is made, changed or locked; commits fail.
  bool reads_only = false;
  // How long one call waits for another writer before it gives up (and the batch is tried again).
  Duration busy_timeout = 1s;
  // The file grows to so many of its pages at most; beyond, it is full. 0: no such bound.
  std::uint32_t pages_max = 0;
  // When SQLite waits for the disk. With less than FULL a power cut takes back what was
  // acknowledged: there are tests that show it.
  std::string synchronous = "FULL";
  // SQLite's name of the file system layer; empty: its own.
  std::string vfs;
};

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::string path, SqliteOptions options = {});

  Result<void> open() override;
  std::uint64_t estimate_rows() override;
  Result<void> load(Sink sink, void* context) override;
  CommitResult commit(const Batch& batch) override;

 private:
  // All that is executed more than once, prepared when the connection opens.
  struct Prepared {
    Statement begin, commit, savepoint, release, roll_back_to;
    Statement update_room, insert_room, delete_room;
    Statement update_member, insert_member, delete_member, delete_members;
    Statement update_user, insert_user, delete_user;
    Statement update_invitation, insert_invitation, delete_invitation, delete_invitations;
    Statement rooms_of, members_of;
  };
  using Refusals = std::map<std::size_t, std::string>;  // By index of the command.

  Result<void> find_file();
  Result<void> lock();
  Result<void> connect();
  Result<void> connect_to_read();
  SqliteResult<void> configure();
  SqliteResult<void> prepare();
  void disconnect();
  void disconnect_after(const SqliteError& error);
  std::string describe(const SqliteError& error) const;

  SqliteResult<void> read_all(PieceWriter& out);
  SqliteResult<records::LoadedRows> read_rooms_of(const Command& command);

  SqliteResult<void> apply_batch(const Batch& batch, std::vector<RefusedCommand>& refused);
  SqliteResult<void> apply_all(const Batch& batch);
  SqliteResult<Refusals> apply_singly(const Batch& batch);
  SqliteResult<void> apply_guarded(const Batch& batch, Refusals& refusals);
  SqliteResult<void> apply_guarded(const Command& command);
  SqliteResult<void> apply(const Command& command);
  SqliteResult<void> apply(const records::Record& record);
  SqliteResult<void> apply(const records::Put<records::RoomRow>& put);
  SqliteResult<void> apply(const records::Erase<records::RoomRow>& erase);
  SqliteResult<void> apply(const records::Put<records::MemberRow>& put);
  SqliteResult<void> apply(const records::Erase<records::MemberRow>& erase);
  SqliteResult<void> apply(const records::Put<records::UserRow>& put);
  SqliteResult<void> apply(const records::Erase<records::UserRow>& erase);
  SqliteResult<void> apply(const records::Put<records::InvitationRow>& put);
  SqliteResult<void> apply(const records::Erase<records::InvitationRow>& erase);
  template <class... Values>
  SqliteResult<void> put(Statement& update, Statement& insert, const Values&... values);

  std::string path_;  // Absolute and without symbolic links once find_file() has seen it.
  SqliteOptions options_;
  bool was_open_ = false;
  SqliteShape shape_;
  // In this order, so that statements go before their connection and the lock goes last.
  LockFile lock_;
  Connection connection_;
  Prepared prepared_;
};

}  // namespace imcd::db
