// `imcd --db_check`: reads the database that the configuration names and says what is wrong in it.
// It changes nothing and takes no lock, so it may run beside an imcd.
#pragma once

#include "base/settings.h"

namespace imcd {

// Writes to standard output. 0: nothing is wrong; 1: something is; 2: it could not be read.
int check_database(const Settings& settings);

}  // namespace imcd
