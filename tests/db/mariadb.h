// A MariaDB server of the tests' own: its files, its socket and its log are in a scratch directory,
// it listens on no port, and it ends with the test program. Each test has a database in it.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <mysql.h>
#include <string>
#include <sys/types.h>
#include <vector>

#include "db/mysql_options.h"
#include "scratch.h"

namespace imcd::db {

class MariaDb {
 public:
  // The one of this program, started at the first call.
  static MariaDb& get();
  ~MariaDb();
  MariaDb(const MariaDb&) = delete;
  MariaDb& operator=(const MariaDb&) = delete;

  // Why there is none: mariadbd is not installed. Empty where it runs.
  [[nodiscard]] const std::string& lacks() const { return lacks_; }

  // SIGKILL, or SIGTERM and a proper end.
  void stop(bool kill);
  // After stop(), with more options.
  void start(const std::vector<std::string>& options = {});

  [[nodiscard]] MysqlServer server(const std::string& database) const;
  // Another database at each call, with MariaDB's default character set or as `how` says.
  MysqlServer new_database(const std::string& how = "");

 private:
  MariaDb();
  void install();

  Scratch scratch_;
  std::string lacks_;
  pid_t process_ = -1;
  int databases_ = 0;
};

// Another program on the same server: what an operator's command line or an older module would do.
class MysqlClient {
 public:
  explicit MysqlClient(const MysqlServer& server, const std::string& charset = "utf8mb4");

  // Executes one statement; its rows as text, columns joined by `|`, NULL as `NULL`.
  std::vector<std::string> query(const std::string& sql);
  // Without an expectation: the server's error code, 0 where it did as told.
  unsigned try_query(const std::string& sql);

 private:
  struct Close {
    void operator()(MYSQL* connection) const { mysql_close(connection); }
  };
  std::unique_ptr<MYSQL, Close> connection_;
};

// A test with a database of its own.
class MysqlTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string& lacks = MariaDb::get().lacks(); !lacks.empty()) GTEST_SKIP() << lacks;
    server_ = MariaDb::get().new_database();
  }

  [[nodiscard]] MysqlOptions options() const { return {.server = server_}; }
  std::vector<std::string> query(const std::string& sql) { return MysqlClient(server_).query(sql); }

  MysqlServer server_;
};

}  // namespace imcd::db
