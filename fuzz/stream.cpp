// The bytes of a stream connection. The first byte cuts the rest into pieces of that size, which
// must make no difference to where messages end; and what a message is, the parser sees as one.
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

#include "parser/cases.h"
#include "parser/message.h"
#include "parser/stream_framer.h"
#include "target.h"

namespace imcd::fuzz {

using parser::StreamFramer;

namespace {

struct Found {
  StreamFramer::Kind kind;
  parser::Fault fault;
  std::string_view bytes;

  bool operator==(const Found&) const = default;
};

// Everything up to a fault, the stream coming in pieces of that size.
std::vector<Found> read(std::string_view stream, std::size_t piece) {
  StreamFramer framer;
  std::vector<Found> found;
  std::size_t begin = 0;
  for (std::size_t end = 0; end < stream.size();) {
    end = std::min(end + piece, stream.size());
    while (begin < end) {
      const StreamFramer::Piece next = framer.next(stream.substr(begin, end - begin));
      if (next.kind == StreamFramer::Kind::incomplete) break;
      expect(next.size <= end - begin, "a piece beyond the stream");
      found.push_back({next.kind, next.fault, stream.substr(begin, next.size)});
      if (next.kind == StreamFramer::Kind::fault) return found;
      expect(next.size > 0, "a piece of nothing");
      begin += next.size;
    }
  }
  return found;
}

// A fault's size is what has come so far, which hangs on the cut.
bool is_same(const Found& a, const Found& b) {
  if (a.kind == StreamFramer::Kind::fault) return a.kind == b.kind && a.fault == b.fault;
  return a == b;
}

}  // namespace

void test_input(std::string_view input) {
  if (input.empty()) return;
  const std::string_view stream = input.substr(1);
  const auto whole = read(stream, std::max<std::size_t>(stream.size(), 1));
  const auto pieces = read(stream, static_cast<unsigned char>(input.front()) % 32U + 1U);
  expect(std::ranges::equal(whole, pieces, is_same), "the cut changes what is found");
  const auto view = std::make_unique<parser::MessageView>();
  for (const Found& one : whole) {
    if (one.kind != StreamFramer::Kind::message) continue;
    const auto parsed = parser::parse_message(one.bytes, *view);
    if (!parsed) continue;
    const char* const end = one.bytes.data() + one.bytes.size();
    expect(view->find(parser::HeaderName::content_length).has_value(),
           "a message on a stream without Content-Length");
    expect(view->body.data() + view->body.size() == end, "a message that ends before its bytes do");
  }
}

void add_seeds(const AddSeed& add) {
  for (const parser::Case& one : parser::cases()) {
    if (!one.is_message() || one.bytes.size() > 4000) continue;
    add("\x07" + one.bytes + "\r\n\r\n" + one.bytes);
    add("\x01\r\n" + one.bytes);
  }
}

}  // namespace imcd::fuzz
