#include "parser/own_response.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "base/same_bytes.h"
#include "base/text.h"
#include "parser/byte_chunk.h"

namespace imcd::parser {
namespace {

// The lines of a message one by one, their ends found 64 bytes at a time: there are eight lines in
// an answer, and a search for each costs more than all of them together.
class Lines {
 public:
  static constexpr std::size_t block_bytes = 4 * ByteChunk::bytes_max;

  // At least a block of bytes.
  explicit Lines(std::string_view bytes) : bytes_(bytes), ends_(read_block(bytes.data())) {}

  // The next one, without its end. Null where it has none or ends with LF alone.
  [[gnu::always_inline]] std::string_view next() {
    while (ends_ == 0) {
      base_ += block_bytes;
      if (base_ >= bytes_.size()) return {};
      ends_ = read_next();
    }
    const std::size_t lf = base_ + static_cast<std::size_t>(std::countr_zero(ends_));
    ends_ &= ends_ - 1;
    if (lf == begin_ || bytes_[lf - 1] != '\r') return {};
    const std::string_view line(bytes_.data() + begin_, lf - 1 - begin_);
    begin_ = lf + 1;
    return line;
  }
  [[nodiscard]] bool is_at_end() const { return begin_ == bytes_.size(); }

 private:
  static std::uint64_t read_block(const char* at) {
    std::uint64_t ends = 0;
    for (std::size_t i = 0; i < block_bytes; i += ByteChunk::bytes_max) {
      ends |= std::uint64_t{ByteChunk(at + i, ByteChunk::bytes_max).equal_to('\n')} << i;
    }
    return ends;
  }
  // Of a last block that is shorter: the last whole block, less what was seen already.
  [[nodiscard]] std::uint64_t read_next() const {
    const std::size_t left = bytes_.size() - base_;
    if (left >= block_bytes) return read_block(bytes_.data() + base_);
    return read_block(bytes_.data() + bytes_.size() - block_bytes) >> (block_bytes - left);
  }

  std::string_view bytes_;
  std::uint64_t ends_;  // LFs of the block at base_ that are not yet used, one bit a byte.
  std::size_t base_ = 0;
  std::size_t begin_ = 0;  // Of the next line.
};

// `SIP/2.0 2xx Reason`; 0 for anything else.
std::uint16_t read_status(std::string_view line) {
  constexpr std::size_t code_at = 8;
  if (!begins_with(line, "SIP/2.0 2") || line.size() < code_at + 4) return 0;
  const char tens = line[code_at + 1];
  const char ones = line[code_at + 2];
  if (!is_digit(tens) || !is_digit(ones) || line[code_at + 3] != ' ') return 0;
  return static_cast<std::uint16_t>(200 + (tens - '0') * 10 + (ones - '0'));
}

// Where the value of the branch begins; npos where a quoted string, a list or a blank before it
// could mislead.
std::size_t find_branch(std::string_view line) {
  constexpr std::string_view name = ";branch=";
  for (std::size_t at = 0; at < line.size(); at += ByteChunk::bytes_max) {
    const ByteChunk chunk(line.data() + at, line.size() - at);
    const std::uint32_t separators = chunk.separators();
    for (std::uint32_t found = chunk.equal_to(';'); found != 0; found &= found - 1) {
      const std::size_t parameter = at + static_cast<std::size_t>(std::countr_zero(found));
      if (!begins_with(line.substr(parameter), ";branch=")) continue;
      const bool misleads = (separators & ((found & -found) - 1)) != 0;
      return misleads ? std::string_view::npos : parameter + name.size();
    }
    if (separators != 0) break;
  }
  return std::string_view::npos;
}

// The branch of the first Via; empty where it is not in its usual form.
std::string_view read_branch(std::string_view line) {
  constexpr char protocol[] = "Via: SIP/2.0/UDP ";
  if (!begins_with(line, protocol)) return {};
  line.remove_prefix(sizeof protocol - 1);
  const std::size_t begin = find_branch(line);
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  for (std::size_t at = 0; at < line.size(); at += ByteChunk::bytes_max) {
    const ByteChunk chunk(line.data() + at, line.size() - at);
    const std::uint32_t separators = chunk.separators();
    const std::uint32_t ends = chunk.equal_to(';') | separators;
    if (ends == 0) continue;
    const auto end = static_cast<std::size_t>(std::countr_zero(ends));
    return (separators >> end & 1) != 0 ? std::string_view() : line.substr(0, at + end);
  }
  return line;
}

// What is known of the fields that count.
struct Fields {
  bool has_cseq = false;
  bool is_to_options = false;
  bool has_length = false;
};

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
bool take_fields(Lines& lines, Fields& fields) {
  for (;;) {
    const std::string_view line = lines.next();
    if (line.data() == nullptr) return false;
    if (line.empty()) return lines.is_at_end() && fields.has_cseq;
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
  if (!begins_with(bytes, "SIP/2.0 2") || bytes.size() < Lines::block_bytes ||
      bytes.size() > limits::udp_request_bytes_max) {
    return std::nullopt;
  }
  Lines lines(bytes);
  OwnResponse response;
  response.status = read_status(lines.next());
  if (response.status == 0) return std::nullopt;
  response.branch = read_branch(lines.next());
  Fields fields;
  if (response.branch.empty() || !take_fields(lines, fields)) return std::nullopt;
  response.is_to_options = fields.is_to_options;
  return response;
}

}  // namespace imcd::parser
