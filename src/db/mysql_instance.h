// MysqlInstance: keeps a second imcd from a MySQL database, by two means that hold each other up.
//
// A named lock of the server (GET_LOCK) goes with the connection, so that a second imcd is refused
// at once and one that was killed leaves nothing behind. But a connection may be lost while its
// process lives on, and servers of a cluster know nothing of each other's locks. So a row of
// `imcd_instance` says who holds the database, and each batch renews it in its own transaction: who
// finds another name there writes nothing more, since his rooms are no longer those of the tables.
//
// Instances that share the database (db_shared = 1) all go by one name in the row. Each holds a
// lock of its own, a seat, so that one that shares with nobody is refused while a seat is taken;
// the lock of that one they take only while they find their seat, so that they are refused beside
// it.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "db/mysql_connection.h"
#include "db/table.h"

namespace imcd::db {

class MysqlInstance {
 public:
  MysqlInstance(const TableNames& names, bool shared);

  // Takes the database over a new connection. `again`: this process held it before, so it must not
  // have been anybody else's since.
  Result<void> claim(MysqlConnection& connection, bool again);
  // In each transaction: fails where the database is somebody else's by now.
  SqlResult<void> renew();
  // Before the connection closes.
  void forget() { renewal_.reset(); }

 private:
  Result<void> lock(MysqlConnection& connection);
  Result<void> lock_alone(MysqlConnection& connection);
  Result<void> lock_seat(MysqlConnection& connection);
  SqlResult<bool> try_lock(MysqlConnection& connection);
  SqlResult<bool> find_seat(MysqlConnection& connection);
  SqlResult<bool> are_seats_free(MysqlConnection& connection);
  [[nodiscard]] std::string seat(int number) const;
  SqlResult<void> end_own_connection(MysqlConnection& connection);
  SqlResult<void> write_row(MysqlConnection& connection);

  std::string rooms_table_;
  std::string lock_;    // An SQL expression: the lock's name.
  std::string holder_;  // Names this process among all.
  bool shared_;
  std::unique_ptr<SqlStatement> renewal_;
};

}  // namespace imcd::db
