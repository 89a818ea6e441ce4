// A log line as data: the core asks for it through the outbox, the daemon prints it. Fields are
// those of docs/OPERATING.md; the text of a chat message is never among them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace imcd {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogLine {
  LogLevel level = LogLevel::info;
  std::string text;
  // Name (room, user, call_id, peer, command, code, error) and value.
  std::vector<std::pair<const char*, std::string>> fields;
};

}  // namespace imcd
