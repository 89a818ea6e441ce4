// Column: what is known of a table's column, and which values are good in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace imcd::db {

// What a column's values are. Says how wide it is, which values are good, and its type.
enum class Holds : std::uint8_t {
  user,    // The user part of a URI.
  domain,  // Its host part.
  room,    // A room's URI, sip:name@domain.
  key,     // A user's Identity::key().
  uri,     // Any SIP URI.
  flags,   // A number of 32 bits.
  time,    // Seconds since 1970.
};

struct Column {
  std::string_view name;
  Holds holds;
  std::string_view name_of_2006 = {};  // Where OpenSER's first tables called it something else.
};

// Characters that a column holds, one byte each at least; 0: it is a number.
std::size_t width_of(Holds holds);

// Why a value cannot be used, for the end of a sentence ("its name is empty"); empty for a good
// one. Names go into SIP headers, so a byte that could end a header or a URI makes them bad.
std::string fault_of(const Column& column, std::string_view text);
std::string fault_of(const Column& column, std::int64_t number);
inline std::string fault_of(const Column& column, const std::string& text) {
  return fault_of(column, std::string_view(text));
}
inline std::string fault_of(const Column& column, std::uint32_t number) {
  return fault_of(column, std::int64_t{number});
}

}  // namespace imcd::db
