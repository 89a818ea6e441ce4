// How a MySQL store is made, in every build. Where the client library was left out, asking for one
// is an error that says so.
#pragma once

#include <memory>

#include "base/result.h"
#include "db/mysql_server.h"
#include "db/store.h"
#include "db/table.h"

namespace imcd::db {

struct MysqlOptions {
  MysqlServer server;
  TableNames tables;
  // Whether other imcds that say so too may use the database at the same time.
  bool shared = false;
  // Nothing is made, changed or locked; commits fail.
  bool reads_only = false;
};

Result<std::unique_ptr<Store>> make_mysql_store(MysqlOptions options);

}  // namespace imcd::db
