// A folder for one SQLite database, and what opening it is expected to say.
#pragma once

#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "db/store.h"
#include "scratch.h"
#include "sql_client.h"

namespace imcd::db {

class SqliteOpen : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return scratch_.file("imcd.db"); }
  std::vector<std::string> query(const std::string& sql) { return SqlClient(path()).query(sql); }
  void expect_good(Store& store) {
    const Result<void> opened = store.open();
    EXPECT_TRUE(opened) << opened.error().text;
  }
  // Expects that opening fails, and that the error says all this.
  void expect_error(Store& store, const std::vector<std::string>& words) {
    const Result<void> opened = store.open();
    ASSERT_FALSE(opened);
    for (const std::string& word : words) {
      EXPECT_TRUE(opened.error().text.contains(word)) << opened.error().text;
    }
  }

  Scratch scratch_;
};

}  // namespace imcd::db
