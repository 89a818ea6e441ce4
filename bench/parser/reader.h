// Reader: one parser under measurement. All read the same bytes to the same depth, and prove it:
// the digest is made of what a server needs of a message, so it comes out the same for all.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace imcd::bench {

// Cheap, so that it hides nothing, yet different when any field was read with another length.
class Digest {
 public:
  void add(std::string_view text) { sum_ = sum_ * 31 + text.size(); }
  void add(const char* text) { add(text == nullptr ? std::string_view() : std::string_view(text)); }
  void add(std::uint64_t number) { sum_ = sum_ * 31 + number; }
  // What stands before and behind the first `separator`.
  void add_halves(std::string_view text, char separator) {
    const std::size_t at = text.find(separator);
    add(text.substr(0, at));
    add(at == std::string_view::npos ? std::string_view() : text.substr(at + 1));
  }
  [[nodiscard]] std::uint64_t value() const { return sum_ == 0 ? 1 : sum_; }

 private:
  std::uint64_t sum_ = 0;
};

// Added in this order: of the top Via branch, sent-by host, sent-by port, whether rport is there;
// of From and of To the URI's user and host, and the tag; the Call-ID's two words; CSeq number and
// method; media type and subtype; Content-Length; Max-Forwards; the body. What is missing
// is added empty or as 0. Each reader tells all header fields apart by name on the way. 0: refused.
using Read = std::uint64_t (*)(std::string_view bytes);

struct Reader {
  std::string_view name;
  Read read;
  bool is_for_answers_only = false;
};

std::uint64_t read_with_imcd(std::string_view bytes);
// What the server does with an answer to a request of its own: the fields above are not asked for.
std::uint64_t match_with_imcd(std::string_view bytes);
std::uint64_t read_with_osip(std::string_view bytes);
std::uint64_t read_with_re(std::string_view bytes);
std::uint64_t read_with_sofia(std::string_view bytes);

}  // namespace imcd::bench
