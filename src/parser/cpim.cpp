#include "parser/cpim.h"

#include "parser/mime_part.h"

namespace imcd::parser {

std::optional<Cpim> parse_cpim(std::string_view body) {
  std::string_view rest = body;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return std::nullopt;
    if (line->empty()) break;
  }
  const auto part = parse_mime_part(rest);
  if (!part) return std::nullopt;
  return Cpim{.headers = body.substr(0, body.size() - rest.size()),
              .content_type = part->content_type,
              .content = part->content};
}

}  // namespace imcd::parser
