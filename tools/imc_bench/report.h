// What a run has counted, as text for people or as JSON for programs.
#pragma once

#include <string>

#include "options.h"
#include "result.h"

namespace imcd::bench {

std::string report_text(const Options& options, const Result& result);
std::string report_json(const Options& options, const Result& result);

}  // namespace imcd::bench
