#include "imc/chat_content.h"

#include <algorithm>

#include "base/text.h"
#include "imc/cpim_sender.h"
#include "imc/html_text.h"
#include "imc/look_alikes.h"
#include "imc/message_content.h"
#include "imc/replies.h"
#include "parser/cpim.h"

namespace imcd::imc {
namespace {

constexpr std::string_view utf8_text = "text/plain;charset=UTF-8";

// What a client may show as a page.
bool is_html(std::string_view media_type) {
  return equal_ignoring_case(media_type, "text/html") ||
         equal_ignoring_case(media_type, "application/xhtml+xml");
}

// HTML has to be named: no general word is meant to let in what can look like anything.
bool covers(std::string_view range, std::string_view media_type) {
  if (equal_ignoring_case(range, media_type)) return true;
  if (is_html(media_type)) return false;
  return range == "*/*" ||
         (range.ends_with("/*") &&
          starts_with_ignoring_case(media_type, range.substr(0, range.size() - 1)));
}

}  // namespace

std::expected<ChatContent, Reply> ChatContentReader::read(const parser::MessageView& view,
                                                          const Identity& sender) {
  const bool is_readable = !has_unreadable_encoding(view);
  if (is_plain_text(view)) {
    if (!is_readable) return ChatContent{.body = view.body};
    return ChatContent{.body = mark_look_alikes(view.body, marked_), .has_prefix = true};
  }
  const std::string_view type = media_type(view);
  if (is_html(type) && !is_relayed(type)) {
    if (!is_readable) return std::unexpected(reply::unsupported_content_encoding);
    return ChatContent{.body = text_of(view.body), .type = utf8_text, .has_prefix = true};
  }
  if (!is_relayed(type)) return std::unexpected(reply::unsupported_media_type);
  return is_cpim(view) ? read_cpim(view, sender) : ChatContent{.body = view.body};
}

std::expected<ChatContent, Reply> ChatContentReader::read_cpim(const parser::MessageView& view,
                                                               const Identity& sender) {
  if (has_unreadable_encoding(view)) return std::unexpected(reply::unsupported_content_encoding);
  const auto named = name_cpim_sender(view.body, sender, named_);
  if (!named) return std::unexpected(reply::not_the_sender);
  const auto cpim = parser::parse_cpim(*named);
  if (!cpim) return ChatContent{.body = *named};
  const std::string_view type = media_type(cpim->content_type);
  if (!is_html(type) || is_relayed(type)) return ChatContent{.body = *named};
  const std::string_view text = text_of(cpim->content);
  rewritten_.clear();
  rewritten_.append(cpim->headers);
  rewritten_.append("Content-Type: ");
  rewritten_.append(utf8_text);
  rewritten_.append("\r\n\r\n");
  rewritten_.append(text);
  return ChatContent{.body = rewritten_.view()};
}

// What it looks like is as much its sender's choice as that of a plain text.
std::string_view ChatContentReader::text_of(std::string_view html) {
  text_.clear();
  write_html_text(text_, html);
  return mark_look_alikes(text_.view(), marked_);
}

bool ChatContentReader::is_relayed(std::string_view type) const {
  return std::ranges::any_of(content_types_,
                             [type](const std::string& range) { return covers(range, type); });
}

}  // namespace imcd::imc
