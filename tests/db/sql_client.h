// Another program that uses the same SQLite file: what an operator's command line or an older
// module would do to it.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <string>
#include <vector>

namespace imcd::db {

class SqlClient {
 public:
  explicit SqlClient(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK) << path;
  }
  ~SqlClient() { sqlite3_close(database_); }
  SqlClient(const SqlClient&) = delete;
  SqlClient& operator=(const SqlClient&) = delete;

  // Executes the statements; the rows as text, columns joined by `|`, NULL as `NULL`.
  std::vector<std::string> query(const std::string& sql) {
    std::vector<std::string> rows;
    char* error = nullptr;
    const int code = sqlite3_exec(database_, sql.c_str(), add_row, &rows, &error);
    EXPECT_EQ(code, SQLITE_OK) << sql << ": " << (error != nullptr ? error : "");
    sqlite3_free(error);
    return rows;
  }

 private:
  static int add_row(void* context, int columns, char** values, char** /*names*/) {
    std::string row;
    for (int column = 0; column < columns; ++column) {
      if (column > 0) row += '|';
      row += values[column] != nullptr ? values[column] : "NULL";
    }
    static_cast<std::vector<std::string>*>(context)->push_back(row);
    return 0;
  }

  sqlite3* database_ = nullptr;
};

}  // namespace imcd::db
