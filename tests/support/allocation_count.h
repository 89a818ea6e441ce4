// Counts what this test program asks of operator new, so that a test can expect nothing.
#pragma once

#include <cstddef>

namespace imcd {

// Since the start of the program.
std::size_t allocation_count();

}  // namespace imcd
