// TextArguments: the arguments of a request in the old text protocol, line by line:
//
//   sip:chat@example.org           a value; blanks around it do not count
//   room:: sip:chat@example.org    a value with its name
//   "sip:chat@[2001:db8::1]"       a quoted value; \" and \\ stand for " and \ in it
//   room:: "two
//   lines"                         it may go on over several lines, but not over an empty one
//
// A value with `::` in it must be quoted where the part before could be a name. An IPv6 address as
// the older servers demand it in quotes is thus taken without them as well: what stands before its
// colons has a bracket in it, and names have none.
#pragma once

#include <string_view>
#include <vector>

#include "mi/request.h"

namespace imcd::mi {

class TextArguments {
 public:
  // A line without its end. False: it is malformed, and so is the request.
  bool add_line(std::string_view line);

  // A quoted value has not ended yet.
  [[nodiscard]] bool unfinished() const { return in_quotes_; }

  // What was added; starts anew.
  std::vector<Argument> take();

 private:
  bool add_value(std::string_view value);
  bool go_on_quoted(std::string_view text);

  std::vector<Argument> arguments_;
  bool in_quotes_ = false;
};

}  // namespace imcd::mi
