// Comparing bytes whose number the compiler knows, word by word where it stands. A call to memcmp,
// which GCC 12 makes from 17 bytes on, costs some twenty instructions, and each answer that comes
// in is compared at six places.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace imcd {

// Whether the first `size` bytes at both are the same.
template <std::size_t size>
bool same_bytes(const char* a, const char* b) {
  static_assert(size > 0);
  constexpr std::size_t word = sizeof(std::uint64_t);
  if constexpr (size < word) {
    return std::memcmp(a, b, size) == 0;
  } else {
    const auto differ = [a, b](std::size_t at) {
      std::uint64_t first = 0;
      std::uint64_t second = 0;
      std::memcpy(&first, a + at, word);
      std::memcpy(&second, b + at, word);
      return first ^ second;
    };
    // The last word may overlap the one before it.
    std::uint64_t difference = differ(size - word);
    for (std::size_t at = 0; at + word < size; at += word) difference |= differ(at);
    return difference == 0;
  }
}

// For literals: `text` is taken without its final NUL.
template <std::size_t size>
bool begins_with(std::string_view bytes, const char (&text)[size]) {
  return bytes.size() >= size - 1 && same_bytes<size - 1>(bytes.data(), text);
}
template <std::size_t size>
bool is_text(std::string_view bytes, const char (&text)[size]) {
  return bytes.size() == size - 1 && same_bytes<size - 1>(bytes.data(), text);
}

}  // namespace imcd
