// Options: what a run does, as the command line says it. Everything has a bound, so that a run ends
// by itself and its records fit in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

#include "base/address.h"
#include "base/time.h"

namespace imcd::bench {

// Members who do not simply answer 200, as shares of a room's members.
struct Shares {
  double late = 0;
  Duration late_by = 300ms;
  double refusing = 0;
  int code = 480;
  double silent = 0;
};

struct Options {
  Address server;
  Address listen;
  std::string domain = "bench.invalid";
  std::uint32_t rooms = 1;
  std::uint32_t members = 100;  // Of each room.
  std::uint32_t senders = 1;    // Of each room: its first members take turns.
  std::uint32_t body_bytes = 64;
  std::uint32_t outstanding = 8;  // Closed loop: messages of a room that are not yet delivered.
  double rate = 0;                // Open loop: messages a second over all rooms; 0: closed loop.
  Duration warmup = 1s;
  Duration duration = 10s;
  Duration drain = 10s;        // Longest wait for what was accepted but not delivered.
  std::uint64_t messages = 0;  // 0: as many as there is time for.
  bool changes = false;        // Not chat: the second member of each room leaves and joins.
  bool tcp = false;            // The proxy speaks TCP, both ways.
  bool runs = false;           // The proxy takes and gives runs of datagrams at once.
  int receive_buffer = 0;      // 0: the kernel's default.
  pid_t pid = 0;               // 0: the server's processes are not looked at.
  bool json = false;
  bool keep_rooms = false;
  Shares shares;

  [[nodiscard]] bool is_open_loop() const { return rate > 0; }
};

// Nothing when there is nothing to run: after --help (0) or an error (2), which has been printed.
std::optional<Options> read_options(int argc, char** argv, int& exit_code);

}  // namespace imcd::bench
