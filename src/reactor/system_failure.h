// What the kernel said, as an Error for the operator: "cannot create the timer: Too many open
// files".
#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace imcd::reactor {

inline std::string error_text(int error) { return std::generic_category().message(error); }

// Takes errno unless told otherwise, so it must be the first call after the one that failed.
inline std::unexpected<Error> fail_as(std::string_view what, int error = errno) {
  return fail(std::string(what) + ": " + error_text(error));
}

}  // namespace imcd::reactor
