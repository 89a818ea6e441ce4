#include "imc/look_alikes.h"

#include <array>
#include <cstddef>

namespace imcd::imc {
namespace {

constexpr std::string_view mark = "| ";

// Space, tab, and what Unicode has of the kind in UTF-8: no-break and wide spaces, and characters
// without width, which nobody sees either.
constexpr std::array<std::string_view, 22> blanks = {" ",
                                                     "\t",
                                                     "\xc2\xa0",
                                                     "\xe2\x80\x80",
                                                     "\xe2\x80\x81",
                                                     "\xe2\x80\x82",
                                                     "\xe2\x80\x83",
                                                     "\xe2\x80\x84",
                                                     "\xe2\x80\x85",
                                                     "\xe2\x80\x86",
                                                     "\xe2\x80\x87",
                                                     "\xe2\x80\x88",
                                                     "\xe2\x80\x89",
                                                     "\xe2\x80\x8a",
                                                     "\xe2\x80\x8b",
                                                     "\xe2\x80\x8c",
                                                     "\xe2\x80\x8d",
                                                     "\xe2\x80\xaf",
                                                     "\xe2\x81\x9f",
                                                     "\xe2\x81\xa0",
                                                     "\xe3\x80\x80",
                                                     "\xef\xbb\xbf"};

bool skip_blank(std::string_view& text) {
  for (const std::string_view blank : blanks) {
    if (!text.starts_with(blank)) continue;
    text.remove_prefix(blank.size());
    return true;
  }
  return false;
}

// `line` may go on behind the line's end.
bool looks_like_speaker(std::string_view line) {
  line = line.substr(0, line.find_first_of("\r\n"));
  const std::size_t end = line.rfind('>');
  if (!line.starts_with('<') || end == std::string_view::npos) return false;
  for (std::size_t at = line.find('>'); at <= end; at = line.find('>', at + 1)) {
    std::string_view rest = line.substr(at + 1);
    while (skip_blank(rest)) {
    }
    if (rest.starts_with(':')) return true;
  }
  return false;
}

bool looks_like_notice(std::string_view line) {
  if (!line.starts_with("***")) return false;
  line.remove_prefix(3);
  return skip_blank(line);
}

bool is_look_alike(std::string_view line) {
  while (skip_blank(line)) {
  }
  return looks_like_speaker(line) || looks_like_notice(line);
}

// Where the next line begins, from a place on. Lines end where any client may show an end: also at
// the separators of Unicode (U+0085, U+2028, U+2029).
std::size_t next_line(std::string_view text, std::size_t from) {
  constexpr std::array<std::string_view, 7> ends = {"\r",       "\n",           "\v",          "\f",
                                                    "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};
  constexpr std::string_view first_bytes = "\r\n\v\f\xc2\xe2";
  for (std::size_t at = text.find_first_of(first_bytes, from); at != std::string_view::npos;
       at = text.find_first_of(first_bytes, at + 1)) {
    for (const std::string_view end : ends) {
      if (text.substr(at).starts_with(end)) return at + end.size();
    }
  }
  return std::string_view::npos;
}

// Where the next such line begins, from a place on that is not the text's first line.
std::size_t find_look_alike(std::string_view text, std::size_t from) {
  for (std::size_t at = next_line(text, from); at != std::string_view::npos;
       at = next_line(text, at)) {
    if (is_look_alike(text.substr(at))) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view mark_look_alikes(std::string_view text, ByteBuffer& scratch) {
  std::size_t at = find_look_alike(text, 0);
  if (at == std::string_view::npos) return text;
  scratch.clear();
  std::size_t copied = 0;
  for (; at != std::string_view::npos; at = find_look_alike(text, at)) {
    scratch.append(text.substr(copied, at - copied));
    scratch.append(mark);
    copied = at;
  }
  scratch.append(text.substr(copied));
  return scratch.view();
}

}  // namespace imcd::imc
