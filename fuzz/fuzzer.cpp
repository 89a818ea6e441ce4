// The door for libFuzzer, which has a main of its own.
#include <cstddef>
#include <cstdint>

#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // In a copy of just that length, so that the sanitizer sees a read beyond it.
  const std::string input(reinterpret_cast<const char*>(data), size);
  imcd::fuzz::test_input(input);
  return 0;
}
