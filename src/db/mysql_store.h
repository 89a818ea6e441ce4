// MysqlStore: rooms in a MySQL or MariaDB database, in the older modules' tables (those that imcd
// makes itself are InnoDB, utf8mb4 and compared by bytes).
//
// One batch is one transaction, written as what it leaves behind row by row (NetChanges), many rows
// by one statement. Only where the server refuses a row for good is the batch applied a second
// time, record by record with a savepoint before each command, to leave out the refused ones alone.
// A deadlock, a lock waited for in vain and a lost connection are tried again at once, also when it
// was COMMIT that met them: records are absolute, so doing them twice is right. All else is left to
// the journal's back-off. Which errors are of which kind stands at MysqlVerdict.
//
// From the first successful open() on, the tables of rooms and members are not made any more: empty
// ones in the place of those that were there would take changes of rooms that they do not hold.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>

#include "db/mysql.h"
#include "db/mysql_instance.h"
#include "db/mysql_options.h"
#include "db/mysql_statements.h"
#include "db/net_changes.h"
#include "db/rows.h"
#include "db/store.h"
#include "db/tables.h"

namespace imcd::db {

class MysqlStore final : public Store {
 public:
  explicit MysqlStore(MysqlOptions options);

  Result<void> open() override;
  std::uint64_t estimate_rows() override;
  Result<void> load(Sink sink, void* context) override;
  CommitResult commit(const Batch& batch) override;
  std::vector<std::string> take_warnings() override { return std::exchange(warnings_, {}); }

 private:
  // Statements that put so many rows each; the last puts one.
  static constexpr std::array<std::size_t, 3> rows_at_once = {64, 8, 1};
  using Puts = std::array<MysqlStatement, rows_at_once.size()>;
  struct Prepared {
    MysqlStatement update_room, insert_room, delete_room;
    MysqlStatement update_member, insert_member, delete_member, delete_members;
    MysqlStatement update_user, insert_user, delete_user;
    MysqlStatement update_invitation, insert_invitation, delete_invitation, delete_invitations;
    MysqlStatement rooms_of, members_of;
    Puts put_rooms, put_members, put_users, put_invitations;  // Where the tables' shape allows it.
  };
  using Refusals = std::map<std::size_t, std::string>;  // By index of the command.

  Result<void> connect();
  Result<void> connect_to_read();
  MysqlResult<void> configure();
  MysqlResult<void> prepare();
  MysqlResult<void> prepare_puts(const MysqlStatements& texts);
  MysqlResult<void> warn_of_late_writes();
  void disconnect();
  // After an error: takes back what is open, or drops the connection.
  void abandon(const MysqlError& error);
  [[nodiscard]] std::string describe(const MysqlError& error) const;

  MysqlResult<void> read_all(PieceWriter& out);
  MysqlResult<records::LoadedRows> read_rooms_of(const Command& command);

  MysqlResult<void> begin();
  MysqlResult<void> apply_batch(const Batch& batch, std::vector<RefusedCommand>& refused);
  MysqlResult<void> apply_all(const Batch& batch);
  template <class Row>
  MysqlResult<void> erase_all(const NetRows<Row>& rows);
  template <class Row>
  MysqlResult<void> put_all(const NetRows<Row>& net, bool at_once, Puts& puts);
  MysqlResult<Refusals> apply_singly(const Batch& batch);
  MysqlResult<void> apply_guarded(const Command& command);
  MysqlResult<void> apply(const records::Record& record);
  MysqlResult<void> apply(const records::Put<records::RoomRow>& put);
  MysqlResult<void> apply(const records::Erase<records::RoomRow>& erase);
  MysqlResult<void> apply(const records::Put<records::MemberRow>& put);
  MysqlResult<void> apply(const records::Erase<records::MemberRow>& erase);
  MysqlResult<void> apply(const records::Put<records::UserRow>& put);
  MysqlResult<void> apply(const records::Erase<records::UserRow>& erase);
  MysqlResult<void> apply(const records::Put<records::InvitationRow>& put);
  MysqlResult<void> apply(const records::Erase<records::InvitationRow>& erase);
  template <class Value, class... Names>
  MysqlResult<void> put(MysqlStatement& update, MysqlStatement& insert, const Value& value,
                        const Names&... names);

  MysqlOptions options_;
  bool was_open_ = false;
  MysqlShape shape_;
  std::vector<std::string> warnings_;
  // In this order, so that statements go before their connection.
  MysqlConnection connection_;
  MysqlInstance instance_;
  Prepared prepared_;
};

}  // namespace imcd::db
