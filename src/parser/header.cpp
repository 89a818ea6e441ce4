#include "parser/header.h"

#include <array>

#include "base/text.h"

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
    Row{HeaderName::proxy_require, "Proxy-Require"},
    Row{HeaderName::supported, "Supported", 'k'},
    Row{HeaderName::route, "Route"},
    Row{HeaderName::record_route, "Record-Route"},
    Row{HeaderName::contact, "Contact", 'm'},
    Row{HeaderName::expires, "Expires"},
    Row{HeaderName::date, "Date"},
    Row{HeaderName::in_reply_to, "In-Reply-To"},
    Row{HeaderName::retry_after, "Retry-After"},
    Row{HeaderName::allow, "Allow"},
    Row{HeaderName::accept, "Accept"},
    Row{HeaderName::user_agent, "User-Agent"},
    Row{HeaderName::subject, "Subject", 's'},
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
  const std::size_t first = static_cast<unsigned char>(lower(name.front()));
  const std::size_t last = static_cast<unsigned char>(lower(name.back()));
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

}  // namespace

HeaderName find_header_name(std::string_view name) {
  if (name.empty()) return HeaderName::other;
  if (name.size() == 1) return compact_names[static_cast<unsigned char>(name.front())];
  const std::uint8_t index = long_names[slot_of(name)];
  if (index == empty_slot || !equal_ignoring_case(name, rows[index].text)) return HeaderName::other;
  return rows[index].name;
}

std::string_view header_name_text(HeaderName name) {
  return name < HeaderName::other ? rows[static_cast<std::size_t>(name)].text : std::string_view();
}

}  // namespace imcd::parser
