#include "imc/message_content.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "imc/html_text.h"
#include "parser/cpim.h"
#include "parser/mime_part.h"

namespace imcd::imc {

using parser::HeaderName;

namespace {

// Charsets in which ASCII text is not what it is in ASCII (IANA's names, and those in use).
bool is_ascii_superset(std::string_view charset) {
  constexpr std::array others = {"utf-16",    "utf16",  "utf-32", "utf32",   "ucs-2",
                                 "ucs2",      "ucs-4",  "ucs4",   "unicode", "iso-10646-ucs-",
                                 "csunicode", "ebcdic", "ibm037", "cp037",   "ibm500",
                                 "ibm-1047",  "ibm1047"};
  return std::ranges::none_of(
      others, [charset](const char* name) { return starts_with_ignoring_case(charset, name); });
}

bool is_plain(std::string_view content_type) {
  if (content_type.empty()) return true;
  const auto media = parser::parse_media_type(content_type);
  return media && media->is("text", "plain") && is_ascii_superset(media->charset);
}

std::string_view transfer_encoding(const parser::MessageView& view) {
  return view.find_other("Content-Transfer-Encoding").value_or(std::string_view{});
}

// Whether the body is written as it is meant (RFC 2045 6): not as base64 or quoted-printable.
bool is_written_plainly(std::string_view encoding) {
  constexpr std::array plain = {"7bit", "8bit", "binary", "identity", ""};
  return std::ranges::any_of(
      plain, [encoding](const char* name) { return equal_ignoring_case(trim(encoding), name); });
}

// A byte order mark says the same as a charset, also where none is named.
bool has_wide_mark(std::string_view body) {
  return body.starts_with("\xff\xfe") || body.starts_with("\xfe\xff");
}

// The text of this content, where it has one: HTML is written into `scratch`.
std::string_view text_of(std::string_view content_type, std::string_view content,
                         ByteBuffer& scratch) {
  if (is_plain(content_type)) return content;
  const auto media = parser::parse_media_type(content_type);
  if (!media || !is_html(*media)) return {};
  scratch.clear();
  write_html_text(scratch, content);
  return scratch.view();
}

// RFC 2046 5.1.4: all parts say the same, so that the first one with a text is enough.
std::string_view text_of_alternatives(const parser::MediaType& media, std::string_view body,
                                      ByteBuffer& scratch) {
  parser::MimeParts parts(body, media.boundary);
  while (const auto part = parts.next()) {
    if (!is_written_plainly(part->transfer_encoding)) continue;
    const std::string_view text = text_of(part->content_type, part->content, scratch);
    if (!text.empty()) return text;
  }
  return {};
}

std::string_view command_text(const parser::MessageView& view, ByteBuffer& scratch) {
  if (is_plain_text(view)) return view.body;
  if (!is_written_plainly(transfer_encoding(view)) || has_wide_mark(view.body) ||
      has_unreadable_encoding(view)) {
    return {};
  }
  if (is_cpim(view)) {
    const auto cpim = parser::parse_cpim(view.body);
    return cpim ? text_of(cpim->content_type, cpim->content, scratch) : std::string_view{};
  }
  const auto media = parser::parse_media_type(view.find(HeaderName::content_type).value_or(""));
  if (media && media->is("multipart", "alternative")) {
    return text_of_alternatives(*media, view.body, scratch);
  }
  return text_of(view.find(HeaderName::content_type).value_or(""), view.body, scratch);
}

}  // namespace

bool is_plain_text(const parser::MessageView& view) {
  return is_plain(view.find(HeaderName::content_type).value_or(std::string_view{})) &&
         is_written_plainly(transfer_encoding(view)) && !has_wide_mark(view.body);
}

bool is_cpim(const parser::MessageView& view) {
  const auto type = view.find(HeaderName::content_type);
  const auto media = parser::parse_media_type(type.value_or(std::string_view{}));
  return media && media->is("message", "cpim");
}

bool has_unreadable_encoding(const parser::MessageView& view) {
  const auto encoding = view.find(HeaderName::content_encoding);
  return encoding && !parser::is_no_coding(*encoding);
}

bool is_automatic(const parser::MessageView& view) {
  const auto automatic = view.find(HeaderName::auto_submitted);
  return automatic && !starts_with_ignoring_case(*automatic, "no");
}

bool is_spoken(const parser::MessageView& view) {
  return !view.body.empty() && !is_automatic(view);
}

bool is_html(const parser::MediaType& media) {
  return media.is("text", "html") || media.is("application", "xhtml+xml");
}

std::optional<std::string_view> find_command_line(const parser::MessageView& view, char prefix,
                                                  ByteBuffer& scratch) {
  std::string_view line = command_text(view, scratch);
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
  line.remove_prefix(std::min(line.find_first_not_of(" \t\r\n"), line.size()));
  if (!line.starts_with(prefix)) return std::nullopt;
  line.remove_prefix(1);
  line = line.substr(0, line.find_first_of("\r\n"));
  while (!line.empty() && (line.back() == '\0' || is_blank(line.back()))) line.remove_suffix(1);
  return line;
}

}  // namespace imcd::imc
