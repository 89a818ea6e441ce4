// The bytes of every reply.
#include <gtest/gtest.h>

#include "clients.h"

namespace imcd::mi {
namespace {

TEST(MiReply, ListsNoRooms) {
  Clients clients;
  EXPECT_EQ(clients.ask("imc_list_rooms"), "200 OK\n\n");
}

TEST(MiReply, ListsRoomsWithTheirMembersAndOwners) {
  Clients clients;
  clients.control.add("sip:chat@example.org", {"sip:alice@example.org", "sip:bob@example.net"});
  clients.control.add("sip:quiet@[2001:db8::1]", {"sip:carol@example.org"});
  const std::string expected =
      "200 OK\n"
      "ROOM::  URI=sip:chat@example.org MEMBERS=2 OWNER=sip:alice@example.org\n"
      "ROOM::  URI=sip:quiet@[2001:db8::1] MEMBERS=1 OWNER=sip:carol@example.org\n"
      "\n";
  EXPECT_EQ(clients.ask("imc_list_rooms"), expected);
  EXPECT_EQ(clients.ask("imc:list_rooms"), expected);
  EXPECT_EQ(clients.ask("imc.list_rooms"), expected);
}

TEST(MiReply, ListsARoomThatHasNobody) {
  Clients clients;
  clients.control.add("sip:chat@example.org");
  EXPECT_EQ(clients.ask("imc_list_rooms"),
            "200 OK\nROOM::  URI=sip:chat@example.org MEMBERS=0 OWNER=\n\n");
  EXPECT_EQ(clients.ask("imc_list_members", "sip:chat@example.org\n"),
            "200 OK\nROOM:: sip:chat@example.org NR_OF_MEMBERS=0\n\n");
}

TEST(MiReply, ListsWhoIsInvitedAndSinceWhen) {
  Clients clients;
  clients.control.add("sip:chat@example.org", {"sip:alice@example.org", "sip:invited@example.org"});
  EXPECT_TRUE(clients.ask("imc_list_members", "sip:chat@example.org\n")
                  .ends_with("\n\tMEMBER:: sip:alice@example.org\n"
                             "\tINVITED:: sip:invited@example.org SINCE=2026-11-20T10:11:12Z\n\n"));
}

TEST(MiReply, ListsTheMembersOfARoom) {
  Clients clients;
  clients.control.add("sip:other@example.org", {"sip:dave@example.org"});
  clients.control.add("sip:chat@example.org", {"sip:alice@example.org", "", "sip:bob@example.net"});
  EXPECT_EQ(clients.ask("imc_list_members", "sip:chat@example.org\n"),
            "200 OK\n"
            "ROOM:: sip:chat@example.org NR_OF_MEMBERS=2\n"
            "\tMEMBER:: sip:alice@example.org\n"
            "\tMEMBER:: sip:bob@example.net\n"
            "\n");
}

TEST(MiReply, FindsARoomWhoseAddressIsQuotedOrNot) {
  Clients clients;
  clients.control.add("sip:r@[2001:db8::1]");
  const std::string expected = "200 OK\nROOM:: sip:r@[2001:db8::1] NR_OF_MEMBERS=0\n\n";
  EXPECT_EQ(clients.ask("imc_list_members", "\"sip:r@[2001:db8::1]\"\n"), expected);
  EXPECT_EQ(clients.ask("imc_list_members", "sip:r@[2001:db8::1]\n"), expected);
  EXPECT_EQ(clients.ask("imc_list_members", "room:: \"sip:r@[2001:db8::1]\"\n"), expected);
}

TEST(MiReply, SaysWhatIsWrong) {
  Clients clients;
  EXPECT_EQ(clients.ask("imc_list_members", "sip:none@example.org\n"), "404 no such room\n\n");
  EXPECT_EQ(clients.ask("imc_list_members"), "400 missing argument 'room'\n\n");
  EXPECT_EQ(clients.ask("imc_list_members", "a\nb\n"), "400 too many arguments\n\n");
  EXPECT_EQ(clients.ask("imc_list_members", "a\"b\n"),
            "400 parse error in command 'imc_list_members'\n\n");
  EXPECT_EQ(
      clients.ask("imc_list_members", std::string(limits::mi_arguments_bytes_max, 'x') + "\n"),
      "400 parse error in command 'imc_list_members'\n\n");
  EXPECT_EQ(clients.ask("get_statistics", "imc:nothing\n"), "404 Statistics Not Found\n\n");
  EXPECT_EQ(clients.ask("nope"), "500 command 'nope' not available\n\n");
  EXPECT_EQ(clients.ask("{}"), "500 command '{}' not available\n\n");
  EXPECT_EQ(clients.figures.mi_requests.value(), 8U);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 8U);
}

TEST(MiReply, GivesStatisticsByNameByGroupAndAll) {
  Clients clients;
  clients.control.numbers = {
      {"imc:active_rooms", 3}, {"imc:members", 18446744073709551615U}, {"core:rcv_requests", 7}};
  EXPECT_EQ(clients.ask("get_statistics", "active_rooms\n"), "200 OK\nimc:active_rooms = 3\n\n");
  EXPECT_EQ(clients.ask("get_statistics", "imc:active_rooms\n"),
            "200 OK\nimc:active_rooms = 3\n\n");
  EXPECT_EQ(clients.ask("get_statistics", "imc:\n"),
            "200 OK\nimc:active_rooms = 3\nimc:members = 18446744073709551615\n\n");
  EXPECT_EQ(clients.ask("get_statistics", "rcv_requests\nnothing\nactive_rooms\n"),
            "200 OK\ncore:rcv_requests = 7\nimc:active_rooms = 3\n\n");
  EXPECT_EQ(clients.ask("get_statistics", "all\n"),
            "200 OK\nimc:active_rooms = 3\nimc:members = 18446744073709551615\n"
            "core:rcv_requests = 7\n\n");
}

TEST(MiReply, NameWithoutItsGroupIsTheFirstOfThatName) {
  Clients clients;
  clients.control.numbers = {{"imc:members", 3}, {"imcd:members", 4}};
  EXPECT_EQ(clients.ask("get_statistics", "members\n"), "200 OK\nimc:members = 3\n\n");
  EXPECT_EQ(clients.ask("get_statistics", "imcd:members\n"), "200 OK\nimcd:members = 4\n\n");
}

TEST(MiReply, PartsOfNamesAreNoStatistics) {
  Clients clients;
  for (std::string_view name : {"active", "imc", ":", "im:", "ALL", "core:active_rooms"}) {
    EXPECT_EQ(clients.ask("get_statistics", std::string(name) + "\n"),
              "404 Statistics Not Found\n\n")
        << name;
  }
}

TEST(MiReply, GivesManyStatisticsWhole) {
  Clients clients;
  std::string names;
  std::string expected = "200 OK\n";
  for (std::size_t i = 0; i < 2000; ++i) {
    names += "all\n";
    expected += "imc:active_rooms = 0\n";
  }
  EXPECT_EQ(clients.ask("get_statistics", names), expected + "\n");
  EXPECT_LE(clients.longest_write, limits::mi_reply_chunk_bytes);
}

TEST(MiReply, TellsTheTimes) {
  Clients clients;
  EXPECT_EQ(clients.ask("uptime"),
            "200 OK\n"
            "Now:: Sun Sep  9 01:47:40 2001\n"
            "Up since:: Sun Sep  9 01:46:40 2001\n"
            "Up time:: 60 [sec]\n"
            "\n");
}

TEST(MiReply, CountsTheUpTimeByTheClockThatNeverJumps) {
  Clients clients;
  clients.now.wall = WallTime(0s);
  clients.now.mono = clients.control.start.mono + 86399999ms;
  EXPECT_EQ(clients.ask("uptime"),
            "200 OK\n"
            "Now:: Thu Jan  1 00:00:00 1970\n"
            "Up since:: Sun Sep  9 01:46:40 2001\n"
            "Up time:: 86399 [sec]\n"
            "\n");
}

TEST(MiReply, TellsTheVersion) {
  Clients clients;
  EXPECT_EQ(clients.ask("version"), "200 OK\nServer:: imcd (0.1.0 (x86_64/linux))\n\n");
}

TEST(MiReply, TellsWhichCommandsThereAre) {
  Clients clients;
  EXPECT_EQ(clients.ask("which"),
            "200 "
            "OK\nimc_list_rooms\nimc_list_members\nimc_create_room\nget_"
            "statistics\nuptime\nversion\nwhich\n\n");
}

}  // namespace
}  // namespace imcd::mi
