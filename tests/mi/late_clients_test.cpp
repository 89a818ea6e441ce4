// Clients that open the FIFO for their reply after they have asked: a shell starts a program for
// it.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "clients.h"

namespace imcd::mi {
namespace {

TEST(LateClients, MayOpenTheirFifoUpToASecondLater) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::never_opens;
  clients.send(":imc_list_rooms:r\n\n");
  for (Duration left = 1s; left > limits::mi_reply_open_interval;
       left -= limits::mi_reply_open_interval) {
    clients.pass(limits::mi_reply_open_interval);
  }
  EXPECT_EQ(clients.heard["r"], "");
  clients.behaviour["r"] = Behaviour::reads;
  clients.pass(limits::mi_reply_open_interval);
  EXPECT_EQ(clients.heard["r"], "200 OK\n\n");
}

// What is full of late ones takes others nevertheless: they lose their places after 200 ms, not
// after the second.
TEST(LateClients, HoldUpNobodyElseForTheirSecond) {
  Clients clients;
  for (std::size_t i = 0; i < limits::mi_replies_max; ++i) {
    const std::string name = "late" + std::to_string(i);
    clients.behaviour[name] = Behaviour::never_opens;
    clients.send(":imc_list_rooms:" + name + "\n\n");
  }
  clients.pass(limits::mi_reply_stuck);
  EXPECT_EQ(clients.ask("imc_list_rooms"), "200 OK\n\n");
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
}

}  // namespace
}  // namespace imcd::mi
