// Properties: what must hold for any bytes at all that are given to the parser. Tests check them on
// the cases, cut and mutated; the fuzzers on whatever they think of. Each function gives a sentence
// about the first property that does not hold, or nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parser/message.h"

namespace imcd::parser {

using Broken = std::optional<std::string>;

// What imcd sends: line ends are CRLF, no other control character but HTAB outside of bodies, it
// can be parsed, and Content-Length counts the whole body. A request has all that RFC 3261 8.1.1
// asks for.
Broken find_broken_in_sent(std::string_view bytes);

// A text that imcd writes itself, though with names and words of peers in it: well-formed UTF-8,
// and no control characters but line ends and HTAB.
Broken find_broken_in_own_text(std::string_view text);

// A datagram: no view leaves it, an answer to it is sound, what is accepted and written again is
// the same, and cut anywhere it is not accepted as whole.
Broken find_broken_in_message(std::string_view bytes);

Broken find_broken_in_uri(std::string_view text);
Broken find_broken_in_name_addr(std::string_view value);
Broken find_broken_in_via(std::string_view value);
Broken find_broken_in_cseq(std::string_view value);
Broken find_broken_in_host(std::string_view text);
Broken find_broken_in_cpim(std::string_view body);
// write_line_text and write_quoted_text.
Broken find_broken_in_writing(std::string_view text);

}  // namespace imcd::parser
