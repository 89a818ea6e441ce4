// Status: how a management command ended, as the reply's first line says it.
#pragma once

#include <string>

namespace imcd::mi {

struct Status {
  int code = 200;
  std::string reason = "OK";

  [[nodiscard]] bool ok() const { return code < 300; }
};

}  // namespace imcd::mi
