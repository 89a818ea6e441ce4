// What the tests of whole messages share: a message that is parsed where a read behind its end
// faults, and requests made of lines.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "guarded_bytes.h"
#include "parser/message.h"

namespace imcd::parser {

struct MessageCase {
  explicit MessageCase(std::string_view text)
      : bytes(text),
        view(std::make_unique<MessageView>()),
        parsed(parse_message(bytes.view(), *view)) {}
  const MessageView* operator->() const { return view.get(); }
  // The fault; Fault::count when there was none.
  [[nodiscard]] Fault fault() const { return parsed ? Fault::count : parsed.error().fault; }
  [[nodiscard]] std::string_view value(HeaderName name) const {
    return view->find(name).value_or("<none>");
  }
  [[nodiscard]] std::ptrdiff_t count(HeaderName name) const {
    const auto end = view->headers.begin() + static_cast<std::ptrdiff_t>(view->header_count);
    return std::ranges::count(view->headers.begin(), end, name, &HeaderField::name);
  }
  GuardedBytes bytes;
  std::unique_ptr<MessageView> view;
  Parsed<void> parsed;
};

// A request with this start line and these header lines, each without its line end.
inline std::string request(std::string_view start, std::initializer_list<std::string_view> lines,
                           std::string_view body = "") {
  std::string text(start);
  text += "\r\n";
  for (const std::string_view line : lines) (text += line) += "\r\n";
  text += "\r\n";
  text += body;
  return text;
}

constexpr std::string_view start = "MESSAGE sip:room@example.com SIP/2.0";
constexpr std::string_view via = "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1";

}  // namespace imcd::parser
