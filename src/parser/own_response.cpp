#include "parser/own_response.h"

#include <cstring>

#include "base/limits.h"
#include "base/text.h"
#include "parser/byte_chunk.h"

namespace imcd::parser {
namespace {

// With a length that the compiler knows, so that it becomes a comparison or two of words.
template <std::size_t size>
bool begins_with(std::string_view line, const char (&text)[size]) {
  return line.size() >= size - 1 && std::memcmp(line.data(), text, size - 1) == 0;
}

// The line at the front of `rest`, without its end, which is taken away with it. Null where it has
// none or ends with LF alone.
inline std::string_view take_line(std::string_view& rest) {
  const auto* const lf = static_cast<const char*>(std::memchr(rest.data(), '\n', rest.size()));
  if (lf == nullptr || lf == rest.data() || lf[-1] != '\r') return {};
  const std::string_view line(rest.data(), lf - 1);
  rest = {lf + 1, rest.data() + rest.size()};
  return line;
}

// `SIP/2.0 2xx Reason`; 0 for anything else.
std::uint16_t read_status(std::string_view line) {
  constexpr std::size_t code_at = 8;
  if (!begins_with(line, "SIP/2.0 2") || line.size() < code_at + 4) return 0;
  const char tens = line[code_at + 1];
  const char ones = line[code_at + 2];
  if (!is_digit(tens) || !is_digit(ones) || line[code_at + 3] != ' ') return 0;
  return static_cast<std::uint16_t>(200 + (tens - '0') * 10 + (ones - '0'));
}

// The branch of the first Via; empty where a quoted string, a list or a blank could mislead.
std::string_view read_branch(std::string_view line) {
  constexpr char protocol[] = "Via: SIP/2.0/UDP ";
  constexpr std::string_view name = ";branch=";
  if (!begins_with(line, protocol)) return {};
  line.remove_prefix(sizeof protocol - 1);
  if (has_any<&ByteChunk::separators>(line)) return {};
  for (std::size_t at = line.find(';'); at != std::string_view::npos; at = line.find(';', at + 1)) {
    std::string_view rest = line.substr(at);
    if (!begins_with(rest, ";branch=")) continue;
    rest.remove_prefix(name.size());
    return rest.substr(0, rest.find(';'));
  }
  return {};
}

// What is known of the fields that count.
struct Fields {
  bool has_cseq = false;
  bool is_to_options = false;
  bool has_length = false;
};

template <std::size_t size>
bool is_text(std::string_view line, const char (&text)[size]) {
  return line.size() == size - 1 && std::memcmp(line.data(), text, size - 1) == 0;
}

// Whether a line that begins with a C is one of those that most have.
bool take_c_line(std::string_view line, Fields& fields) {
  if (begins_with(line, "Call-ID: ") || begins_with(line, "Contact: ")) return true;
  if (is_text(line, "Content-Length: 0")) {
    if (fields.has_length) return false;
    fields.has_length = true;
    return true;
  }
  if (fields.has_cseq) return false;
  fields.has_cseq = true;
  fields.is_to_options = is_text(line, "CSeq: 1 OPTIONS");
  return fields.is_to_options || is_text(line, "CSeq: 1 MESSAGE");
}

// Up to the empty line, which must end the datagram.
bool take_fields(std::string_view rest, Fields& fields) {
  for (;;) {
    const std::string_view line = take_line(rest);
    if (line.data() == nullptr) return false;
    if (line.empty()) return rest.empty() && fields.has_cseq;
    switch (line.front()) {
      case 'C':
        if (!take_c_line(line, fields)) return false;
        break;
      // The line before is folded; CSeq and Content-Length in another case, and the short form.
      case ' ':
      case '\t':
      case 'c':
      case 'l':
      case 'L':
        return false;
      default:
        break;
    }
  }
}

}  // namespace

std::optional<OwnResponse> find_own_response(std::string_view bytes) {
  // Larger ones are no usual responses, and may break a limit that only parse_message knows.
  if (!begins_with(bytes, "SIP/2.0 2") || bytes.size() > limits::udp_request_bytes_max) {
    return std::nullopt;
  }
  std::string_view rest = bytes;
  OwnResponse response;
  response.status = read_status(take_line(rest));
  if (response.status == 0) return std::nullopt;
  response.branch = read_branch(take_line(rest));
  Fields fields;
  if (response.branch.empty() || !take_fields(rest, fields)) return std::nullopt;
  response.is_to_options = fields.is_to_options;
  return response;
}

}  // namespace imcd::parser
