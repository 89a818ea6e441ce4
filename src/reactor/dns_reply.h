// The SRV records of a reply (RFC 1035 4.1, RFC 2782), read here because c-ares leaves out their
// TTL.
#pragma once

#include <span>

#include "base/names.h"

namespace imcd::reactor {

constexpr int dns_type_srv = 33;

// "Found" with what the reply says, "none" where it has no SRV record, "failed" where it can't be
// read.
NameAnswer read_services(std::span<const unsigned char> reply);

}  // namespace imcd::reactor
