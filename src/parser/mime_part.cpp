#include "parser/mime_part.h"

#include "base/text.h"

namespace imcd::parser {

std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<MimePart> parse_mime_part(std::string_view text) {
  MimePart part;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return std::nullopt;
    if (line->empty()) break;
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim(line->substr(0, colon));
    const std::string_view value = trim(line->substr(colon + 1));
    if (equal_ignoring_case(name, "content-type")) part.content_type = value;
    if (equal_ignoring_case(name, "content-transfer-encoding")) part.transfer_encoding = value;
  }
  part.content = text;
  return part;
}

MimeParts::MimeParts(std::string_view body, std::string_view boundary)
    : rest_(body), boundary_(boundary) {
  const std::size_t first = find_boundary();
  rest_ = first == std::string_view::npos ? std::string_view() : rest_.substr(first);
}

std::size_t MimeParts::find_boundary() const {
  if (boundary_.empty()) return std::string_view::npos;
  for (std::size_t at = rest_.find("--"); at != std::string_view::npos;
       at = rest_.find("--", at + 1)) {
    if (at != 0 && rest_[at - 1] != '\n') continue;
    if (rest_.substr(at + 2).starts_with(boundary_)) return at;
  }
  return std::string_view::npos;
}

std::optional<MimePart> MimeParts::next() {
  while (!rest_.empty()) {
    if (rest_.substr(2 + boundary_.size()).starts_with("--")) return std::nullopt;
    if (!take_line(rest_)) return std::nullopt;
    const std::size_t end = find_boundary();
    std::string_view text = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end);
    // RFC 2046 5.1.1: the line end before a boundary belongs to it.
    if (!rest_.empty() && text.ends_with('\n')) text.remove_suffix(1);
    if (!rest_.empty() && text.ends_with('\r')) text.remove_suffix(1);
    if (const auto part = parse_mime_part(text)) return part;
  }
  return std::nullopt;
}

}  // namespace imcd::parser
