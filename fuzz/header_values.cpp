// The value of one header field, after a letter that says which: f From, v Via, c CSeq, w a text to
// be written.
#include <memory>
#include <string>

#include "parser/cases.h"
#include "parser/message.h"
#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {

using parser::HeaderName;

namespace {

char letter(HeaderName name) {
  switch (name) {
    case HeaderName::from:
    case HeaderName::to:
    case HeaderName::contact:
    case HeaderName::p_asserted_identity:
      return 'f';
    case HeaderName::via:
      return 'v';
    case HeaderName::cseq:
      return 'c';
    default:
      return 'w';
  }
}

}  // namespace

void test_input(std::string_view input) {
  if (input.empty()) return;
  const std::string_view value = input.substr(1);
  switch (input.front()) {
    case 'f':
      return expect_none(parser::find_broken_in_name_addr(value));
    case 'v':
      return expect_none(parser::find_broken_in_via(value));
    case 'c':
      return expect_none(parser::find_broken_in_cseq(value));
    case 'w':
      return expect_none(parser::find_broken_in_writing(value));
    default:
      return;
  }
}

void add_seeds(const AddSeed& add) {
  // What no message holds: line ends at the begin and at the end.
  for (const std::string_view seed : {"w\r\n a \r\n b\x01", "w\r", "w \r\nx", "w\"\xed\xa0\x80\\",
                                      "f<sip:a@b>\r\n;tag=1", "v\r\nSIP"}) {
    add(seed);
  }
  const auto view = std::make_unique<parser::MessageView>();
  for (const parser::Case& one : parser::cases()) {
    if (!one.is_message()) continue;
    static_cast<void>(parser::parse_message(one.bytes, *view));
    for (std::size_t i = 0; i < view->header_count; ++i) {
      const parser::HeaderField& field = view->headers[i];
      add(letter(field.name) + std::string(field.value));
    }
  }
}

}  // namespace imcd::fuzz
