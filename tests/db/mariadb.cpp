#include "mariadb.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace imcd::db {
namespace {

using namespace std::chrono_literals;

std::string find_program(const std::string& name) {
  for (const char* directory : {"/usr/sbin/", "/usr/bin/", "/usr/local/bin/", "/usr/libexec/"}) {
    if (::access((directory + name).c_str(), X_OK) == 0) return directory + name;
  }
  return {};
}

// Starts a program whose output goes to `log`, and which ends with this one. Its temporary files
// are its own: another server would delete those of the same name as its leftovers.
pid_t spawn(std::vector<std::string> command, const std::string& log,
            const std::string& temporary) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setenv("TMPDIR", temporary.c_str(), 1);
  const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

}  // namespace

MariaDb& MariaDb::get() {
  static MariaDb server;
  return server;
}

MariaDb::MariaDb() {
  for (const char* program : {"mariadbd", "mariadb-install-db"}) {
    if (find_program(program).empty()) {
      lacks_ = std::string(program) + " is not installed (Debian's mariadb-server)";
      return;
    }
  }
  install();
  start();
}

MariaDb::~MariaDb() {
  if (process_ > 0) stop(true);
}

void MariaDb::install() {
  const pid_t child = spawn(
      {find_program("mariadb-install-db"), "--no-defaults", "--datadir=" + scratch_.file("data"),
       "--skip-test-db", "--user=root", "--auth-root-authentication-method=normal"},
      scratch_.file("install.log"), scratch_.file(""));
  int status = 0;
  ::waitpid(child, &status, 0);
  if (status != 0) throw std::runtime_error("mariadb-install-db failed");
}

void MariaDb::stop(bool kill) {
  ::kill(process_, kill ? SIGKILL : SIGTERM);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void MariaDb::start(const std::vector<std::string>& options) {
  std::vector<std::string> command = {find_program("mariadbd"),
                                      "--no-defaults",
                                      "--user=root",
                                      "--datadir=" + scratch_.file("data"),
                                      "--socket=" + scratch_.file("socket"),
                                      "--skip-networking",
                                      "--innodb-buffer-pool-size=32M"};
  command.insert(command.end(), options.begin(), options.end());
  process_ = spawn(std::move(command), scratch_.file("server.log"), scratch_.file(""));
  for (int i = 0; i < 600; ++i) {
    const MysqlServer all = server("");
    MYSQL* const connection = mysql_init(nullptr);
    const bool is_up = mysql_real_connect(connection, nullptr, "root", "", nullptr, 0,
                                          all.socket.c_str(), 0) != nullptr;
    mysql_close(connection);
    if (is_up) return;
    std::this_thread::sleep_for(100ms);
  }
  throw std::runtime_error("mariadbd does not come up");
}

MysqlServer MariaDb::server(const std::string& database) const {
  return {.socket = scratch_.file("socket"), .user = "root", .database = database};
}

MysqlServer MariaDb::new_database(const std::string& how) {
  const std::string name = "test_" + std::to_string(++databases_);
  MysqlClient(server("")).query("CREATE DATABASE " + name + " " + how);
  return server(name);
}

MysqlClient::MysqlClient(const MysqlServer& server, const std::string& charset)
    : connection_(mysql_init(nullptr)) {
  mysql_options(connection_.get(), MYSQL_SET_CHARSET_NAME, charset.c_str());
  if (mysql_real_connect(connection_.get(), nullptr, server.user.c_str(), server.password.c_str(),
                         server.database.empty() ? nullptr : server.database.c_str(), 0,
                         server.socket.c_str(), 0) == nullptr) {
    ADD_FAILURE() << mysql_error(connection_.get());
  }
}

std::vector<std::string> MysqlClient::query(const std::string& sql) {
  if (try_query(sql) != 0) {
    ADD_FAILURE() << sql << ": " << mysql_error(connection_.get());
    return {};
  }
  std::vector<std::string> lines;
  MYSQL_RES* const rows = mysql_store_result(connection_.get());
  if (rows == nullptr) return lines;
  while (char** const row = mysql_fetch_row(rows)) {
    const unsigned long* const lengths = mysql_fetch_lengths(rows);
    std::string& line = lines.emplace_back();
    for (unsigned column = 0; column < mysql_num_fields(rows); ++column) {
      if (column > 0) line += '|';
      line += row[column] != nullptr ? std::string(row[column], lengths[column]) : "NULL";
    }
  }
  mysql_free_result(rows);
  return lines;
}

unsigned MysqlClient::try_query(const std::string& sql) {
  mysql_real_query(connection_.get(), sql.data(), sql.size());
  return mysql_errno(connection_.get());
}

}  // namespace imcd::db
