#include "options.h"

#include <CLI/CLI.hpp>
#include <cmath>

namespace imcd::bench {

namespace {

// The most messages of a run: their records take 64 bytes and 4 for each member.
constexpr double messages_max = 10e6;
constexpr double deliveries_max = 500e6;

Duration seconds(double number) { return Duration(std::llround(number * 1e9)); }

// This is a load generator that shouts at whom it is pointed at, so it points at this machine only.
bool is_loopback(const Address& address) {
  static const auto loopback4 = parse_network("127.0.0.0/8");
  static const auto loopback6 = parse_network("::1/128");
  return loopback4->contains(address) || loopback6->contains(address);
}

Address loopback_address(const std::string& name, const std::string& text) {
  const auto address = parse_address(text);
  if (!address) throw CLI::ValidationError(name, text + " is not IP:PORT");
  if (!is_loopback(*address)) {
    throw CLI::ValidationError(name, text + " is not on loopback, and nothing else is accepted");
  }
  return *address;
}

struct Texts {
  std::string server;
  std::string listen = "127.0.0.1:5090";
  double duration = 10;
  double warmup = 1;
  double drain = 10;
  double late_ms = 300;
};

void add_addresses(CLI::App& app, Texts& texts, Options& options) {
  app.add_option("--server", texts.server, "IP:PORT of the server, on loopback")->required();
  app.add_option("--listen", texts.listen, "IP:PORT of the proxy that is played")
      ->capture_default_str();
  app.add_option("--domain", options.domain, "host part of all users and rooms")
      ->capture_default_str();
  app.add_option("--pid", options.pid, "the server's process, for its CPU and memory")
      ->check(CLI::PositiveNumber);
  app.add_option("--receive-buffer", options.receive_buffer,
                 "bytes of the proxy's receive buffer; 0: the kernel's default")
      ->check(CLI::Range(0, 1 << 30));
}

void add_load(CLI::App& app, Texts& texts, Options& options) {
  app.add_option("--rooms", options.rooms, "rooms")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--members", options.members, "members of each room")
      ->check(CLI::Range(2, 100000))
      ->capture_default_str();
  app.add_option("--senders", options.senders, "members of each room who send, in turn")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--body", options.body_bytes, "bytes of a text")
      ->check(CLI::Range(16, 8000))
      ->capture_default_str();
  app.add_option("--outstanding", options.outstanding,
                 "closed loop: messages of a room under way at a time")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  app.add_option("--rate", options.rate,
                 "open loop: messages a second over all rooms, whatever becomes of them")
      ->check(CLI::Range(0.01, 1e6));
  app.add_option("--duration", texts.duration, "seconds that are counted")
      ->check(CLI::Range(0.1, 600.0))
      ->capture_default_str();
  app.add_option("--warmup", texts.warmup, "seconds of load before, not counted")
      ->check(CLI::Range(0.0, 60.0))
      ->capture_default_str();
  app.add_option("--drain", texts.drain, "longest wait, in seconds, for deliveries after the load")
      ->check(CLI::Range(0.0, 120.0))
      ->capture_default_str();
  app.add_option("--messages", options.messages, "stop after so many messages; 0: by time alone")
      ->capture_default_str();
}

void add_shares(CLI::App& app, Texts& texts, Shares& shares) {
  const auto share = CLI::Range(0.0, 1.0);
  app.add_option("--late-share", shares.late, "share of members who answer late")->check(share);
  app.add_option("--late-ms", texts.late_ms, "how late, in ms")
      ->check(CLI::Range(0.0, 60000.0))
      ->capture_default_str();
  app.add_option("--code-share", shares.refusing, "share of members who refuse")->check(share);
  app.add_option("--code", shares.code, "with which code")
      ->check(CLI::Range(300, 699))
      ->capture_default_str();
  app.add_option("--silent-share", shares.silent, "share of members who never answer")
      ->check(share);
}

void check_together(const Options& options) {
  const Shares& shares = options.shares;
  if (options.senders > options.members) {
    throw CLI::ValidationError("--senders", "more than there are members");
  }
  if (shares.late + shares.refusing + shares.silent > 1) {
    throw CLI::ValidationError("--late-share", "the shares come to more than 1");
  }
  if (static_cast<double>(options.rooms) * options.members > 1e6) {
    throw CLI::ValidationError("--rooms", "more than 1,000,000 members in all");
  }
  if (options.tcp && options.runs) {
    throw CLI::ValidationError("--runs", "only datagrams come in runs");
  }
  if (options.changes && options.is_open_loop()) {
    throw CLI::ValidationError("--changes", "each change waits for the one before: no --rate");
  }
  const double time = std::chrono::duration<double>(options.warmup + options.duration).count();
  const double messages = options.rate * time;
  if (messages > messages_max || messages * options.members > deliveries_max) {
    throw CLI::ValidationError("--rate", "so long a run would not fit in memory");
  }
}

}  // namespace

std::optional<Options> read_options(int argc, char** argv, int& exit_code) {
  Options options;
  Texts texts;
  CLI::App app(
      "imc-bench plays the outbound proxy, the senders and all members of a SIP message conference "
      "on loopback, and counts what the server delivers.");
  add_addresses(app, texts, options);
  add_load(app, texts, options);
  add_shares(app, texts, options.shares);
  app.add_flag("--json", options.json, "print the result as JSON");
  app.add_flag(
      "--runs", options.runs,
      "the proxy takes and answers whole runs of datagrams (UDP_GRO, UDP_SEGMENT), not one "
      "by one");
  app.add_flag(
      "--tcp", options.tcp,
      "the proxy speaks TCP: the server needs it as its outbound proxy with transport=tcp");
  app.add_flag("--changes", options.changes,
               "not chat: the second member of each room leaves and joins, one change at a time");
  app.add_flag("--keep-rooms", options.keep_rooms, "leave the rooms behind");
  try {
    app.parse(argc, argv);
    options.server = loopback_address("--server", texts.server);
    options.listen = loopback_address("--listen", texts.listen);
    if (options.server.family != options.listen.family) {
      throw CLI::ValidationError("--listen", "not of the server's address family");
    }
    options.duration = seconds(texts.duration);
    options.warmup = seconds(texts.warmup);
    options.drain = seconds(texts.drain);
    options.shares.late_by = seconds(texts.late_ms / 1000);
    if (options.changes) options.outstanding = 1;
    check_together(options);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  return options;
}

}  // namespace imcd::bench
