// The URI of an address of record, as tables, notices and operators show it. Nothing is escaped:
// the parts have the escapes that they have on the wire.
#pragma once

#include <string>
#include <string_view>

namespace imcd {

// "sip:user@host".
inline std::string sip_uri(std::string_view user, std::string_view host) {
  std::string uri;
  uri.reserve(5 + user.size() + host.size());
  uri += "sip:";
  uri += user;
  uri += '@';
  uri += host;
  return uri;
}

}  // namespace imcd
