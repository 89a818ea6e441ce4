// A datagram to the parser: tests/parser/properties.h says what must hold.
#include "parser/cases.h"
#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {

void test_input(std::string_view input) { expect_none(parser::find_broken_in_message(input)); }

void add_seeds(const AddSeed& add) {
  for (const parser::Case& one : parser::cases()) {
    if (one.is_message()) add(one.bytes);
  }
}

}  // namespace imcd::fuzz
