// Reading: what a request to the server says, as far as the checker must know it, taken from the
// bytes that really arrived, damaged or not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/settings.h"
#include "parser/message.h"
#include "parser/own_response.h"
#include "parser/request_fields.h"
#include "sim/names.h"
#include "sim/rulebook.h"

namespace imcd::sim {

struct Reading {
  enum class Shape : std::uint8_t {
    response,
    noise,      // No answer may follow, or a 4xx.
    malformed,  // An answer may follow, and it is a refusal.
    ack,
    options,
    cancel,
    other_method,
    message,
  };
  Shape shape = Shape::noise;
  std::uint64_t transaction = 0;  // RFC 3261 17.2.3, as one number.
  std::uint64_t answer = 0;       // The same of a response to it.
  // RFC 3261 8.2.2.2: the same in all branches of a forked request of one user. Of a MESSAGE that
  // is not refused before.
  std::uint64_t fork = 0;
  std::size_t via_count = 0;
  // Of a MESSAGE or OPTIONS: the code by which it is refused before any room is asked; 0: it is
  // not. The second kind of refusal needs a server that serves.
  std::uint16_t refused_with = 0;
  std::uint16_t refused_when_serving = 0;
  std::uint64_t call_id = 0;  // Its hash.
  Ask ask;
  std::string_view body;
  std::optional<std::uint32_t> expires_s;
  std::optional<std::uint32_t> chat;  // The number that the workload wrote into the body.
  // Of a response to a MESSAGE of the server's: its branch, else an empty one.
  std::string_view branch;
  std::uint16_t status = 0;
  // Of a request: where its response must go; none where its Via tells nothing.
  std::optional<Address> answer_to;
};

class Reader {
 public:
  Reader(Names& names, const Settings& settings) : names_(names), settings_(settings) {}

  static std::uint64_t hash(std::string_view text);

  // Views of the reading end with the bytes and with the next call.
  Reading read(std::string_view bytes, const Address& from);
  // Of a response that the server writes: Reading::answer of the request. Nothing where its top Via
  // or CSeq is unreadable.
  std::optional<std::uint64_t> read_response(const parser::MessageView& response);

 private:
  void read_answer(Reading& reading);
  Reading read_own(const parser::OwnResponse& own, bool is_whole);
  [[nodiscard]] std::optional<Address> answer_to(const Address& from) const;
  void read_message(Reading& reading);
  std::uint64_t fork_hash(UserId sender);
  void read_content(Reading& reading);
  std::optional<parser::Uri> sender() const;
  [[nodiscard]] bool is_anonymous() const;
  std::uint64_t answer_hash(const parser::Via& via, std::string_view method,
                            const parser::MessageView& view);
  std::uint64_t transaction_hash(std::string_view method);

  Names& names_;
  const Settings& settings_;
  parser::MessageView view_;
  parser::RequestFields fields_;
  std::string scratch_;
};

// Chat carries its number in the text, so that whoever hears it can tell which one it is; a check
// makes damaged numbers none.
std::string chat_mark(std::uint32_t number);
std::optional<std::uint32_t> find_chat_mark(std::string_view body);

}  // namespace imcd::sim
