// Cursor: a place in the value of a header field, and the steps that RFC 3261 25.1 makes over it:
// linear white space, one character, a run of a character set, a quoted string. It never moves
// beyond the value; a step that finds something else leaves it where that stands.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/text.h"
#include "parser/byte_chunk.h"
#include "parser/characters.h"

namespace imcd::parser {

// Whether a run of plain characters is a run of this set.
consteval bool includes_plain(CharSet set) {
  for (unsigned c = 0; c < 256; ++c) {
    if (is_plain(static_cast<char>(c)) && !is_in(set, static_cast<char>(c))) return false;
  }
  return true;
}

class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] std::size_t offset() const { return at_; }
  [[nodiscard]] std::string_view rest() const { return {text_.data() + at_, text_.size() - at_}; }
  [[nodiscard]] std::string_view since(std::size_t begin) const {
    return {text_.data() + begin, at_ - begin};
  }
  [[nodiscard]] std::string_view between(std::size_t begin, std::size_t end) const {
    return {text_.data() + begin, end - begin};
  }
  // Of a view that was taken here.
  [[nodiscard]] std::size_t offset_of(std::string_view taken) const {
    return static_cast<std::size_t>(taken.data() - text_.data());
  }
  [[nodiscard]] char front() const { return text_[at_]; }  // Not at the end.
  [[nodiscard]] bool next_is(char c) const { return !at_end() && text_[at_] == c; }

  void advance(std::size_t length) { at_ += length; }

  bool take(char c) {
    if (!next_is(c)) return false;
    ++at_;
    return true;
  }

  bool take(std::string_view text) {
    if (!rest().starts_with(text)) return false;
    at_ += text.size();
    return true;
  }

  // Empty when the next byte is not in the set.
  std::string_view take_run(CharSet set) {
    const std::size_t begin = at_;
    at_ += span_in(set, rest());
    return since(begin);
  }

  // The same where the run is likely to be longer than a word.
  template <CharSet set>
  std::string_view take_long_run() {
    static_assert(includes_plain(set));
    const std::size_t begin = at_;
    at_ += plain_run(rest());
    while (at_ != text_.size() && is_in(set, text_[at_])) ++at_;
    return since(begin);
  }

  // SWS: blanks and folds, as many as there are; whether there was any. A CRLF counts only with a
  // blank after it: by itself it would begin another header field.
  bool take_white_space() {
    if (at_end() || static_cast<unsigned char>(text_[at_]) > ' ') return false;
    const std::size_t begin = at_;
    while (!at_end()) {
      if (is_blank(text_[at_])) {
        ++at_;
      } else if (at_ + 2 < text_.size() && text_[at_] == '\r' && text_[at_ + 1] == '\n' &&
                 is_blank(text_[at_ + 2])) {
        at_ += 3;
      } else {
        break;
      }
    }
    return at_ != begin;
  }

  // SEMI, EQUAL, COMMA, SLASH, COLON: the character with white space around it.
  bool take_separator(char c) {
    take_white_space();
    if (!take(c)) return false;
    take_white_space();
    return true;
  }

  // quoted-string, from its opening quote. `inside` lacks the quotes and keeps the escapes; a NUL
  // or another control character may be there, but only behind a backslash.
  bool take_quoted_string(std::string_view& inside) {
    if (!take('"')) return false;
    const std::size_t begin = at_;
    for (;;) {
      take_run(CharSet::quoted);
      if (next_is('"')) break;
      if (!take_quoted_pair() && !take_white_space()) return false;
    }
    inside = since(begin);
    ++at_;
    return true;
  }

 private:
  // RFC 3261 25.1: CR, LF and bytes above 127 cannot be escaped.
  bool take_quoted_pair() {
    if (!next_is('\\') || at_ + 1 >= text_.size()) return false;
    const auto escaped = static_cast<unsigned char>(text_[at_ + 1]);
    if (escaped == '\r' || escaped == '\n' || escaped > 0x7f) return false;
    at_ += 2;
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace imcd::parser
