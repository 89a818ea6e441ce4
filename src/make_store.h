// The store that the settings name, not yet opened.
#pragma once

#include <memory>

#include "base/result.h"
#include "base/settings.h"
#include "db/store.h"

namespace imcd {

enum class Access {
  write,
  read,  // Nothing is made, changed or locked; commits fail.
};

// Fails where they name one that this build lacks.
Result<std::unique_ptr<db::Store>> make_store(const StorageSettings& settings,
                                              Access access = Access::write);

}  // namespace imcd
