// The messages that are measured: texts of about 400, 800 and 1,300 bytes as they reach a server
// straight, through two proxies, and through two proxies with all that clients like to add; and the
// answer to a delivery of our own.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tm/branch_codec.h"

namespace imcd::bench {

struct Message {
  std::string_view name;
  std::string bytes;
};

std::span<const Message> messages();
const Message* find_message(std::string_view name);

// Those of the branch in the answer.
constexpr HashKey branch_key = {0x0123456789abcdef, 0xfedcba9876543210};
constexpr tm::ClientTransactionId branch_id = {4711, 42};

}  // namespace imcd::bench
