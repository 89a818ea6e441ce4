// One URI, or the text of a host.
#include <memory>

#include "parser/cases.h"
#include "parser/message.h"
#include "parser/properties.h"
#include "parser/request_fields.h"
#include "target.h"

namespace imcd::fuzz {

void test_input(std::string_view input) {
  expect_none(parser::find_broken_in_uri(input));
  expect_none(parser::find_broken_in_host(input));
}

void add_seeds(const AddSeed& add) {
  const auto view = std::make_unique<parser::MessageView>();
  parser::RequestFields fields;
  for (const parser::Case& one : parser::cases()) {
    if (!one.is_message()) {
      add(one.bytes);
      continue;
    }
    static_cast<void>(parser::parse_message(one.bytes, *view));
    if (!view->is_request) continue;
    add(view->request_uri);
    static_cast<void>(parser::parse_request_fields(*view, fields));
    add(fields.from.uri.text);
    add(fields.to.uri.text);
    add(fields.from.uri.host);
    add(fields.top_via.host);
  }
}

}  // namespace imcd::fuzz
