// Three users whom the server has heard of, for tests of what waits for the database.
#pragma once

#include <gtest/gtest.h>

#include "server/harness.h"

namespace imcd::server {

class Commit : public testing::Test {
 protected:
  explicit Commit(Settings settings = default_settings()) : h({.settings = settings}) {
    introduce();
  }
  // Everybody says something first, so that there is a way to reach them.
  void introduce() {
    for (Peer* const who : {&alice, &bob, &carol}) who->say("nowhere", "hello");
    h.run_for(1s);
    for (Peer* const who : {&alice, &bob, &carol}) who->forget();
  }
  Harness h;
  Peer& alice = h.peer("alice");
  Peer& bob = h.peer("bob");
  Peer& carol = h.peer("carol");
};

}  // namespace imcd::server
