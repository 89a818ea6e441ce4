// Result<T>: a value, or the reason why there is none. The world's errors carry a sentence for the
// operator; a peer's errors carry a small enum instead (parser::ParseError).
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace imcd {

struct Error {
  std::string text;  // A sentence without a final stop: what failed, on what, and why.
};

template <class T, class E = Error>
using Result = std::expected<T, E>;

inline std::unexpected<Error> fail(std::string text) {
  return std::unexpected(Error{std::move(text)});
}

}  // namespace imcd
