// The stores that need no server, under the contract of all.
#include <gtest/gtest.h>

#include "db/memory_store.h"
#include "db/sqlite_store.h"
#include "scratch.h"
#include "sql_client.h"
#include "store_contract.h"

namespace imcd::db {
namespace {

class MemoryFixture final : public StoreFixture {
 public:
  std::unique_ptr<Store> connect() override { return std::make_unique<MemoryStore>(database_); }
  void refuse(const std::string& name) override {
    database_.faults.refuses = [name](const records::Record& record) {
      const auto* const room = std::get_if<records::Put<records::RoomRow>>(&record);
      const auto* const member = std::get_if<records::Put<records::MemberRow>>(&record);
      return (room != nullptr && room->row.key.name == name) ||
             (member != nullptr && member->row.key.user == name);
    };
  }

 private:
  MemoryDatabase database_;
};

class SqliteFixture final : public StoreFixture {
 public:
  std::unique_ptr<Store> connect() override {
    return std::make_unique<SqliteStore>(scratch_.file("imcd.db"));
  }
  void refuse(const std::string& name) override {
    const auto refuse_in = [&](const std::string& table, const std::string& column) {
      for (const char* event : {"INSERT", "UPDATE"}) {
        SqlClient(scratch_.file("imcd.db"))
            .query("CREATE TRIGGER refuse_" + table + event + " BEFORE " + event + " ON " + table +
                   " WHEN NEW." + column + " = '" + name +
                   "' BEGIN SELECT RAISE(ABORT, 'not this name'); END");
      }
    };
    refuse_in("imc_rooms", "name");
    refuse_in("imc_members", "username");
  }

 private:
  Scratch scratch_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values([]() -> std::unique_ptr<StoreFixture> {
                           return std::make_unique<MemoryFixture>();
                         }));
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         testing::Values([]() -> std::unique_ptr<StoreFixture> {
                           return std::make_unique<SqliteFixture>();
                         }));

}  // namespace
}  // namespace imcd::db
