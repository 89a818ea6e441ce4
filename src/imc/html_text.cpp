#include "imc/html_text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/text.h"
#include "parser/utf8.h"

namespace imcd::imc {
namespace {

constexpr std::uint32_t replacement = 0xfffd;  // For what is no character.

bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
bool is_html_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

// --- Entities ------------------------------------------------------------------------------------

struct Entity {
  std::string_view name;
  std::uint32_t code_point;
};
// Those that editors of chat clients write; others stay as they are.
constexpr std::array entities = {
    Entity{"lt", '<'},       Entity{"gt", '>'},        Entity{"amp", '&'},
    Entity{"quot", '"'},     Entity{"apos", '\''},     Entity{"nbsp", ' '},
    Entity{"auml", 0xe4},    Entity{"ouml", 0xf6},     Entity{"uuml", 0xfc},
    Entity{"Auml", 0xc4},    Entity{"Ouml", 0xd6},     Entity{"Uuml", 0xdc},
    Entity{"szlig", 0xdf},   Entity{"eacute", 0xe9},   Entity{"egrave", 0xe8},
    Entity{"agrave", 0xe0},  Entity{"ccedil", 0xe7},   Entity{"ntilde", 0xf1},
    Entity{"copy", 0xa9},    Entity{"reg", 0xae},      Entity{"deg", 0xb0},
    Entity{"middot", 0xb7},  Entity{"laquo", 0xab},    Entity{"raquo", 0xbb},
    Entity{"ndash", 0x2013}, Entity{"mdash", 0x2014},  Entity{"lsquo", 0x2018},
    Entity{"rsquo", 0x2019}, Entity{"ldquo", 0x201c},  Entity{"rdquo", 0x201d},
    Entity{"bull", 0x2022},  Entity{"hellip", 0x2026}, Entity{"euro", 0x20ac},
};
constexpr std::size_t entity_bytes_max = 12;  // Of a longer one the name is none of these.

std::optional<std::uint32_t> digit_of(char c, std::uint32_t base) {
  std::uint32_t digit = base;
  if (is_digit(c)) digit = static_cast<std::uint32_t>(c - '0');
  if (lower(c) >= 'a' && lower(c) <= 'f') digit = static_cast<std::uint32_t>(lower(c) - 'a') + 10;
  return digit < base ? std::optional(digit) : std::nullopt;
}

bool is_character(std::uint32_t code_point) {
  const bool is_control = code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
  const bool is_surrogate = code_point >= 0xd800 && code_point < 0xe000;
  return !is_control && !is_surrogate && code_point <= 0x10ffff;
}

// The character at the front of `text`, which begins with `&#`; moves past it.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::string_view rest = text.substr(2);
  std::uint32_t base = 10;
  if (!rest.empty() && lower(rest.front()) == 'x') {
    base = 16;
    rest.remove_prefix(1);
  }
  std::uint32_t number = 0;
  std::size_t digits = 0;
  for (; digits < rest.size(); ++digits) {
    const auto digit = digit_of(rest[digits], base);
    if (!digit) break;
    number = std::min<std::uint32_t>(number * base + *digit, 0x110000);
  }
  if (digits == 0) return std::nullopt;
  rest.remove_prefix(digits);
  if (rest.starts_with(';')) rest.remove_prefix(1);
  text = rest;
  if (number < 0x80 && is_html_blank(static_cast<char>(number))) return ' ';
  return is_character(number) ? number : replacement;
}

// The same of `&name;`.
std::optional<std::uint32_t> take_name(std::string_view& text) {
  const std::size_t end = text.substr(0, entity_bytes_max).find(';');
  if (end == std::string_view::npos) return std::nullopt;
  const auto* const found = std::ranges::find(entities, text.substr(1, end - 1), &Entity::name);
  if (found == entities.end()) return std::nullopt;
  text.remove_prefix(end + 1);
  return found->code_point;
}

// --- Tags ----------------------------------------------------------------------------------------

// What is between these and their end is no text.
constexpr std::array<std::string_view, 9> hidden = {
    "script", "style", "title", "template", "noscript", "iframe", "object", "textarea", "select"};
// A new line begins with them and after them.
constexpr std::array<std::string_view, 22> blocks = {
    "p",  "div", "li",  "ul",         "ol",      "tr",      "table",  "h1",     "h2",   "h3", "h4",
    "h5", "h6",  "pre", "blockquote", "section", "article", "header", "footer", "body", "hr", "dt"};

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& names, std::string_view name) {
  return std::ranges::any_of(
      names, [name](std::string_view one) { return equal_ignoring_case(one, name); });
}

struct Tag {
  std::string_view name;
  bool is_end = false;
};

// Past the end of a tag, whose quoted attributes may hold `>`; the whole where it has no end.
std::size_t tag_end(std::string_view text) {
  char quote = '\0';
  char before = '\0';  // That is no blank.
  for (std::size_t i = 1; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '>') {
      return i + 1;
    } else if ((c == '"' || c == '\'') && before == '=') {
      quote = c;
    }
    if (!is_html_blank(c)) before = c;
  }
  return text.size();
}

std::string_view name_of(std::string_view text) {
  const auto end =
      std::ranges::find_if_not(text, [](char c) { return is_letter(c) || is_digit(c); });
  return {text.begin(), end};
}

// The tag at the front of `text`, which begins with `<`; moves past it. A tag without a name:
// a comment, a declaration. Nothing: no tag.
std::optional<Tag> take_tag(std::string_view& text) {
  const std::string_view rest = text.substr(1);
  if (rest.starts_with("!--")) {
    const std::size_t end = text.find("-->", 2);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 3);
    return Tag{};
  }
  if (rest.starts_with('!') || rest.starts_with('?')) {
    text.remove_prefix(std::min(text.find('>'), text.size() - 1) + 1);
    return Tag{};
  }
  const bool is_end = rest.starts_with('/');
  const std::string_view name = name_of(rest.substr(is_end ? 1 : 0));
  if (name.empty() || !is_letter(name.front())) return std::nullopt;
  text.remove_prefix(tag_end(text));
  return Tag{name, is_end};
}

// Past what is hidden up to `</name`; the whole where that does not come.
void skip_hidden(std::string_view& text, std::string_view name) {
  while (!text.empty()) {
    text.remove_prefix(std::min(text.find("</"), text.size()));
    if (text.empty()) return;
    if (equal_ignoring_case(name_of(text.substr(2)), name)) return;
    text.remove_prefix(2);
  }
}

// --- Text ----------------------------------------------------------------------------------------

// Puts blanks and line ends only between what is shown.
class TextWriter {
 public:
  explicit TextWriter(ByteBuffer& out) : out_(out), begin_(out.size()) {}

  void blank() { has_blank_ = true; }
  // A line ends here, once however many blocks begin and end.
  void end_line() { has_end_ = true; }
  // `<br>`.
  void break_line() {
    if (out_.size() > begin_) ++breaks_;
  }

  void put(std::string_view bytes) {
    space();
    out_.append(bytes);
  }
  void put(std::uint32_t code_point) {
    if (code_point == ' ') return blank();
    space();
    const auto byte = [this](std::uint32_t value) { out_.append(static_cast<char>(value)); };
    const auto tail = [&](int shift) { byte(0x80 | ((code_point >> shift) & 0x3f)); };
    if (code_point < 0x80) {
      byte(code_point);
    } else if (code_point < 0x800) {
      byte(0xc0 | (code_point >> 6));
      tail(0);
    } else if (code_point < 0x10000) {
      byte(0xe0 | (code_point >> 12));
      tail(6);
      tail(0);
    } else {
      byte(0xf0 | (code_point >> 18));
      tail(12);
      tail(6);
      tail(0);
    }
  }

 private:
  void space() {
    if (out_.size() > begin_) {
      if (has_end_ && breaks_ == 0) breaks_ = 1;
      if (has_blank_ && breaks_ == 0) out_.append(' ');
      for (; breaks_ > 0; --breaks_) out_.append("\r\n");
    }
    has_blank_ = has_end_ = false;
    breaks_ = 0;
  }

  ByteBuffer& out_;
  std::size_t begin_;
  std::size_t breaks_ = 0;
  bool has_blank_ = false;
  bool has_end_ = false;
};

void write_tag(const Tag& tag, TextWriter& writer, std::string_view& rest) {
  if (equal_ignoring_case(tag.name, "br")) return writer.break_line();
  if (is_one_of(blocks, tag.name)) return writer.end_line();
  if (equal_ignoring_case(tag.name, "td") || equal_ignoring_case(tag.name, "th")) writer.blank();
  if (!tag.is_end && is_one_of(hidden, tag.name)) skip_hidden(rest, tag.name);
}

// One character that is no tag.
void write_character(TextWriter& writer, std::string_view& rest) {
  const std::size_t length = parser::code_point_bytes(rest);
  const auto byte = static_cast<unsigned char>(rest.front());
  if (is_html_blank(rest.front())) {
    writer.blank();
  } else if (length == 0) {
    if (byte >= 0xa0) writer.put(std::uint32_t{byte});
  } else if (length > 1 || is_character(byte)) {
    writer.put(rest.substr(0, length));
  }
  rest.remove_prefix(std::max<std::size_t>(length, 1));
}

}  // namespace

void write_html_text(ByteBuffer& out, std::string_view html) {
  TextWriter writer(out);
  while (!html.empty()) {
    if (html.front() == '<') {
      if (const auto tag = take_tag(html)) {
        write_tag(*tag, writer, html);
        continue;
      }
    } else if (html.front() == '&') {
      const auto code_point = html.starts_with("&#") ? take_number(html) : take_name(html);
      if (code_point) {
        writer.put(*code_point);
        continue;
      }
    }
    write_character(writer, html);
  }
}

}  // namespace imcd::imc
