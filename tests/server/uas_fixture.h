// Uas: a server and one peer who shows what it answers.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include "server/harness.h"

namespace imcd::server {

class Uas : public testing::Test {
 protected:
  // The answer to these bytes, sent from a peer at 127.0.0.1:6000.
  Heard answer(const std::string& bytes) {
    alice.forget();
    alice.send(bytes);
    h.run_for(100ms);
    return alice.responses.empty() ? Heard{} : alice.responses.back();
  }
  Heard answer(const RequestText& request) { return answer(request.text()); }

  Harness h;
  Peer& alice = h.peer("alice");
};

}  // namespace imcd::server
