// Runs the management command that a request names: finds its row, brings the arguments into the
// row's order, and calls the handler. What is wrong with the request is found here, once for all
// commands and codecs.
#pragma once

#include "base/time.h"
#include "mi/findings.h"
#include "mi/request.h"

namespace imcd::mi {

[[nodiscard]] Findings run_command(const Request& request, Control& control, Instant now);

}  // namespace imcd::mi
