#include "imc/message_content.h"

#include "base/text.h"
#include "parser/cpim.h"

namespace imcd::imc {

using parser::HeaderName;

std::string_view media_type(std::string_view content_type) {
  return trim(content_type.substr(0, content_type.find(';')));
}

std::string_view media_type(const parser::MessageView& view) {
  return media_type(view.find(HeaderName::content_type).value_or(std::string_view{}));
}

namespace {

bool is_plain(std::string_view content_type) {
  return content_type.empty() || equal_ignoring_case(media_type(content_type), "text/plain");
}

std::string_view command_text(const parser::MessageView& view) {
  if (is_plain_text(view)) return view.body;
  if (!is_cpim(view)) return {};
  const auto cpim = parser::parse_cpim(view.body);
  return cpim && is_plain(cpim->content_type) ? cpim->content : std::string_view{};
}

}  // namespace

bool is_plain_text(const parser::MessageView& view) {
  return is_plain(view.find(HeaderName::content_type).value_or(std::string_view{}));
}

bool is_cpim(const parser::MessageView& view) {
  return equal_ignoring_case(media_type(view), "message/cpim");
}

bool has_unreadable_encoding(const parser::MessageView& view) {
  const auto encoding = view.find(HeaderName::content_encoding);
  return encoding && !equal_ignoring_case(trim(*encoding), "identity");
}

bool is_automatic(const parser::MessageView& view) {
  const auto automatic = view.find(HeaderName::auto_submitted);
  return automatic && !starts_with_ignoring_case(*automatic, "no");
}

bool is_spoken(const parser::MessageView& view) {
  return !view.body.empty() && !is_automatic(view);
}

std::optional<std::string_view> find_command_line(const parser::MessageView& view, char prefix) {
  std::string_view line = command_text(view);
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(1);
  return line.substr(0, line.find_first_of("\r\n"));
}

}  // namespace imcd::imc
