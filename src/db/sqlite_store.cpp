#include "db/sqlite_store.h"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <iterator>
#include <system_error>
#include <utility>

#include "db/rows.h"
#include "db/sqlite_rows.h"

namespace imcd::db {
namespace {

namespace fs = std::filesystem;

bool append_piece(void* to, records::LoadedRows&& piece) {
  static_cast<records::LoadedRows*>(to)->append(std::move(piece));
  return true;
}

}  // namespace

SqliteStore::SqliteStore(std::string path, SqliteOptions options)
    : path_(std::move(path)), options_(std::move(options)) {}

// --- Opening ------------------------------------------------------------------------------------

Result<void> SqliteStore::open() {
  disconnect();
  if (Result<void> good = check_table_names(options_.tables); !good) return good;
  if (Result<void> found = find_file(); !found) return found;
  if (Result<void> locked = lock(); !locked) return locked;
  if (Result<void> connected = connect(); !connected) {
    disconnect();
    return connected;
  }
  was_open_ = true;
  return {};
}

Result<void> SqliteStore::find_file() {
  std::error_code error;
  const fs::path path = fs::weakly_canonical(fs::absolute(path_, error), error);
  if (path_.empty() || error) {
    return fail(fmt::format("{} is no path of a database", in_quotes(path_)));
  }
  if (!fs::is_directory(path.parent_path(), error)) {
    return fail(fmt::format("cannot open database {}: there is no directory {}", path.string(),
                            path.parent_path().string()));
  }
  if (fs::is_directory(path, error)) {
    return fail(fmt::format("cannot open database {}: it is a directory", path.string()));
  }
  if (was_open_ && !fs::exists(path, error)) {
    return fail(fmt::format("the file of database {} is gone", path.string()));
  }
  path_ = path.string();
  return {};
}

Result<void> SqliteStore::lock() {
  if (lock_.is_held() || options_.reads_only) return {};
  Result<LockFile> lock = LockFile::acquire(
      path_ + "-imcd.lock", options_.shared ? LockMode::shared : LockMode::exclusive);
  if (!lock) return fail(fmt::format("cannot open database {}: {}", path_, lock.error().text));
  lock_ = std::move(*lock);
  return {};
}

Result<void> SqliteStore::connect_to_read() {
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
  SqliteResult<Connection> connection = Connection::open(path_, flags, options_.vfs);
  if (!connection) return fail(describe(connection.error()));
  connection_ = std::move(*connection);
  Result<SqliteShape> shape = prepare_schema(connection_, options_.tables, MissingTables::are_left);
  if (!shape) return fail(fmt::format("database {}: {}", path_, shape.error().text));
  shape_ = *std::move(shape);
  return {};
}

Result<void> SqliteStore::connect() {
  if (options_.reads_only) return connect_to_read();
  // Without NOMUTEX SQLite would lock itself against other threads in each call; only one is here.
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (was_open_ ? 0 : SQLITE_OPEN_CREATE);
  SqliteResult<Connection> connection = Connection::open(path_, flags, options_.vfs);
  if (!connection) return fail(describe(connection.error()));
  connection_ = std::move(*connection);
  // SQLite opens what it may not write for reading alone.
  if (connection_.is_read_only()) return fail(fmt::format("database {} is read-only", path_));

  using std::chrono::ceil;
  using std::chrono::milliseconds;
  connection_.set_busy_timeout(static_cast<int>(ceil<milliseconds>(options_.busy_timeout).count()));
  Result<SqliteShape> shape =
      prepare_schema(connection_, options_.tables,
                     was_open_ ? MissingTables::are_an_error : MissingTables::are_made);
  if (!shape) return fail(fmt::format("database {}: {}", path_, shape.error().text));
  shape_ = *std::move(shape);
  if (const auto done = configure(); !done) return fail(describe(done.error()));
  if (const auto done = prepare(); !done) return fail(describe(done.error()));
  return {};
}

SqliteResult<void> SqliteStore::configure() {
  SqliteResult<Statement> mode = connection_.prepare("PRAGMA journal_mode = WAL");
  if (!mode) return std::unexpected(mode.error());
  const SqliteResult<bool> row = mode->step();
  if (!row) return std::unexpected(row.error());
  if (mode->text(0) != "wal") {
    return std::unexpected(
        SqliteError{SQLITE_ERROR, "its file system cannot hold a write-ahead log"});
  }
  mode->reset();

  // With foreign keys a record could be refused as late as by COMMIT, and nobody could tell which
  // record it was.
  std::string pragmas =
      fmt::format("PRAGMA synchronous = {}; PRAGMA foreign_keys = OFF;", options_.synchronous);
  if (options_.pages_max != 0) {
    pragmas += fmt::format("PRAGMA max_page_count = {};", options_.pages_max);
  }
  return connection_.execute(pragmas);
}

SqliteResult<void> SqliteStore::prepare() {
  const Statements texts(options_.tables, shape_.user_column);
  const std::pair<Statement*, std::string> wanted[] = {
      {&prepared_.begin, "BEGIN IMMEDIATE"},
      {&prepared_.commit, "COMMIT"},
      {&prepared_.savepoint, "SAVEPOINT command"},
      {&prepared_.release, "RELEASE command"},
      {&prepared_.roll_back_to, "ROLLBACK TO command"},
      {&prepared_.update_room, texts.update_room},
      {&prepared_.insert_room, texts.insert_room},
      {&prepared_.delete_room, texts.delete_room},
      {&prepared_.update_member, texts.update_member},
      {&prepared_.insert_member, texts.insert_member},
      {&prepared_.delete_member, texts.delete_member},
      {&prepared_.delete_members, texts.delete_members},
      {&prepared_.update_user, texts.update_user},
      {&prepared_.insert_user, texts.insert_user},
      {&prepared_.delete_user, texts.delete_user},
      {&prepared_.update_invitation, texts.update_invitation},
      {&prepared_.insert_invitation, texts.insert_invitation},
      {&prepared_.delete_invitation, texts.delete_invitation},
      {&prepared_.delete_invitations, texts.delete_invitations},
      {&prepared_.rooms_of, select_rooms(options_.tables) + " WHERE name = ? AND domain = ?"},
      {&prepared_.members_of,
       select_members(options_.tables, shape_.user_column) + " WHERE room = ?"},
  };
  for (const auto& [statement, text] : wanted) {
    SqliteResult<Statement> prepared = connection_.prepare(text);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = std::move(*prepared);
  }
  return {};
}

void SqliteStore::disconnect() {
  prepared_ = {};
  connection_.close();
}

void SqliteStore::disconnect_after(const SqliteError& error) {
  if (verdict(error) == SqliteVerdict::reconnect) disconnect();
}

std::string SqliteStore::describe(const SqliteError& error) const {
  return fmt::format("database {}: {} (SQLite's error {})", path_, error.text, error.code);
}

// --- Loading ------------------------------------------------------------------------------------

// The largest row number is found at once, and few are missing below it.
std::uint64_t SqliteStore::estimate_rows() {
  const TableNames& names = options_.tables;
  SqliteResult<Statement> rows = connection_.prepare(
      fmt::format("SELECT ifnull((SELECT max(rowid) FROM `{}`), 0) + ifnull((SELECT max(rowid) FROM"
                  " `{}`), 0)",
                  names.rooms, names.members));
  if (!rows) return 0;
  const SqliteResult<bool> row = rows->step();
  return row && *row ? static_cast<std::uint64_t>(std::max<std::int64_t>(rows->number(0), 0)) : 0;
}

Result<void> SqliteStore::load(Sink sink, void* context) {
  if (!connection_.is_open()) return fail(fmt::format("database {} is not open", path_));
  PieceWriter out(sink, context);
  const SqliteResult<void> done = read_all(out);
  connection_.roll_back();
  if (done) return {};
  disconnect_after(done.error());
  return fail(describe(done.error()));
}

SqliteResult<void> SqliteStore::read_all(PieceWriter& out) {
  SqliteResult<Statement> rooms = connection_.prepare(select_rooms(options_.tables));
  if (!rooms) return std::unexpected(rooms.error());
  SqliteResult<Statement> members =
      connection_.prepare(select_members(options_.tables, shape_.user_column));
  if (!members) return std::unexpected(members.error());
  SqliteResult<Statement> users = connection_.prepare(select_users(options_.tables));
  // Of a database that is only read, imcd need not have been the owner.
  if (!users && !options_.reads_only) return std::unexpected(users.error());
  SqliteResult<Statement> invitations = connection_.prepare(select_invitations(options_.tables));
  if (!invitations && !options_.reads_only) return std::unexpected(invitations.error());

  // One transaction, so that all tables are of one moment.
  if (auto done = connection_.execute("BEGIN"); !done) return done;
  if (auto done = read_room_rows(*rooms, options_.tables.rooms, out); !done) return done;
  if (users) {
    if (auto done = read_user_rows(*users, options_.tables.users, out); !done) return done;
  }
  if (auto done = read_member_rows(*members, options_.tables.members, out); !done) {
    return done;
  }
  if (invitations) {
    auto done = read_invitation_rows(*invitations, options_.tables.invitations, out);
    if (!done) return done;
  }
  if (!out.finish()) {
    return std::unexpected(load_was_ended());
  }
  return {};
}

SqliteResult<records::LoadedRows> SqliteStore::read_rooms_of(const Command& command) {
  records::LoadedRows rows;
  PieceWriter out(append_piece, &rows);
  for (const records::RoomRow::Key& room : touched_rooms(command)) {
    prepared_.rooms_of.bind(1, room.name);
    prepared_.rooms_of.bind(2, room.domain);
    auto done = read_room_rows(prepared_.rooms_of, options_.tables.rooms, out);
    if (!done) return std::unexpected(done.error());

    const std::string uri = records::uri_of(room);
    prepared_.members_of.bind(1, uri);
    done = read_member_rows(prepared_.members_of, options_.tables.members, out);
    if (!done) return std::unexpected(done.error());
  }
  static_cast<void>(out.finish());  // append_piece() never ends a load.
  return rows;
}

// --- Committing ---------------------------------------------------------------------------------

CommitResult SqliteStore::commit(const Batch& batch) {
  if (options_.reads_only) return {.batch = batch.id, .error = "the database is only read"};
  // Writes to a file that lost its name would be lost with it.
  if (connection_.is_open() && connection_.has_moved()) disconnect();
  if (!connection_.is_open()) {
    if (Result<void> opened = open(); !opened) {
      return {.batch = batch.id, .error = opened.error().text};
    }
  }
  CommitResult result{.batch = batch.id};
  if (const auto done = apply_batch(batch, result.refused); !done) {
    connection_.roll_back();
    disconnect_after(done.error());
    return {.batch = batch.id, .error = describe(done.error())};
  }
  result.committed = true;
  return result;
}

SqliteResult<void> SqliteStore::apply_batch(const Batch& batch,
                                            std::vector<RefusedCommand>& refused) {
  SqliteResult<void> applied = apply_all(batch);
  if (!applied) {
    if (verdict(applied.error()) != SqliteVerdict::refuse) return applied;
    connection_.roll_back();
    SqliteResult<Refusals> refusals = apply_singly(batch);
    if (!refusals) return std::unexpected(refusals.error());
    for (auto& [command, error] : *refusals) {
      SqliteResult<records::LoadedRows> rows = read_rooms_of(batch.commands[command]);
      if (!rows) return std::unexpected(rows.error());
      refused.push_back({command, std::move(error), std::move(*rows)});
    }
  }
  return prepared_.commit.run();
}

SqliteResult<void> SqliteStore::apply_all(const Batch& batch) {
  if (auto done = prepared_.begin.run(); !done) return done;
  for (const Command& command : batch.commands) {
    if (auto done = apply(command); !done) return done;
  }
  return {};
}

SqliteResult<SqliteStore::Refusals> SqliteStore::apply_singly(const Batch& batch) {
  Refusals refusals;
  do {
    if (auto done = prepared_.begin.run(); !done) return std::unexpected(done.error());
    if (auto done = apply_guarded(batch, refusals); !done) return std::unexpected(done.error());
    // A trigger may answer a record by rolling back everything: then again, without that command.
  } while (!connection_.in_transaction());
  return refusals;
}

SqliteResult<void> SqliteStore::apply_guarded(const Batch& batch, Refusals& refusals) {
  for (std::size_t index = 0; index < batch.commands.size(); ++index) {
    if (refusals.contains(index)) continue;
    const SqliteResult<void> done = apply_guarded(batch.commands[index]);
    if (done) continue;
    if (verdict(done.error()) != SqliteVerdict::refuse) return done;
    refusals.emplace(index, done.error().text);
    if (!connection_.in_transaction()) return {};
  }
  return {};
}

SqliteResult<void> SqliteStore::apply_guarded(const Command& command) {
  if (auto done = prepared_.savepoint.run(); !done) return done;
  SqliteResult<void> applied = apply(command);
  if (!applied) {
    if (!connection_.in_transaction()) return applied;
    if (auto done = prepared_.roll_back_to.run(); !done) return done;
  }
  if (auto done = prepared_.release.run(); !done) return done;
  return applied;
}

SqliteResult<void> SqliteStore::apply(const Command& command) {
  for (const records::Record& record : command.records) {
    if (auto done = apply(record); !done) return done;
  }
  return {};
}

SqliteResult<void> SqliteStore::apply(const records::Record& record) {
  return std::visit([this](const auto& change) { return apply(change); }, record);
}

SqliteResult<void> SqliteStore::apply(const records::Put<records::RoomRow>& put) {
  const auto& [key, flags] = put.row;
  return this->put(prepared_.update_room, prepared_.insert_room, std::int64_t{flags}, key.name,
                   key.domain);
}

SqliteResult<void> SqliteStore::apply(const records::Erase<records::RoomRow>& erase) {
  const std::string uri = records::uri_of(erase.key);
  const auto& [name, domain] = erase.key;
  if (auto done = prepared_.delete_members.run(uri); !done) return done;
  if (auto done = prepared_.delete_invitations.run(uri); !done) return done;
  return prepared_.delete_room.run(name, domain);
}

SqliteResult<void> SqliteStore::apply(const records::Put<records::MemberRow>& put) {
  const auto& [key, flags] = put.row;
  return this->put(prepared_.update_member, prepared_.insert_member, std::int64_t{flags}, key.user,
                   key.domain, key.room);
}

SqliteResult<void> SqliteStore::apply(const records::Erase<records::MemberRow>& erase) {
  const auto& [room, user, domain] = erase.key;
  return prepared_.delete_member.run(user, domain, room);
}

SqliteResult<void> SqliteStore::apply(const records::Put<records::UserRow>& put) {
  return this->put(prepared_.update_user, prepared_.insert_user, put.row.uri, put.row.key.text);
}

SqliteResult<void> SqliteStore::apply(const records::Erase<records::UserRow>& erase) {
  return prepared_.delete_user.run(erase.key.text);
}

SqliteResult<void> SqliteStore::apply(const records::Put<records::InvitationRow>& put) {
  const auto& [key, made_at] = put.row;
  return this->put(prepared_.update_invitation, prepared_.insert_invitation, made_at, key.user,
                   key.domain, key.room);
}

SqliteResult<void> SqliteStore::apply(const records::Erase<records::InvitationRow>& erase) {
  const auto& [room, user, domain] = erase.key;
  return prepared_.delete_invitation.run(user, domain, room);
}

template <class... Values>
SqliteResult<void> SqliteStore::put(Statement& update, Statement& insert, const Values&... values) {
  if (auto done = update.run(values...); !done || connection_.changes() > 0) return done;
  if (auto done = insert.run(values...); !done || connection_.changes() > 0) return done;
  // A trigger or a conflict clause of the table may drop a row without an error.
  return std::unexpected(SqliteError{SQLITE_CONSTRAINT, "the table ignored the row"});
}

}  // namespace imcd::db
