#include "db/mysql_store.h"

#include <charconv>
#include <fmt/format.h>
#include <iterator>
#include <utility>

#include "db/mysql_rows.h"

namespace imcd::db {
namespace {

// How often one call to commit() tries at once what is likely to succeed the next time.
constexpr int tries_max = 4;

bool append_piece(void* to, records::LoadedRows&& piece) {
  static_cast<records::LoadedRows*>(to)->append(std::move(piece));
  return true;
}

// Binds a row's values for MysqlStatements::insert_*.
void bind_row(MysqlStatement& statement, const records::RoomRow& row) {
  statement.bind(std::int64_t{row.flags});
  statement.bind(row.key.name);
  statement.bind(row.key.domain);
}

void bind_row(MysqlStatement& statement, const records::MemberRow& row) {
  statement.bind(std::int64_t{row.flags});
  statement.bind(row.key.user);
  statement.bind(row.key.domain);
  statement.bind(row.key.room);
}

void bind_row(MysqlStatement& statement, const records::UserRow& row) {
  statement.bind(row.uri);
  statement.bind(row.key.text);
}

void bind_row(MysqlStatement& statement, const records::InvitationRow& row) {
  statement.bind(row.made_at);
  statement.bind(row.key.user);
  statement.bind(row.key.domain);
  statement.bind(row.key.room);
}

}  // namespace

Result<std::unique_ptr<Store>> make_mysql_store(MysqlOptions options) {
  return std::make_unique<MysqlStore>(std::move(options));
}

MysqlStore::MysqlStore(MysqlOptions options)
    : options_(std::move(options)), instance_(options_.tables, options_.shared) {}

// --- Opening ------------------------------------------------------------------------------------

Result<void> MysqlStore::open() {
  disconnect();
  if (Result<void> good = check_table_names(options_.tables); !good) return good;
  if (Result<void> connected = connect(); !connected) {
    disconnect();
    return connected;
  }
  was_open_ = true;
  return {};
}

Result<void> MysqlStore::connect() {
  MysqlResult<MysqlConnection> connection = MysqlConnection::open(options_.server);
  if (!connection) return fail(describe(connection.error()));
  connection_ = *std::move(connection);
  if (const auto done = configure(); !done) return fail(describe(done.error()));
  if (options_.reads_only) return connect_to_read();

  const auto in_database = [&](const Error& error) {
    return fail(fmt::format("database {}: {}", options_.server.database, error.text));
  };
  // Only who has the database looks at its tables, and makes what is missing.
  if (const auto claimed = instance_.claim(connection_, was_open_); !claimed) {
    return in_database(claimed.error());
  }
  Result<MysqlShape> shape =
      prepare_mysql_schema(connection_, options_.tables,
                           was_open_ ? MissingTables::are_an_error : MissingTables::are_made);
  if (!shape) return in_database(shape.error());
  shape_ = *std::move(shape);
  if (!was_open_) {
    warnings_ = std::move(shape_.warnings);
    if (const auto done = warn_of_late_writes(); !done) return fail(describe(done.error()));
  }
  if (const auto done = prepare(); !done) return fail(describe(done.error()));
  return {};
}

Result<void> MysqlStore::connect_to_read() {
  Result<MysqlShape> shape =
      prepare_mysql_schema(connection_, options_.tables, MissingTables::are_left);
  if (!shape) {
    return fail(fmt::format("database {}: {}", options_.server.database, shape.error().text));
  }
  shape_ = *std::move(shape);
  warnings_ = std::move(shape_.warnings);
  return {};
}

MysqlResult<void> MysqlStore::configure() {
  // Strict, so that what a column cannot hold is refused and not cut.
  return connection_.execute(fmt::format(
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1,"
      " foreign_key_checks = 1, innodb_lock_wait_timeout = {}, net_write_timeout = 600",
      std::chrono::ceil<std::chrono::seconds>(options_.server.lock_timeout).count()));
}

MysqlResult<void> MysqlStore::warn_of_late_writes() {
  const auto flush = connection_.query("SELECT @@innodb_flush_log_at_trx_commit");
  if (!flush) return std::unexpected(flush.error());
  if (*flush == "1") return {};
  warnings_.push_back(
      fmt::format("the database server writes its log late (innodb_flush_log_at_trx_commit = {}): "
                  "a power cut may take back room changes that were acknowledged",
                  flush->value_or("?")));
  return {};
}

MysqlResult<void> MysqlStore::prepare() {
  const MysqlStatements texts(options_.tables, shape_, options_.server.charset);
  const std::pair<MysqlStatement*, std::string> wanted[] = {
      {&prepared_.update_room, texts.update_room},
      {&prepared_.insert_room, texts.insert_rooms(1, false)},
      {&prepared_.delete_room, texts.delete_room},
      {&prepared_.update_member, texts.update_member},
      {&prepared_.insert_member, texts.insert_members(1, false)},
      {&prepared_.delete_member, texts.delete_member},
      {&prepared_.delete_members, texts.delete_members},
      {&prepared_.update_user, texts.update_user},
      {&prepared_.insert_user, texts.insert_users(1, false)},
      {&prepared_.delete_user, texts.delete_user},
      {&prepared_.update_invitation, texts.update_invitation},
      {&prepared_.insert_invitation, texts.insert_invitations(1, false)},
      {&prepared_.delete_invitation, texts.delete_invitation},
      {&prepared_.delete_invitations, texts.delete_invitations},
      {&prepared_.rooms_of, texts.rooms_of},
      {&prepared_.members_of, texts.members_of},
  };
  for (const auto& [statement, text] : wanted) {
    MysqlResult<MysqlStatement> prepared = connection_.prepare(text);
    if (!prepared) return std::unexpected(prepared.error());
    *statement = *std::move(prepared);
  }
  return prepare_puts(texts);
}

MysqlResult<void> MysqlStore::prepare_puts(const MysqlStatements& texts) {
  for (std::size_t i = 0; i < rows_at_once.size(); ++i) {
    const std::size_t rows = rows_at_once.at(i);
    const std::tuple<bool, MysqlStatement*, std::string> wanted[] = {
        {shape_.puts_rooms_at_once, &prepared_.put_rooms.at(i), texts.insert_rooms(rows, true)},
        {shape_.puts_members_at_once, &prepared_.put_members.at(i),
         texts.insert_members(rows, true)},
        {shape_.puts_users_at_once, &prepared_.put_users.at(i), texts.insert_users(rows, true)},
        {shape_.puts_invitations_at_once, &prepared_.put_invitations.at(i),
         texts.insert_invitations(rows, true)},
    };
    for (const auto& [is_wanted, statement, text] : wanted) {
      if (!is_wanted) continue;
      MysqlResult<MysqlStatement> prepared = connection_.prepare(text);
      if (!prepared) return std::unexpected(prepared.error());
      *statement = *std::move(prepared);
    }
  }
  return {};
}

void MysqlStore::disconnect() {
  prepared_ = {};
  instance_.forget();
  connection_.close();
}

void MysqlStore::abandon(const MysqlError& error) {
  if (verdict(error) == MysqlVerdict::reconnect) return disconnect();
  if (!connection_.execute("ROLLBACK")) disconnect();
}

std::string MysqlStore::describe(const MysqlError& error) const {
  return fmt::format("database {}: {} (MySQL's error {})", options_.server.database, error.text,
                     error.code);
}

// --- Loading ------------------------------------------------------------------------------------

std::uint64_t MysqlStore::estimate_rows() {
  const auto rows = connection_.query(
      "SELECT CAST(SUM(table_rows) AS UNSIGNED) FROM information_schema.tables"
      " WHERE table_schema = DATABASE() AND table_name IN (?, ?)",
      std::string_view(options_.tables.rooms), std::string_view(options_.tables.members));
  if (!rows || !*rows) return 0;
  std::uint64_t number = 0;
  std::from_chars((*rows)->data(), (*rows)->data() + (*rows)->size(), number);
  return number;
}

Result<void> MysqlStore::load(Sink sink, void* context) {
  if (!connection_.is_open()) {
    return fail(fmt::format("database {} is not open", options_.server.database));
  }
  PieceWriter out(sink, context);
  const MysqlResult<void> done = read_all(out);
  if (done) return {};
  // Rows may be under way still.
  connection_.cut();
  disconnect();
  return fail(describe(done.error()));
}

MysqlResult<void> MysqlStore::read_all(PieceWriter& out) {
  const MysqlStatements texts(options_.tables, shape_, options_.server.charset);
  // One transaction, so that all tables are of one moment.
  if (auto done = connection_.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT"); !done) {
    return done;
  }
  using Read = MysqlResult<void> (*)(MysqlStatement&, const std::string&, PieceWriter&);
  const std::tuple<const std::string&, const std::string&, Read> tables[] = {
      {texts.select_rooms, options_.tables.rooms, read_room_rows},
      {texts.select_users, options_.tables.users, read_user_rows},
      {texts.select_members, options_.tables.members, read_member_rows},
      {texts.select_invitations, options_.tables.invitations, read_invitation_rows},
  };
  for (const auto& [text, table, read] : tables) {
    if (read == read_user_rows && !shape_.has_users) continue;
    if (read == read_invitation_rows && !shape_.has_invitations) continue;
    MysqlResult<MysqlStatement> statement = connection_.prepare(text);
    if (!statement) return std::unexpected(statement.error());
    if (auto done = statement->execute(); !done) return done;
    if (auto done = read(*statement, table, out); !done) {
      // What is left of the rows must not be waited for when the statement goes.
      connection_.cut();
      return done;
    }
  }
  if (!out.finish()) return std::unexpected(mysql_load_was_ended());
  return connection_.execute("COMMIT");
}

MysqlResult<records::LoadedRows> MysqlStore::read_rooms_of(const Command& command) {
  records::LoadedRows rows;
  PieceWriter out(append_piece, &rows);
  for (const records::RoomRow::Key& room : touched_rooms(command)) {
    auto done = prepared_.rooms_of.run(room.name, room.name, room.domain, room.domain);
    if (done) done = read_room_rows(prepared_.rooms_of, options_.tables.rooms, out);
    const std::string uri = records::uri_of(room);
    if (done) done = prepared_.members_of.run(uri, uri);
    if (done) done = read_member_rows(prepared_.members_of, options_.tables.members, out);
    // A name that the columns cannot hold is not even one to ask for, so it has no rows.
    if (!done && verdict(done.error()) != MysqlVerdict::refuse) {
      return std::unexpected(done.error());
    }
  }
  static_cast<void>(out.finish());  // append_piece() never ends a load.
  return rows;
}

// --- Committing ---------------------------------------------------------------------------------

CommitResult MysqlStore::commit(const Batch& batch) {
  if (options_.reads_only) return {.batch = batch.id, .error = "the database is only read"};
  for (int tries = 1;; ++tries) {
    if (!connection_.is_open()) {
      if (Result<void> opened = open(); !opened) {
        return {.batch = batch.id, .error = opened.error().text};
      }
    }
    CommitResult result{.batch = batch.id};
    const MysqlResult<void> done = apply_batch(batch, result.refused);
    if (done) {
      result.committed = true;
      return result;
    }
    abandon(done.error());
    const bool at_once =
        verdict(done.error()) == MysqlVerdict::again || is_lost_connection(done.error());
    if (!at_once || tries == tries_max) {
      return {.batch = batch.id, .error = describe(done.error())};
    }
  }
}

MysqlResult<void> MysqlStore::begin() {
  if (auto done = connection_.execute("START TRANSACTION"); !done) return done;
  return instance_.renew();
}

MysqlResult<void> MysqlStore::apply_batch(const Batch& batch,
                                          std::vector<RefusedCommand>& refused) {
  MysqlResult<void> applied = apply_all(batch);
  if (!applied) {
    if (verdict(applied.error()) != MysqlVerdict::refuse) return applied;
    if (auto done = connection_.execute("ROLLBACK"); !done) return done;
    MysqlResult<Refusals> refusals = apply_singly(batch);
    if (!refusals) return std::unexpected(refusals.error());
    for (auto& [command, error] : *refusals) {
      MysqlResult<records::LoadedRows> rows = read_rooms_of(batch.commands[command]);
      if (!rows) return std::unexpected(rows.error());
      refused.push_back({command, std::move(error), std::move(*rows)});
    }
  }
  return connection_.execute("COMMIT");
}

MysqlResult<void> MysqlStore::apply_all(const Batch& batch) {
  const NetChanges changes(batch);
  MysqlResult<void> done = begin();
  for (const std::string& uri : changes.emptied_rooms) {
    if (done) done = prepared_.delete_members.run(uri, uri);
    if (done) done = prepared_.delete_invitations.run(uri, uri);
  }
  for (const auto* key : changes.of<records::RoomRow>().erased) {
    if (done) done = prepared_.delete_room.run(key->name, key->name, key->domain, key->domain);
  }
  if (done) done = erase_all(changes.of<records::MemberRow>());
  if (done) done = erase_all(changes.of<records::UserRow>());
  if (done) done = erase_all(changes.of<records::InvitationRow>());
  if (done)
    done = put_all(changes.of<records::RoomRow>(), shape_.puts_rooms_at_once, prepared_.put_rooms);
  if (done)
    done = put_all(changes.of<records::MemberRow>(), shape_.puts_members_at_once,
                   prepared_.put_members);
  if (done)
    done = put_all(changes.of<records::UserRow>(), shape_.puts_users_at_once, prepared_.put_users);
  if (done)
    done = put_all(changes.of<records::InvitationRow>(), shape_.puts_invitations_at_once,
                   prepared_.put_invitations);
  return done;
}

template <class Row>
MysqlResult<void> MysqlStore::erase_all(const NetRows<Row>& rows) {
  for (const auto* key : rows.erased) {
    if (auto done = apply(records::Erase<Row>{*key}); !done) return done;
  }
  return {};
}

template <class Row>
MysqlResult<void> MysqlStore::put_all(const NetRows<Row>& net, bool at_once, Puts& puts) {
  std::span<const Row* const> rows(net.put);
  if (!at_once) {
    for (const Row* row : rows) {
      if (auto done = apply(records::Put<Row>{*row}); !done) return done;
    }
    return {};
  }
  for (std::size_t size = 0; size < rows_at_once.size(); ++size) {
    const std::size_t count = rows_at_once.at(size);
    for (; rows.size() >= count; rows = rows.subspan(count)) {
      for (const Row* row : rows.first(count)) bind_row(puts.at(size), *row);
      if (auto done = puts.at(size).execute(); !done) return done;
    }
  }
  return {};
}

MysqlResult<MysqlStore::Refusals> MysqlStore::apply_singly(const Batch& batch) {
  Refusals refusals;
  if (auto done = begin(); !done) return std::unexpected(done.error());
  for (std::size_t index = 0; index < batch.commands.size(); ++index) {
    const MysqlResult<void> done = apply_guarded(batch.commands[index]);
    if (done) continue;
    if (verdict(done.error()) != MysqlVerdict::refuse) return std::unexpected(done.error());
    refusals.emplace(index,
                     fmt::format("{} (MySQL's error {})", done.error().text, done.error().code));
  }
  return refusals;
}

MysqlResult<void> MysqlStore::apply_guarded(const Command& command) {
  if (auto done = connection_.execute("SAVEPOINT command"); !done) return done;
  for (const records::Record& record : command.records) {
    const MysqlResult<void> applied = apply(record);
    if (applied) continue;
    if (verdict(applied.error()) == MysqlVerdict::refuse) {
      if (auto done = connection_.execute("ROLLBACK TO command"); !done) return done;
    }
    return applied;
  }
  return connection_.execute("RELEASE SAVEPOINT command");
}

MysqlResult<void> MysqlStore::apply(const records::Record& record) {
  return std::visit([this](const auto& change) { return apply(change); }, record);
}

MysqlResult<void> MysqlStore::apply(const records::Put<records::RoomRow>& put) {
  const auto& [key, flags] = put.row;
  return this->put(prepared_.update_room, prepared_.insert_room, std::int64_t{flags}, key.name,
                   key.domain);
}

MysqlResult<void> MysqlStore::apply(const records::Erase<records::RoomRow>& erase) {
  const std::string uri = records::uri_of(erase.key);
  const auto& [name, domain] = erase.key;
  if (auto done = prepared_.delete_members.run(uri, uri); !done) return done;
  if (auto done = prepared_.delete_invitations.run(uri, uri); !done) return done;
  return prepared_.delete_room.run(name, name, domain, domain);
}

MysqlResult<void> MysqlStore::apply(const records::Put<records::MemberRow>& put) {
  const auto& [key, flags] = put.row;
  return this->put(prepared_.update_member, prepared_.insert_member, std::int64_t{flags}, key.user,
                   key.domain, key.room);
}

MysqlResult<void> MysqlStore::apply(const records::Erase<records::MemberRow>& erase) {
  const auto& [room, user, domain] = erase.key;
  return prepared_.delete_member.run(user, user, domain, domain, room, room);
}

MysqlResult<void> MysqlStore::apply(const records::Put<records::UserRow>& put) {
  return this->put(prepared_.update_user, prepared_.insert_user, put.row.uri, put.row.key.text);
}

MysqlResult<void> MysqlStore::apply(const records::Erase<records::UserRow>& erase) {
  return prepared_.delete_user.run(erase.key.text, erase.key.text);
}

MysqlResult<void> MysqlStore::apply(const records::Put<records::InvitationRow>& put) {
  const auto& [key, made_at] = put.row;
  return this->put(prepared_.update_invitation, prepared_.insert_invitation, made_at, key.user,
                   key.domain, key.room);
}

MysqlResult<void> MysqlStore::apply(const records::Erase<records::InvitationRow>& erase) {
  const auto& [room, user, domain] = erase.key;
  return prepared_.delete_invitation.run(user, user, domain, domain, room, room);
}

template <class Value, class... Names>
MysqlResult<void> MysqlStore::put(MysqlStatement& update, MysqlStatement& insert,
                                  const Value& value, const Names&... names) {
  update.bind(value);
  ((update.bind(names), update.bind(names)), ...);
  if (auto done = update.execute(); !done || update.rows() > 0) return done;
  return insert.run(value, names...);
}

}  // namespace imcd::db
