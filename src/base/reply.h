// Reply: a final response as data, small enough to be kept for Timer J. Transactions do not know
// what requests are about: who answers one hands code and phrase in.
#pragma once

#include <cstdint>
#include <string_view>

namespace imcd {

struct Reply {
  std::uint16_t code = 200;
  std::uint16_t retry_after_s = 0;  // 0: no Retry-After.
  const char* phrase = "OK";        // A literal: it must stay for Timer J.

  [[nodiscard]] bool is_success() const { return code < 300; }
  friend bool operator==(const Reply& a, const Reply& b) {
    return a.code == b.code && a.retry_after_s == b.retry_after_s &&
           std::string_view(a.phrase) == b.phrase;
  }
};

}  // namespace imcd
