#include "imc/chat_content.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "imc/cpim_sender.h"
#include "imc/html_text.h"
#include "imc/look_alikes.h"
#include "imc/message_content.h"
#include "imc/replies.h"
#include "parser/cpim.h"
#include "parser/media_type.h"

namespace imcd::imc {

using parser::MediaType;

namespace {

constexpr std::string_view utf8_text = "text/plain;charset=UTF-8";

// HTML has to be named: no general word is meant to let in what can look like anything.
bool covers(std::string_view range, const MediaType& media) {
  const std::size_t slash = range.find('/');
  const std::string_view type = range.substr(0, slash);
  const std::string_view subtype = range.substr(slash + 1);
  if (media.is(type, subtype)) return true;
  if (is_html(media) || subtype != "*") return false;
  return type == "*" || equal_ignoring_case(type, media.type);
}

// Of no type, or one that can't be read: an empty one.
MediaType media_type(std::optional<std::string_view> content_type) {
  return parser::parse_media_type(content_type.value_or(std::string_view{})).value_or(MediaType{});
}

}  // namespace

std::expected<ChatContent, Reply> ChatContentReader::read(const parser::MessageView& view,
                                                          const Identity& sender) {
  const bool is_readable = !has_unreadable_encoding(view);
  if (is_plain_text(view)) {
    if (!is_readable) return ChatContent{.body = view.body};
    return ChatContent{.body = mark_look_alikes(view.body, marked_), .has_prefix = true};
  }
  const MediaType media = media_type(view.find(parser::HeaderName::content_type));
  // Text in a form that has no place for a prefix.
  if (media.type.empty() || media.is("text", "plain")) return ChatContent{.body = view.body};
  if (is_html(media) && !is_relayed(media)) {
    if (!is_readable) return std::unexpected(reply::unsupported_content_encoding);
    return ChatContent{.body = text_of(view.body), .type = utf8_text, .has_prefix = true};
  }
  if (!is_relayed(media)) return std::unexpected(reply::unsupported_media_type);
  return is_cpim(view) ? read_cpim(view, sender) : ChatContent{.body = view.body};
}

std::expected<ChatContent, Reply> ChatContentReader::read_cpim(const parser::MessageView& view,
                                                               const Identity& sender) {
  if (has_unreadable_encoding(view)) return std::unexpected(reply::unsupported_content_encoding);
  const auto named = name_cpim_sender(view.body, sender, named_);
  if (!named) return std::unexpected(reply::not_the_sender);
  const auto cpim = parser::parse_cpim(*named);
  if (!cpim) return ChatContent{.body = *named};
  const MediaType media = media_type(cpim->content_type);
  if (!is_html(media) || is_relayed(media)) return ChatContent{.body = *named};
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

bool ChatContentReader::is_relayed(const MediaType& media) const {
  return std::ranges::any_of(content_types_,
                             [&media](const std::string& range) { return covers(range, media); });
}

}  // namespace imcd::imc
