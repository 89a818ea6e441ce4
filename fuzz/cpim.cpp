// The body of a message/cpim.
#include <memory>

#include "parser/cases.h"
#include "parser/message.h"
#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {

void test_input(std::string_view input) { expect_none(parser::find_broken_in_cpim(input)); }

void add_seeds(const AddSeed& add) {
  const auto view = std::make_unique<parser::MessageView>();
  for (const parser::Case& one : parser::cases()) {
    static_cast<void>(parser::parse_message(one.bytes, *view));
    if (one.is_message() && !view->body.empty()) add(view->body);
  }
}

}  // namespace imcd::fuzz
