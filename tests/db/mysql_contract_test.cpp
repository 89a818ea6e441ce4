// The MySQL store under the contract of all, on each kind of table that it may find.
#include <gtest/gtest.h>

#include "db/mysql_options.h"
#include "mariadb.h"
#include "store_contract.h"

namespace imcd::db {
namespace {

class MysqlFixture : public StoreFixture {
 public:
  MysqlFixture() : MysqlFixture({}, "username") {}
  MysqlFixture(const std::vector<std::string>& tables, std::string user_column)
      : user_column_(std::move(user_column)) {
    if (!lacks().empty()) return;
    server_ = MariaDb::get().new_database();
    MysqlClient client(server_);
    for (const std::string& table : tables) client.query(table);
  }
  std::unique_ptr<Store> connect() override { return *make_mysql_store({.server = server_}); }
  void refuse(const std::string& name) override {
    MysqlClient client(server_);
    const auto refuse_in = [&](const std::string& table, const std::string& column) {
      for (const std::string event : {"INSERT", "UPDATE"}) {
        client.query("CREATE TRIGGER refuse_" + table + event + " BEFORE " + event + " ON " +
                     table + " FOR EACH ROW IF NEW." + column + " = '" + name +
                     "' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'not this name'; END IF");
      }
    };
    refuse_in("imc_rooms", "name");
    refuse_in("imc_members", user_column_);
  }
  [[nodiscard]] bool keeps_any_bytes() const override { return false; }
  [[nodiscard]] std::string lacks() const override { return MariaDb::get().lacks(); }

 private:
  MysqlServer server_;
  std::string user_column_;
};

INSTANTIATE_TEST_SUITE_P(Mysql, StoreContract,
                         testing::Values([]() -> std::unique_ptr<StoreFixture> {
                           return std::make_unique<MysqlFixture>();
                         }));

// As old as 2006: no keys, so that each row is looked for before it is put, and a column `user`.
INSTANTIATE_TEST_SUITE_P(
    OldMysql, StoreContract, testing::Values([]() -> std::unique_ptr<StoreFixture> {
      return std::make_unique<MysqlFixture>(
          std::vector<std::string>{
              "CREATE TABLE imc_rooms (name CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
              " flag BIGINT NOT NULL) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci",
              "CREATE TABLE imc_members (user CHAR(64) NOT NULL, domain CHAR(64) NOT NULL,"
              " room CHAR(128) NOT NULL, flag BIGINT NOT NULL)"
              " DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci"},
          "user");
    }));

}  // namespace
}  // namespace imcd::db
