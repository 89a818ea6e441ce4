// TextRequestReader: finds the requests of the old text protocol in a stream of bytes that may be
// cut anywhere:
//
//   :command:reply_fifo_name
//   one argument a line (mi/text_arguments.h)
//   and an empty line at the end
//
//              other line: garbage                 any other line: an argument
//                  ┌────┐                                   ┌────┐
//                  ▼    │         ":command:reply"          ▼    │
//               ┌─────────┐ ─────────────────────────▶ ┌───────────┐
//   start ────▶ │ between │                            │ arguments │
//               └─────────┘ ◀───────────────────────── └───────────┘
//                  │    ▲      empty line: a request
//   line too long  ▼    │ empty line
//               ┌──────────┐
//               │ skipping │
//               └──────────┘
//
// A reply name must be a plain one (DESIGN 9); a line with another is garbage, so that nothing is
// ever opened for it. So is a first line beyond its bound, as nobody knows whom to answer.
// Arguments beyond theirs, or malformed ones, make a request that says so.
// Memory: one line and one request, both bounded (limits::mi_*_bytes_max).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mi/request.h"
#include "mi/text_arguments.h"

namespace imcd::mi {

class TextRequestReader {
 public:
  // Takes bytes from the front until a request is complete; nothing when they are used up before.
  std::optional<Request> next(std::string_view& bytes);

  // Whether the bytes so far end within something.
  [[nodiscard]] bool unfinished() const;
  // Forgets what is unfinished. What comes next begins a line.
  void reset();

  // Runs of lines that belong to no request, since the last call.
  std::uint64_t take_garbage();

 private:
  enum class State : std::uint8_t { between, arguments, skipping };

  void add_to_line(std::string_view bytes);
  std::optional<Request> end_line();
  void begin(std::string_view line);
  void add_argument(std::string_view line);
  Request end_request();
  void note_garbage();

  State state_ = State::between;
  std::string line_;
  bool line_cut_ = false;  // It was too long to be kept.
  Request request_;
  TextArguments arguments_;
  std::size_t argument_bytes_ = 0;
  bool in_garbage_ = false;
  std::uint64_t garbage_ = 0;
};

}  // namespace imcd::mi
