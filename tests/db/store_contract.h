// What every store does alike: the tests are in store_contract_test.cpp, and a store joins them by
// a StoreFixture of its own.
#pragma once

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "db/store.h"
#include "sample_rows.h"

namespace imcd::db {

class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  // Another store on the same database; the one before is gone by then.
  virtual std::unique_ptr<Store> connect() = 0;
  // From now on the database refuses to put a room or a member of this name.
  virtual void refuse(const std::string& name) = 0;
  // Whether a name may be any bytes, not only UTF-8 without blanks at its end. Neither can stand in
  // a SIP URI, so that is no matter but of exactness.
  [[nodiscard]] virtual bool keeps_any_bytes() const { return true; }
  // Why there is no such store here; empty where there is one.
  [[nodiscard]] virtual std::string lacks() const { return {}; }
};

using MakeFixture = std::unique_ptr<StoreFixture> (*)();

class StoreContract : public testing::TestWithParam<MakeFixture> {
 protected:
  void SetUp() override {
    fixture_ = GetParam()();
    if (const std::string lacks = fixture_->lacks(); !lacks.empty()) GTEST_SKIP() << lacks;
    restart();
  }

  Store& store() { return *store_; }
  void restart() {
    store_.reset();
    store_ = fixture_->connect();
    const Result<void> opened = store_->open();
    ASSERT_TRUE(opened) << opened.error().text;
  }
  void refuse(const std::string& name) { fixture_->refuse(name); }
  [[nodiscard]] bool keeps_any_bytes() const { return fixture_->keeps_any_bytes(); }
  // Commits, expecting that nothing is refused.
  void commit(std::vector<std::vector<records::Record>> commands) {
    const CommitResult result = store().commit(batch(++last_batch_, std::move(commands)));
    ASSERT_TRUE(result.committed) << result.error;
    EXPECT_EQ(result.batch, last_batch_);
    EXPECT_TRUE(result.refused.empty());
  }

 private:
  std::unique_ptr<StoreFixture> fixture_;
  std::unique_ptr<Store> store_;
  BatchId last_batch_ = 0;
};

}  // namespace imcd::db
