// The documents under tests/parser/cases: messages, and what must come of them, in files that a
// person can read. Tests run them, and the fuzzers begin with them.
//
//   ## A branch in capitals            begins a case
//
//   Prose, for the reader alone.
//
//   ```sip                             what is received; `uri`: one URI
//   MESSAGE sip:a@example.org SIP/2.0
//   ```
//
//   ```expect                          what must come of it; each test knows its words
//   accepted
//   via.branch: Z9HG4BKa
//   ```
//
// A line of a `sip` block ends in CRLF, unless a backslash is its last character: then nothing is
// between it and the next line. \r \n \t \\ and \xHH are bytes, \{3*ab} is ababab; values in
// `expect` blocks are written the same way. Other bytes, UTF-8 too, stand for themselves.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace imcd::parser {

struct Expectation {
  std::string key;
  std::string value;  // Empty where the line has no colon.
};

struct Case {
  std::string name;  // "rfc4475/valid: wsinv".
  std::string kind;  // The block's word: "sip".
  std::string bytes;
  std::vector<Expectation> expectations;

  [[nodiscard]] std::optional<std::string_view> find(std::string_view key) const {
    for (const Expectation& one : expectations) {
      if (one.key == key) return one.value;
    }
    return std::nullopt;
  }
  [[nodiscard]] bool is_message() const { return kind == "sip"; }
};

// All cases, sorted by file; read once. A document that is not in this form ends the program with
// file and line, as does a folder without any.
const std::vector<Case>& cases();

// The lengths at which tests cut a message: each one; of a huge message, whose middle is one value
// repeated, each one near both ends.
constexpr std::size_t next_cut(std::size_t length, std::size_t size) {
  constexpr std::size_t near = 1500;
  constexpr std::size_t stride = 397;
  return length < near || length + near + stride >= size ? length + 1 : length + stride;
}

// One document. Throws std::runtime_error with name and line where it is not in this form.
std::vector<Case> read_cases(std::string_view document, std::string_view name);

}  // namespace imcd::parser
