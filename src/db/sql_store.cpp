#include "db/sql_store.h"

#include <fmt/format.h>
#include <type_traits>
#include <variant>

#include "db/touched_rooms.h"

namespace imcd::db {
namespace {

// How often one call to commit() tries at once what is likely to succeed the next time.
constexpr int tries_max = 4;

bool append_piece(void* to, records::LoadedRows&& piece) {
  static_cast<records::LoadedRows*>(to)->append(std::move(piece));
  return true;
}

}  // namespace

std::unexpected<Error> SqlStore::failure(const SqlError& error) const {
  return fail(fmt::format("database {}: {}", name(), error.text));
}

template <class Visit>
SqlResult<void> SqlStore::for_each_table(Visit&& visit) {
  SqlResult<void> done;
  const TableShape* shape = schema_.shapes.data();
  const auto visit_one = [&](auto& table) {
    if (done) done = visit(table, *shape);
    ++shape;
  };
  std::apply([&](auto&... table) { (visit_one(table), ...); }, tables_);
  return done;
}

// --- Opening ------------------------------------------------------------------------------------

Result<void> SqlStore::open() {
  disconnect();
  if (Result<void> good = check_table_names(names_); !good) return good;
  if (Result<void> opened = open_connection(); !opened) {
    disconnect();
    return opened;
  }
  was_open_ = true;
  return {};
}

Result<void> SqlStore::open_connection() {
  auto connection = connect();
  if (!connection) return std::unexpected(connection.error());
  connection_ = *std::move(connection);
  const MissingTables missing = reads_only_ ? MissingTables::are_left
                                : was_open_ ? MissingTables::are_an_error
                                            : MissingTables::are_made;
  Result<SqlSchema> schema = prepare_schema(*connection_, names_, missing);
  if (!schema) return fail(fmt::format("database {}: {}", name(), schema.error().text));
  schema_ = *std::move(schema);
  if (!was_open_) warnings_ = std::move(schema_.warnings);
  if (reads_only_) return {};
  if (const auto done = configure(*connection_); !done) return failure(done.error());
  if (const auto done = prepare_tables(); !done) return failure(done.error());
  return {};
}

SqlResult<void> SqlStore::prepare_tables() {
  return for_each_table([this]<class Row>(SqlTable<Row>& table, const TableShape& shape) {
    return table.prepare(*connection_, Description<Row>::table, shape);
  });
}

void SqlStore::disconnect() {
  tables_ = {};
  on_disconnect();
  connection_.reset();
}

void SqlStore::abandon(const SqlError& error) {
  const bool is_broken =
      error.verdict == SqlVerdict::lost || error.verdict == SqlVerdict::reconnect;
  if (is_broken || !connection_->roll_back()) disconnect();
}

// --- Loading ------------------------------------------------------------------------------------

std::uint64_t SqlStore::estimate_rows() {
  std::vector<std::string> names;
  for (const TableShape& shape : schema_.shapes) {
    if (shape.exists) names.push_back(shape.name);
  }
  return connection_ == nullptr ? 0 : connection_->estimate_rows(names);
}

Result<void> SqlStore::load(Sink sink, void* context) {
  if (connection_ == nullptr) return fail(fmt::format("database {} is not open", name()));
  PieceWriter out(sink, context);
  SqlResult<void> done = read_all(out);
  if (done && !out.finish()) done = std::unexpected(load_was_ended());
  if (!done) {
    abandon(done.error());
    return failure(done.error());
  }
  if (!connection_->roll_back()) disconnect();
  is_in_use_ = true;
  return {};
}

SqlResult<void> SqlStore::read_all(PieceWriter& out) {
  // One transaction, so that all tables are of one moment.
  if (auto done = connection_->execute(connection_->begin_reading()); !done) return done;
  return for_each_table([&](auto& table, const TableShape& shape) {
    return shape.exists ? table.read_all(*connection_, shape, out) : SqlResult<void>{};
  });
}

SqlResult<records::LoadedRows> SqlStore::read_rooms_of(const Bundle& bundle) {
  records::LoadedRows rows;
  PieceWriter out(append_piece, &rows);
  for (const records::RoomRow::Key& room : touched_rooms(bundle)) {
    const std::string uri = records::uri_of(room);
    const auto read = [&]<class Row>(SqlTable<Row>& table, const TableShape&) {
      SqlResult<void> done;
      if constexpr (std::is_same_v<Row, records::RoomRow>) done = table.read_one(room, out);
      if constexpr (records::OfRoom<Row>) done = table.read_of_room(uri, out);
      return done;
    };
    const auto done = for_each_table(read);
    // A name that the columns cannot hold is not even one to ask for, so it has no rows.
    if (!done && done.error().verdict != SqlVerdict::refuse) return std::unexpected(done.error());
  }
  static_cast<void>(out.finish());  // append_piece() never ends a load.
  return rows;
}

// --- Committing ---------------------------------------------------------------------------------

CommitResult SqlStore::write(const Batch& batch) {
  if (reads_only_) return {.batch = batch.id, .error = "the database is only read"};
  for (int tries = 1;; ++tries) {
    if (connection_ != nullptr && !confirm_place()) disconnect();
    if (connection_ == nullptr) {
      if (Result<void> opened = open(); !opened) return failed(batch, opened.error().text);
    }
    CommitResult result{.batch = batch.id};
    const SqlResult<void> done = apply_batch(batch, result.refused);
    if (done) {
      result.committed = is_in_use_ = true;
      return result;
    }
    abandon(done.error());
    const SqlVerdict verdict = done.error().verdict;
    const bool at_once = verdict == SqlVerdict::again || verdict == SqlVerdict::lost;
    if (!at_once || tries == tries_max) return failed(batch, failure(done.error()).error().text);
  }
}

CommitResult SqlStore::failed(const Batch& batch, std::string error) const {
  return {.batch = batch.id, .replaced = is_replaced(), .error = std::move(error)};
}

SqlResult<void> SqlStore::begin() {
  if (auto done = connection_->execute(connection_->begin_writing()); !done) return done;
  return confirm_ownership();
}

SqlResult<void> SqlStore::apply_batch(const Batch& batch, std::vector<RefusedBundle>& refused) {
  SqlResult<void> applied = apply_all(batch);
  if (!applied) {
    if (applied.error().verdict != SqlVerdict::refuse) return applied;
    if (auto done = connection_->roll_back(); !done) return done;
    SqlResult<Refusals> refusals = apply_singly(batch);
    if (!refusals) return std::unexpected(refusals.error());
    for (auto& [bundle, error] : *refusals) {
      SqlResult<records::LoadedRows> rows = read_rooms_of(batch.bundles[bundle]);
      if (!rows) return std::unexpected(rows.error());
      refused.push_back({bundle, std::move(error), std::move(*rows)});
    }
  }
  if (auto done = connection_->execute("COMMIT"); !done) return done;
  return confirm_place();
}

SqlResult<void> SqlStore::apply_all(const Batch& batch) {
  const NetChanges changes(batch);
  SqlResult<void> done = begin();
  for (const std::string& room : changes.emptied_rooms) {
    if (done) done = erase_rows_of(room);
  }
  const auto erase = [&]<class Row>(SqlTable<Row>& table, const TableShape&) {
    SqlResult<void> erased;
    for (const auto* key : changes.of<Row>().erased) {
      if (erased) erased = table.erase(*key);
    }
    return erased;
  };
  if (done) done = for_each_table(erase);
  const auto put = [&]<class Row>(SqlTable<Row>& table, const TableShape&) {
    return table.put_all(changes.of<Row>().put);
  };
  return done ? for_each_table(put) : done;
}

SqlResult<void> SqlStore::erase_rows_of(std::string_view room) {
  return for_each_table([room]<class Row>(SqlTable<Row>& table, const TableShape&) {
    if constexpr (records::OfRoom<Row>) return table.erase_of_room(room);
    return SqlResult<void>{};
  });
}

SqlResult<SqlStore::Refusals> SqlStore::apply_singly(const Batch& batch) {
  Refusals refusals;
  do {
    if (auto done = begin(); !done) return std::unexpected(done.error());
    if (auto done = apply_guarded(batch, refusals); !done) return std::unexpected(done.error());
    // A trigger may answer a record by rolling back everything: then again, without that change.
  } while (!connection_->in_transaction());
  return refusals;
}

SqlResult<void> SqlStore::apply_guarded(const Batch& batch, Refusals& refusals) {
  for (std::size_t index = 0; index < batch.bundles.size(); ++index) {
    if (refusals.contains(index)) continue;
    const SqlResult<void> done = apply_guarded(batch.bundles[index]);
    if (done) continue;
    if (done.error().verdict != SqlVerdict::refuse) return done;
    refusals.emplace(index, done.error().text);
    if (!connection_->in_transaction()) return {};
  }
  return {};
}

SqlResult<void> SqlStore::apply_guarded(const Bundle& bundle) {
  if (auto done = connection_->execute("SAVEPOINT bundle"); !done) return done;
  SqlResult<void> applied = apply(bundle);
  if (!applied) {
    if (applied.error().verdict != SqlVerdict::refuse) return applied;
    if (!connection_->in_transaction()) return applied;
    if (auto done = connection_->execute("ROLLBACK TO bundle"); !done) return done;
  }
  if (auto done = connection_->execute("RELEASE SAVEPOINT bundle"); !done) return done;
  return applied;
}

SqlResult<void> SqlStore::apply(const Bundle& bundle) {
  for (const records::Record& record : bundle.records) {
    const auto apply_one = [this](const auto& change) { return apply(change); };
    if (auto done = std::visit(apply_one, record); !done) return done;
  }
  return {};
}

template <class Row>
SqlResult<void> SqlStore::apply(const records::Put<Row>& put) {
  return table<Row>().put(put.row);
}

template <class Row>
SqlResult<void> SqlStore::apply(const records::Erase<Row>& erase) {
  if constexpr (std::is_same_v<Row, records::RoomRow>) {
    if (auto done = erase_rows_of(records::uri_of(erase.key)); !done) return done;
  }
  return table<Row>().erase(erase.key);
}

}  // namespace imcd::db
