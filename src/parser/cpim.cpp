#include "parser/cpim.h"

#include "base/text.h"

namespace imcd::parser {
namespace {

// Takes one line off the front of `rest`, without its end; nothing when no line end is left.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::optional<Cpim> parse_cpim(std::string_view body) {
  std::string_view rest = body;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) break;
  }
  Cpim cpim;
  cpim.headers = body.substr(0, body.size() - rest.size());
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon != std::string_view::npos &&
        equal_ignoring_case(trim(line->substr(0, colon)), "content-type")) {
      cpim.content_type = trim(line->substr(colon + 1));
    }
  }
  cpim.content = rest;
  return cpim;
}

}  // namespace imcd::parser
