// Reads and writes just enough SIP for a test tool that knows what it will be sent. It scans for
// strings and shares no code with the servers it measures, so that a fault of theirs can't hide.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_buffer.h"

namespace imcd::bench {

// What was found in a datagram; empty where it was not. Views into the datagram.
struct SipText {
  int status = 0;           // Of a response; 0: a request.
  std::string_view method;  // Of a request.
  std::string_view user;    // Of its Request-URI.
  std::string_view branch;  // Of the top Via.
  std::string_view body;

  // What a response repeats, each with its line end (RFC 3261 8.2.6.2). Vias that are not adjacent
  // are a proxy's way that this tool does not meet.
  std::string_view vias;
  std::string_view from;
  std::string_view to;
  std::string_view call_id;
  std::string_view cseq;
};

// Whether the datagram is SIP at all.
bool scan(std::string_view datagram, SipText& out);

// A response to the request; its To gets a tag where it had none.
void write_response(ByteBuffer& out, const SipText& request, int status);

}  // namespace imcd::bench
