#include "db/mysql_instance.h"

#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <sys/random.h>
#include <unistd.h>

namespace imcd::db {
namespace {

constexpr const char* shared_holder = "shared";
// A process that was killed may have a last statement under way; its lock goes after that.
constexpr int lock_wait_s = 2;
// As many instances may share a database; a question about all of them is still a short statement.
constexpr int seats = 32;

std::string name_of_this_process() {
  std::array<char, 65> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
  // Process numbers come again, after a restart of the machine even on it.
  std::uint64_t chance = 0;
  if (::getrandom(&chance, sizeof chance, 0) != sizeof chance) chance = 0;
  return fmt::format("{} pid {} {:016x}", host.data(), ::getpid(), chance);
}

std::unexpected<Error> failure(const SqlError& error) { return fail(error.text); }

// Not even asked for where it is there: the user may not be allowed to make tables.
SqlResult<void> make_table(MysqlConnection& connection) {
  const auto found = connection.query(
      "SELECT table_name FROM information_schema.tables"
      " WHERE table_schema = DATABASE() AND table_name = 'imcd_instance'");
  if (!found) return std::unexpected(found.error());
  if (*found) return {};
  return connection.execute(
      "CREATE TABLE IF NOT EXISTS imcd_instance (\n"
      "    rooms_table VARCHAR(64) PRIMARY KEY NOT NULL,\n"
      "    holder VARCHAR(255) NOT NULL,\n"
      "    connection BIGINT UNSIGNED NOT NULL,\n"
      "    since DATETIME NOT NULL,\n"
      "    seen DATETIME NOT NULL\n"
      ") ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
}

}  // namespace

MysqlInstance::MysqlInstance(const TableNames& names, bool shared)
    : rooms_table_(names.rooms),
      // A lock's name has 64 characters at most, and is known to the whole server.
      lock_(fmt::format("CONCAT('imcd.', SHA1(CONCAT(DATABASE(), '.{}')))", names.rooms)),
      holder_(shared ? shared_holder : name_of_this_process()),
      shared_(shared) {}

Result<void> MysqlInstance::claim(MysqlConnection& connection, bool again) {
  if (const auto made = make_table(connection); !made) return failure(made.error());
  if (Result<void> locked = lock(connection); !locked) return locked;
  if (again) {
    const auto holder = connection.query("SELECT holder FROM imcd_instance WHERE rooms_table = ?",
                                         std::string_view(rooms_table_));
    if (!holder) return failure(holder.error());
    if (*holder && **holder != holder_) {
      return fail(
          fmt::format("another imcd ({}) has used this database since: restart this one, "
                      "so that it reads the rooms again",
                      **holder));
    }
  }
  if (const auto done = write_row(connection); !done) return failure(done.error());
  auto renewal = connection.prepare(
      "UPDATE imcd_instance SET seen = UTC_TIMESTAMP() WHERE rooms_table = ? AND holder = ?");
  if (!renewal) return failure(renewal.error());
  renewal_ = *std::move(renewal);
  return {};
}

SqlResult<void> MysqlInstance::renew() {
  if (auto done = renewal_->run(std::string_view(rooms_table_), std::string_view(holder_)); !done) {
    return done;
  }
  if (renewal_->changes() == 1) return {};
  return std::unexpected(SqlError{0, "another imcd has taken this database"});
}

// Whoever holds the one lock is alone or is about to take a seat, so the order of these does it.
Result<void> MysqlInstance::lock(MysqlConnection& connection) {
  if (Result<void> locked = lock_alone(connection); !locked) return locked;
  return shared_ ? lock_seat(connection) : Result<void>{};
}

Result<void> MysqlInstance::lock_alone(MysqlConnection& connection) {
  SqlResult<bool> locked = try_lock(connection);
  if (locked && !*locked && !shared_) {
    if (auto done = end_own_connection(connection); !done) return failure(done.error());
    locked = try_lock(connection);
  }
  if (!locked) return failure(locked.error());
  if (*locked && shared_) return {};
  if (*locked) {
    const auto are_free = are_seats_free(connection);
    if (!are_free) return failure(are_free.error());
    if (*are_free) return {};
    return fail(
        "others with db_shared = 1 use this database: end them, or set db_shared = 1 for this one");
  }
  const auto holder = connection.query("SELECT holder FROM imcd_instance WHERE rooms_table = ?",
                                       std::string_view(rooms_table_));
  return fail(fmt::format("another imcd uses this database: {}",
                          holder && *holder ? **holder : "it holds the lock"));
}

Result<void> MysqlInstance::lock_seat(MysqlConnection& connection) {
  const auto found = find_seat(connection);
  const auto released = connection.query(fmt::format("SELECT RELEASE_LOCK({})", lock_));
  if (!found) return failure(found.error());
  if (!released) return failure(released.error());
  if (*found) return {};
  return fail(fmt::format("{} imcds share this database already, and no more can", seats));
}

SqlResult<bool> MysqlInstance::try_lock(MysqlConnection& connection) {
  const auto answer = connection.query(fmt::format("SELECT GET_LOCK({}, {})", lock_, lock_wait_s));
  if (!answer) return std::unexpected(answer.error());
  return *answer == "1";
}

SqlResult<bool> MysqlInstance::find_seat(MysqlConnection& connection) {
  for (int number = 0; number < seats; ++number) {
    const auto taken = connection.query(fmt::format("SELECT GET_LOCK({}, 0)", seat(number)));
    if (!taken) return std::unexpected(taken.error());
    if (*taken == "1") return true;
  }
  return false;
}

// Waits a little for those of processes that were killed, as try_lock() does.
SqlResult<bool> MysqlInstance::are_seats_free(MysqlConnection& connection) {
  constexpr int looks = 10;
  std::string used = "SELECT COALESCE(";
  for (int number = 0; number < seats; ++number) {
    used += fmt::format("{}IS_USED_LOCK({})", number == 0 ? "" : ", ", seat(number));
  }
  used += ')';
  for (int look = 0; look < looks; ++look) {
    const auto holder = connection.query(used);
    if (!holder) return std::unexpected(holder.error());
    if (!*holder) return true;
    const auto slept =
        connection.query(fmt::format("SELECT SLEEP({:.1f})", double{lock_wait_s} / looks));
    if (!slept) return std::unexpected(slept.error());
  }
  return false;
}

std::string MysqlInstance::seat(int number) const {
  return fmt::format("CONCAT({}, '.{}')", lock_, number);
}

// A connection that broke on the way may live on at the server for hours, with its lock.
SqlResult<void> MysqlInstance::end_own_connection(MysqlConnection& connection) {
  const auto number = connection.query(
      fmt::format("SELECT connection FROM imcd_instance WHERE rooms_table = ? AND holder = ?"
                  " AND connection = IS_USED_LOCK({})",
                  lock_),
      std::string_view(rooms_table_), std::string_view(holder_));
  if (!number) return std::unexpected(number.error());
  if (!*number) return {};
  return connection.execute("KILL " + **number);
}

SqlResult<void> MysqlInstance::write_row(MysqlConnection& connection) {
  auto statement = connection.prepare(
      "REPLACE INTO imcd_instance (rooms_table, holder, connection, since, seen)"
      " VALUES (?, ?, CONNECTION_ID(), UTC_TIMESTAMP(), UTC_TIMESTAMP())");
  if (!statement) return std::unexpected(statement.error());
  return (*statement)->run(std::string_view(rooms_table_), std::string_view(holder_));
}

}  // namespace imcd::db
