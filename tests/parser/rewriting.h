// Rewriting: what was parsed is written again as text that must parse to the same, and described so
// that two readings can be compared.
#pragma once

#include <string>
#include <string_view>

#include "parser/message.h"
#include "parser/request_fields.h"

namespace imcd::parser {

// The text on one line, as the server writes what a peer sent.
std::string one_line(std::string_view text);
std::string rewrite(const MessageView& view);

std::string describe(const MessageView& view);
std::string describe(const Uri& uri);
std::string describe(const NameAddr& name_addr);
std::string describe(const Via& via);
std::string describe(const RequestFields& fields);

}  // namespace imcd::parser
