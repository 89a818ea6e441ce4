// The store that the configuration names, not yet opened.
#pragma once

#include <memory>

#include "base/result.h"
#include "config/config.h"
#include "db/store.h"

namespace imcd {

enum class Access {
  write,
  read,  // Nothing is made, changed or locked; commits fail.
};

// Fails where it names one that this build lacks.
Result<std::unique_ptr<db::Store>> make_store(const config::Config& config,
                                              Access access = Access::write);

}  // namespace imcd
