// Request: what a client asks for, whatever the codec it was written in.
#pragma once

#include <string>
#include <vector>

namespace imcd::mi {

struct Argument {
  std::string name;  // Empty: known by its position.
  std::string value;
};

struct Request {
  std::string command;
  std::string reply_name;  // Of the client's FIFO; empty: it wants no reply.
  std::vector<Argument> arguments;
  // The arguments could not be read or were too long; those above are not all.
  bool malformed = false;
};

}  // namespace imcd::mi
