// The form of a db_url.
//
//     sqlite:///PATH
//     mysql://USER[:PASSWORD]@HOST[:PORT]/DATABASE[?NAME=VALUE[&NAME=VALUE...]]
//
// In a mysql URL any character may be written as %HH. The names are
//
//     socket=PATH      a local server's socket; HOST is then only decoration
//     charset=NAME     the connection's character set; utf8mb4 where it is not given
//     tls=off|required|verified
//     tls_ca=PATH, tls_cert=PATH, tls_key=PATH
#pragma once

#include <string_view>

#include "base/db_url.h"
#include "base/result.h"

namespace imcd::config {

struct Bounds;  // Of option.h; no URL has any.

Result<DbUrl> parse_db_url(std::string_view value, Bounds bounds);

}  // namespace imcd::config
