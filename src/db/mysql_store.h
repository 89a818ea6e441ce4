// MysqlStore: rooms in a MySQL or MariaDB database, in the older modules' tables (those that imcd
// makes itself are InnoDB, utf8mb4 and compared by bytes).
#pragma once

#include <memory>
#include <string>

#include "db/mysql_connection.h"
#include "db/mysql_instance.h"
#include "db/mysql_options.h"
#include "db/sql_store.h"

namespace imcd::db {

class MysqlStore final : public SqlStore {
 public:
  explicit MysqlStore(MysqlOptions options);
  ~MysqlStore() override { disconnect(); }

 private:
  [[nodiscard]] const std::string& name() const override { return options_.server.database; }
  Result<std::unique_ptr<SqlConnection>> connect() override;
  SqlResult<void> configure(SqlConnection& connection) override;
  void on_disconnect() override { instance_.forget(); }
  SqlResult<void> confirm_ownership() override { return instance_.renew(); }

  MysqlOptions options_;
  MysqlInstance instance_;
};

}  // namespace imcd::db
