#include "parser/parameter.h"

namespace imcd::parser {

bool take_parameter(Cursor& cursor, Parameter& parameter) {
  parameter = {};
  cursor.take_white_space();
  const std::size_t begin = cursor.offset();
  parameter.name = cursor.take_run(CharSet::token);
  if (parameter.name.empty()) return false;
  parameter.text = cursor.since(begin);
  if (!cursor.take_separator('=')) return true;
  parameter.has_value = true;
  if (cursor.next_is('"')) {
    parameter.is_quoted = true;
    if (!cursor.take_quoted_string(parameter.value)) return false;
  } else {
    const std::size_t value = cursor.offset();
    const bool begins_as_token = !cursor.take_long_run<CharSet::token>().empty();
    parameter.is_token = cursor.take_run(CharSet::generic_value).empty() && begins_as_token;
    parameter.value = cursor.since(value);
    if (parameter.value.empty()) return false;
  }
  parameter.text = cursor.since(begin);
  cursor.take_white_space();
  return true;
}

}  // namespace imcd::parser
