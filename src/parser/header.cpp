#include "parser/header.h"

#include <array>
#include <bit>
#include <cstring>

#include "base/text.h"
#include "parser/characters.h"

namespace imcd::parser {
namespace {

struct Row {
  HeaderName name;
  std::string_view text;
  char compact = '\0';  // RFC 3261 20, table 2 and its sections; NUL: none.
};

// In the order of the enum.
constexpr std::array rows = {
    Row{HeaderName::via, "Via", 'v'},
    Row{HeaderName::from, "From", 'f'},
    Row{HeaderName::to, "To", 't'},
    Row{HeaderName::call_id, "Call-ID", 'i'},
    Row{HeaderName::cseq, "CSeq"},
    Row{HeaderName::max_forwards, "Max-Forwards"},
    Row{HeaderName::content_length, "Content-Length", 'l'},
    Row{HeaderName::content_type, "Content-Type", 'c'},
    Row{HeaderName::content_encoding, "Content-Encoding", 'e'},
    Row{HeaderName::content_disposition, "Content-Disposition"},
    Row{HeaderName::content_language, "Content-Language"},
    Row{HeaderName::require, "Require"},
    Row{HeaderName::route, "Route"},
    Row{HeaderName::contact, "Contact", 'm'},
    Row{HeaderName::expires, "Expires"},
    Row{HeaderName::date, "Date"},
    Row{HeaderName::in_reply_to, "In-Reply-To"},
    Row{HeaderName::retry_after, "Retry-After"},
    Row{HeaderName::accept, "Accept"},
    Row{HeaderName::p_asserted_identity, "P-Asserted-Identity"},
    Row{HeaderName::privacy, "Privacy"},
    Row{HeaderName::auto_submitted, "Auto-Submitted"},
    Row{HeaderName::x_imc_loop, "X-IMC-Loop"},
};
static_assert(rows.size() == static_cast<std::size_t>(HeaderName::other));

constexpr std::uint8_t empty_slot = 0xff;

// A hash without collisions among the names above, so that one comparison decides. Whoever adds a
// name that collides gets a failed assertion below and chooses other factors.
constexpr std::size_t slots = 128;
constexpr std::size_t slot_of(std::string_view name) {
  // As lower-case letters; what this makes of other bytes is compared afterwards.
  const std::size_t first = static_cast<unsigned char>(name.front()) | 0x20U;
  const std::size_t last = static_cast<unsigned char>(name.back()) | 0x20U;
  return (name.size() + first * 2 + last * 28) % slots;
}

consteval std::array<std::uint8_t, slots> build_long_names() {
  std::array<std::uint8_t, slots> table;
  table.fill(empty_slot);
  for (const Row& row : rows) table[slot_of(row.text)] = static_cast<std::uint8_t>(row.name);
  return table;
}
constexpr std::array<std::uint8_t, slots> long_names = build_long_names();
static_assert([] {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].name != static_cast<HeaderName>(i)) return false;
    if (long_names[slot_of(rows[i].text)] != i) return false;
  }
  return true;
}());

consteval std::array<HeaderName, 256> build_compact_names() {
  std::array<HeaderName, 256> table;
  table.fill(HeaderName::other);
  for (const Row& row : rows) {
    if (row.compact == '\0') continue;
    table[static_cast<unsigned char>(row.compact)] = row.name;
    table[static_cast<unsigned char>(row.compact - 'a' + 'A')] = row.name;
  }
  return table;
}
constexpr std::array<HeaderName, 256> compact_names = build_compact_names();

// A name as three words that may overlap, so that two names of one length are compared in a few
// steps whatever that length is.
struct NameWords {
  std::uint64_t first = 0;
  std::uint64_t middle = 0;
  std::uint64_t last = 0;
};
constexpr std::size_t name_bytes_max = 3 * sizeof(std::uint64_t);

template <class Word>
constexpr Word load_word(const char* at) {
  if consteval {
    std::array<char, sizeof(Word)> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = at[i];
    return std::bit_cast<Word>(bytes);
  } else {
    Word word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
  }
}

template <class Word>
constexpr NameWords load_ends(std::string_view name) {
  return {.first = load_word<Word>(name.data()),
          .last = load_word<Word>(name.data() + name.size() - sizeof(Word))};
}

// Of two bytes at least and name_bytes_max at most.
constexpr NameWords words_of(std::string_view name) {
  if (name.size() < 4) return load_ends<std::uint16_t>(name);
  if (name.size() < 8) return load_ends<std::uint32_t>(name);
  NameWords words = load_ends<std::uint64_t>(name);
  if (name.size() > 16) words.middle = load_word<std::uint64_t>(name.data() + 8);
  return words;
}

struct NameToMatch {
  std::size_t length = 0;
  NameWords lower;
  NameWords case_bits;  // Those in which a letter differs from its capital; none for a hyphen.
};

consteval NameToMatch build_name_to_match(std::string_view name) {
  std::array<char, name_bytes_max> folded{};
  std::array<char, name_bytes_max> case_bits{};
  for (std::size_t i = 0; i < name.size(); ++i) {
    folded[i] = lower(name[i]);
    if (is_in(CharSet::letter, name[i])) case_bits[i] = 'a' - 'A';
  }
  return {name.size(), words_of({folded.data(), name.size()}),
          words_of({case_bits.data(), name.size()})};
}

consteval std::array<NameToMatch, rows.size()> build_names_to_match() {
  std::array<NameToMatch, rows.size()> names;
  for (std::size_t i = 0; i < rows.size(); ++i) names[i] = build_name_to_match(rows[i].text);
  return names;
}
constexpr std::array<NameToMatch, rows.size()> names_to_match = build_names_to_match();

bool matches(std::string_view name, const NameToMatch& wanted) {
  if (name.size() != wanted.length) return false;
  const NameWords words = words_of(name);
  const NameWords& bits = wanted.case_bits;
  return (((words.first | bits.first) ^ wanted.lower.first) |
          ((words.middle | bits.middle) ^ wanted.lower.middle) |
          ((words.last | bits.last) ^ wanted.lower.last)) == 0;
}

}  // namespace

HeaderName find_header_name(std::string_view name) {
  if (name.empty()) return HeaderName::other;
  if (name.size() == 1) return compact_names[static_cast<unsigned char>(name.front())];
  const std::uint8_t index = long_names[slot_of(name)];
  if (index == empty_slot || !matches(name, names_to_match[index])) return HeaderName::other;
  return static_cast<HeaderName>(index);
}

std::string_view header_name_text(HeaderName name) {
  return name < HeaderName::other ? rows[static_cast<std::size_t>(name)].text : std::string_view();
}

}  // namespace imcd::parser
