// Pages: what is printed from the option table for people to read.
#pragma once

#include <string>
#include <string_view>

#include "config/environment.h"

namespace imcd::config {

// `imcd --help`: at most 100 columns.
std::string help_page();

// `imcd --sample_config`: a file with every option at its default, commented out. Defaults that
// hang on the environment are those of the one who asks.
std::string sample_page(const Environment& environment);

// docs/OPTIONS.md.
std::string options_page();

}  // namespace imcd::config
