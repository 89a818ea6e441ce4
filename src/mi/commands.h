// The handlers of the command table (mi/command_table.h). Each checks what only it knows about its
// arguments and says how its facts are to be had.
#pragma once

#include <span>
#include <string_view>

#include "base/time.h"
#include "mi/answer.h"

namespace imcd::mi {

// The values stand in the order in which the row names the arguments, and none is missing.
struct Call {
  Control& control;
  std::span<const std::string_view> values;
  Instant now;
};

Answer list_rooms(const Call& call);
Answer list_members(const Call& call);
Answer create_room(const Call& call);
Answer get_statistics(const Call& call);
Answer uptime(const Call& call);
Answer version(const Call& call);
Answer which(const Call& call);

}  // namespace imcd::mi
