// imcd: a SIP instant-message conference server. This file lists its parts.

#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fmt/format.h>
#include <string_view>
#include <sys/random.h>
#include <vector>

#include "base/figures.h"
#include "config/load.h"
#include "daemon.h"
#include "db_check.h"
#include "log_printer.h"
#include "make_store.h"
#include "reactor/reactor.h"

namespace imcd {
namespace {

constexpr int exit_usage = 2;

HashKey random_seed() {
  HashKey seed;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) {
    throw std::runtime_error("the kernel gives no random numbers");
  }
  return seed;
}

// The state directory is ours to make (DESIGN 8); others read rooms from it only if let in.
Result<void> make_state_directory(const DbUrl& url) {
  if (url.kind != DbUrl::Kind::sqlite) return {};
  const auto directory = std::filesystem::path(url.sqlite_path).parent_path();
  std::error_code error;
  if (directory.empty() || std::filesystem::exists(directory, error)) return {};
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail(
        fmt::format("cannot make the directory {}: {}", directory.string(), error.message()));
  }
  std::filesystem::permissions(directory, std::filesystem::perms(0750), error);
  return {};
}

reactor::Options reactor_options(const Settings& settings) {
  reactor::Options options;
  for (const Endpoint& listen : settings.network.listen) {
    (listen.transport == Transport::udp ? options.listen_udp : options.listen_tcp)
        .push_back(listen.address);
  }
  options.receive_buffer_bytes = settings.network.receive_buffer_bytes;
  options.send_buffer_bytes = settings.network.send_buffer_bytes;
  options.dns_servers = settings.network.dns_servers;
  options.mi_fifo = settings.management.mi_fifo;
  options.mi_fifo_mode = settings.management.mi_fifo_mode;
  options.mi_reply_dir = settings.management.mi_reply_dir;
  options.signals = {SIGTERM, SIGINT, SIGHUP, SIGUSR1};
  return options;
}

int complain(std::string_view text, int code) {
  fmt::print(stderr, "imcd: {}\n", text);
  return code;
}

int serve(const Settings& settings) {
  if (const auto made = make_state_directory(settings.storage.db_url); !made) {
    return complain(made.error().text, EXIT_FAILURE);
  }
  auto store = make_store(settings.storage);
  if (!store) return complain(store.error().text, EXIT_FAILURE);
  Figures figures;
  // Signals are blocked in here, before any thread is made that would inherit them unblocked.
  auto reactor = reactor::Reactor::open(reactor_options(settings), figures);
  if (!reactor) return complain(reactor.error().text, EXIT_FAILURE);
  const bool for_journal = std::getenv("JOURNAL_STREAM") != nullptr;
  LogPrinter printer(settings.log, for_journal);
  const Instant now = reactor::Reactor::read_clock();
  for (const std::string& warning : (*reactor)->warnings()) {
    printer.print({LogLevel::warning, warning, {}}, now.wall);
  }
  Daemon daemon(settings, **reactor, printer, figures, *std::move(store), random_seed(), now);
  return daemon.run();
}

int run(int argc, char** argv) {
  const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const auto environment = [](const char* name) -> const char* { return std::getenv(name); };
  const auto command_line = config::load_config(arguments, IMCD_VERSION, environment);
  if (!command_line) return complain(command_line.error().text, exit_usage);
  switch (command_line->action) {
    case config::Action::print:
      fmt::print("{}", command_line->page);
      return EXIT_SUCCESS;
    case config::Action::check:
      fmt::print("imcd: the configuration is good\n");
      return EXIT_SUCCESS;
    case config::Action::db_check:
      return check_database(command_line->settings);
    case config::Action::serve:
      return serve(command_line->settings);
  }
  return EXIT_FAILURE;
}

}  // namespace
}  // namespace imcd

int main(int argc, char** argv) {
  try {
    return imcd::run(argc, argv);
  } catch (const std::exception& error) {
    return imcd::complain(error.what(), EXIT_FAILURE);
  }
}
