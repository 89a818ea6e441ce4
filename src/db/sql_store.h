// SqlStore: rooms in an SQL database, in the older modules' tables and imcd's own. All that SQLite
// and MySQL do alike, which is nearly all; what differs stands at SqlConnection and in the few
// virtual functions here.
//
// One batch is one transaction, written as what it leaves behind row by row (NetChanges). Only
// where the database refuses a row for good is the batch applied a second time, record by record
// with a savepoint before each change, to leave out the refused ones alone. Which errors are of
// which kind stands at SqlVerdict. A connection that met an error it may not recover from is
// closed, and opened again by the next commit. What is likely to succeed at once is tried again at
// once, also when it was COMMIT that met the error: records are absolute, so doing them twice is
// right. All else is left to the journal's back-off.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "db/piece_writer.h"
#include "db/sql.h"
#include "db/sql_schema.h"
#include "db/sql_table.h"
#include "db/store.h"
#include "db/table.h"

namespace imcd::db {

class SqlStore : public Store {
 public:
  Result<void> open() final;
  std::uint64_t estimate_rows() final;
  Result<void> load(Sink sink, void* context) final;
  std::vector<std::string> take_warnings() final { return std::exchange(warnings_, {}); }

 protected:
  // Nothing is made, changed or locked where it only reads, and commits fail.
  SqlStore(TableNames names, bool reads_only) : names_(std::move(names)), reads_only_(reads_only) {}

  // What the log calls the database: its file or its name.
  [[nodiscard]] virtual const std::string& name() const = 0;
  // A new connection to the database, which is there and ours. Errors are whole sentences.
  virtual Result<std::unique_ptr<SqlConnection>> connect() = 0;
  // The connection is good and so are its tables; once for each. Not where the store only reads.
  virtual SqlResult<void> configure(SqlConnection& connection) = 0;
  // The connection will go.
  virtual void on_disconnect() {}
  // Before each transaction and after its COMMIT: what the connection writes is where the database
  // will be looked for.
  virtual SqlResult<void> confirm_place() { return {}; }
  // Another database stands there than the one in use.
  [[nodiscard]] virtual bool is_replaced() const { return false; }
  // In each transaction, before anything else.
  virtual SqlResult<void> confirm_ownership() { return {}; }

  // Of the heirs' destructors as well, so that their lock goes last.
  void disconnect();
  void warn(std::string text) { warnings_.push_back(std::move(text)); }
  [[nodiscard]] bool reads_only() const { return reads_only_; }
  // Whether this store was open before.
  [[nodiscard]] bool was_open() const { return was_open_; }
  // Whether somebody relies on what is in the database: it was loaded, or took a batch.
  [[nodiscard]] bool is_in_use() const { return is_in_use_; }
  [[nodiscard]] std::unexpected<Error> failure(const SqlError& error) const;

 private:
  CommitResult write(const Batch& batch) final;
  using Refusals = std::map<std::size_t, std::string>;  // By index into the batch.

  Result<void> open_connection();
  SqlResult<void> prepare_tables();
  // After an error: takes back what is open, or drops the connection.
  void abandon(const SqlError& error);

  SqlResult<void> read_all(PieceWriter& out);
  SqlResult<records::LoadedRows> read_rooms_of(const Bundle& bundle);

  [[nodiscard]] CommitResult failed(const Batch& batch, std::string error) const;
  SqlResult<void> begin();
  SqlResult<void> apply_batch(const Batch& batch, std::vector<RefusedBundle>& refused);
  SqlResult<void> apply_all(const Batch& batch);
  SqlResult<Refusals> apply_singly(const Batch& batch);
  SqlResult<void> apply_guarded(const Batch& batch, Refusals& refusals);
  SqlResult<void> apply_guarded(const Bundle& bundle);
  SqlResult<void> apply(const Bundle& bundle);
  template <class Row>
  SqlResult<void> apply(const records::Put<Row>& put);
  template <class Row>
  SqlResult<void> apply(const records::Erase<Row>& erase);
  SqlResult<void> erase_rows_of(std::string_view room);

  // Calls `visit` with each table's statements and shape while it succeeds.
  template <class Visit>
  SqlResult<void> for_each_table(Visit&& visit);
  template <class Row>
  SqlTable<Row>& table() {
    return std::get<SqlTable<Row>>(tables_);
  }

  TableNames names_;
  bool reads_only_;
  bool was_open_ = false;
  bool is_in_use_ = false;
  SqlSchema schema_;
  std::vector<std::string> warnings_;
  // In this order, so that statements go before their connection.
  std::unique_ptr<SqlConnection> connection_;
  records::Rows::Each<SqlTable> tables_;
};

}  // namespace imcd::db
