// Three members of one room who are reached without a proxy, for tests of how they are treated.
#pragma once

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {

class Manners : public testing::Test {
 protected:
  explicit Manners(Settings settings = default_settings()) : h({.settings = settings}) {
    for (Peer* const who : {&alice, &bob, &carol}) who->say("chat", "#join");
    h.run_for(1s);
    for (Peer* const who : {&alice, &bob, &carol}) who->forget();
  }
  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  Peer& carol = h.peer("carol");
};

}  // namespace imcd::server
