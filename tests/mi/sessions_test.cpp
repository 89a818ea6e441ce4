#include "mi/sessions.h"

#include <gtest/gtest.h>

#include "clients.h"

namespace imcd::mi {
namespace {

const std::string rooms_empty = "200 OK\n\n";

// A server with so many rooms that nobody could hold their list.
struct ManyRooms : FakeControl {
  std::size_t count = 0;
  std::size_t walks = 0;

  bool walk_rooms(std::size_t& cursor, const VisitRoom& visit) override {
    ++walks;
    while (cursor < count) {
      const std::string uri = "sip:room" + std::to_string(cursor++) + "@example.org";
      if (!visit({uri, 2, "sip:alice@example.org", 1})) return false;
    }
    return true;
  }
};

void add_large_room(FakeControl& control, const std::string& uri, std::size_t members) {
  FakeControl::FakeRoom& room = control.add(uri);
  for (std::size_t i = 0; i < members; ++i) {
    room.members.push_back("sip:user" + std::to_string(i) + "@example.org");
  }
}

std::size_t lines_in(const std::string& text, std::string_view start) {
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (text.compare(at, start.size(), start) == 0) ++lines;
  }
  return lines;
}

TEST(Sessions, OpensTheReplyBeforeTheCommandRunsAndClosesItAfterwards) {
  Clients clients;
  Outbox out;
  clients.sessions.on_bytes(":imc_list_rooms:r\n\n", clients.now, out);
  ASSERT_EQ(out.mi_replies().size(), 1U);
  EXPECT_EQ(out.mi_replies()[0].kind, Outbox::MiReplyAction::Kind::open);
  EXPECT_EQ(out.mi_replies()[0].text, "r");
  const MiReplyId id = out.mi_replies()[0].reply;

  clients.control.add("sip:late@example.org");
  out.clear();
  clients.sessions.on_reply(id, MiReplyEvent::opened, clients.now, out);
  ASSERT_EQ(out.mi_replies().size(), 1U);
  EXPECT_EQ(out.mi_replies()[0].kind, Outbox::MiReplyAction::Kind::write);
  EXPECT_TRUE(out.mi_replies()[0].text.contains("sip:late@example.org"));

  out.clear();
  clients.sessions.on_reply(id, MiReplyEvent::writable, clients.now, out);
  ASSERT_EQ(out.mi_replies().size(), 1U);
  EXPECT_EQ(out.mi_replies()[0].kind, Outbox::MiReplyAction::Kind::close);
  EXPECT_EQ(out.mi_replies()[0].reply, id);
  EXPECT_EQ(clients.sessions.next_deadline(), std::nullopt);
}

TEST(Sessions, ARequestCutAnywhereGetsTheSameReply) {
  const std::string bytes = ":imc_list_members:r\r\n\"sip:chat@[::1]\"\r\n\r\n";
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Clients clients;
    clients.control.add("sip:chat@[::1]", {"sip:a@d"});
    clients.send(bytes.substr(0, cut));
    EXPECT_EQ(clients.opens, 0) << "cut at " << cut;
    clients.send(bytes.substr(cut));
    EXPECT_EQ(clients.heard["r"],
              "200 OK\nROOM:: sip:chat@[::1] NR_OF_MEMBERS=1\n\tMEMBER:: sip:a@d\n\n")
        << "cut at " << cut;
    EXPECT_EQ(clients.closed["r"], 1) << "cut at " << cut;
  }
}

TEST(Sessions, SeveralRequestsInOneReadAreAllAnswered) {
  Clients clients;
  clients.send(":imc_list_rooms:a\n\n:nope:b\nx\n\n\n:version:c\n\n");
  EXPECT_EQ(clients.heard["a"], rooms_empty);
  EXPECT_EQ(clients.heard["b"], "500 command 'nope' not available\n\n");
  EXPECT_TRUE(clients.heard["c"].starts_with("200 OK\nServer:: "));
  EXPECT_EQ(clients.figures.mi_requests.value(), 3U);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 1U);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 0U);
}

TEST(Sessions, ARequestWithoutAReplyNameRunsAndIsNotAnswered) {
  Clients clients;
  clients.send(":imc_list_rooms:\n\n:nope:\n\n");
  EXPECT_EQ(clients.opens, 0);
  EXPECT_EQ(clients.figures.mi_requests.value(), 2U);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 1U);
  EXPECT_EQ(clients.sessions.next_deadline(), std::nullopt);
}

TEST(Sessions, NothingIsOpenedForAReplyNameThatIsAPath) {
  Clients clients;
  clients.send(":uptime:../etc/passwd\n\n:uptime:a.b\n\n:uptime:/x\n\n");
  EXPECT_EQ(clients.opens, 0);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 3U);
}

TEST(Sessions, GarbageCostsACounterAndNothingElse) {
  Clients clients;
  clients.send("hello\nworld\n\n\n" + std::string(100000, 'x') + "\n\n:uptime:r\n\n");
  EXPECT_TRUE(clients.heard["r"].starts_with("200 OK\n"));
  EXPECT_EQ(clients.figures.mi_requests.value(), 3U);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 2U);
}

TEST(Sessions, AClientMayOpenItsFifoALittleLater) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::never_opens;
  clients.send(":imc_list_rooms:r\n\n");
  clients.pass(limits::mi_reply_open_interval - 1ns);
  EXPECT_EQ(clients.opens, 1);
  clients.pass(1ns);
  EXPECT_EQ(clients.opens, 2);
  clients.behaviour["r"] = Behaviour::reads;
  clients.pass(limits::mi_reply_open_interval);
  EXPECT_EQ(clients.opens, 3);
  EXPECT_EQ(clients.heard["r"], rooms_empty);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 0U);
}

TEST(Sessions, AClientThatNeverOpensIsGivenUpAndItsCommandDoesNotRun) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::never_opens;
  clients.send(":nope:r\n\n");
  clients.pass_all_time();
  EXPECT_EQ(clients.opens, limits::mi_reply_open_tries);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 0U);
}

TEST(Sessions, AReplyNameThatIsNoFifoIsNotTriedAgain) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::is_no_fifo;
  clients.send(":imc_list_rooms:r\n\n");
  EXPECT_EQ(clients.sessions.next_deadline(), std::nullopt);
  EXPECT_EQ(clients.opens, 1);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
}

TEST(Sessions, AClientThatDiesCostsACounter) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::dies_after_opening;
  clients.send(":imc_list_rooms:r\n\n:imc_list_rooms:s\n\n");
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
  EXPECT_EQ(clients.heard["s"], rooms_empty);
  EXPECT_EQ(clients.sessions.next_deadline(), std::nullopt);
}

TEST(Sessions, AClientThatStopsReadingIsGivenUpAfterTheTimeout) {
  Clients clients;
  add_large_room(clients.control, "sip:large@example.org", 5000);
  clients.behaviour["r"] = Behaviour::stops_reading;
  clients.send(":imc_list_members:r\nsip:large@example.org\n\n");
  EXPECT_EQ(clients.heard["r"].size(), limits::mi_reply_chunk_bytes);
  clients.pass(limits::mi_reply_timeout - 1ns);
  EXPECT_TRUE(clients.is_open("r"));
  clients.pass(1ns);
  EXPECT_FALSE(clients.is_open("r"));
  EXPECT_EQ(clients.closed["r"], 1);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
  EXPECT_EQ(clients.sessions.next_deadline(), std::nullopt);
}

TEST(Sessions, AClientThatReadsSlowlyButReadsGetsEverything) {
  Clients clients;
  add_large_room(clients.control, "sip:large@example.org", 5000);
  clients.behaviour["r"] = Behaviour::stops_reading;
  clients.send(":imc_list_members:r\nsip:large@example.org\n\n");
  int reads = 0;
  while (clients.is_open("r") && reads < 100) {
    clients.pass(limits::mi_reply_timeout - 1ns);
    clients.read_once("r");
    ++reads;
  }
  EXPECT_GT(reads, 3);
  EXPECT_EQ(lines_in(clients.heard["r"], "\tMEMBER:: "), 5000U);
  EXPECT_TRUE(clients.heard["r"].ends_with("user4999@example.org\n\n"));
  EXPECT_EQ(clients.closed["r"], 1);
}

TEST(Sessions, ASlowClientDoesNotHoldUpAnother) {
  Clients clients;
  clients.behaviour["slow"] = Behaviour::stops_reading;
  clients.behaviour["late"] = Behaviour::never_opens;
  clients.send(":imc_list_rooms:slow\n\n:imc_list_rooms:late\n\n:imc_list_rooms:quick\n\n");
  EXPECT_EQ(clients.heard["quick"], rooms_empty);
  EXPECT_EQ(clients.closed["quick"], 1);
  EXPECT_TRUE(clients.is_open("slow"));
}

TEST(Sessions, RepliesToOneNameAreGivenOneAfterTheOtherInOrderOfArrival) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::stops_reading;
  clients.send(":imc_list_rooms:r\n\n:nope:r\n\n");
  EXPECT_EQ(clients.heard["r"], rooms_empty);
  EXPECT_EQ(clients.opens, 1);
  clients.send(":version:r\n\n");
  EXPECT_EQ(clients.opens, 1);
  clients.read_on("r");
  EXPECT_EQ(clients.opens, 3);
  EXPECT_EQ(clients.heard["r"], rooms_empty + "500 command 'nope' not available\n\n" +
                                    "200 OK\nServer:: imcd (0.1.0 (x86_64/linux))\n\n");
  EXPECT_EQ(clients.closed["r"], 3);
}

TEST(Sessions, AReplyThatIsGivenUpLetsTheNextToItsNameHaveItsTurn) {
  Clients clients;
  clients.behaviour["r"] = Behaviour::dies_after_opening;
  Outbox out;
  clients.sessions.on_bytes(":imc_list_rooms:r\n\n:imc_list_rooms:r\n\n", clients.now, out);
  ASSERT_EQ(out.mi_replies().size(), 1U);
  const MiReplyId first = out.mi_replies()[0].reply;
  out.clear();
  clients.sessions.on_reply(first, MiReplyEvent::refused, clients.now, out);
  ASSERT_EQ(out.mi_replies().size(), 1U);
  EXPECT_EQ(out.mi_replies()[0].kind, Outbox::MiReplyAction::Kind::open);
  EXPECT_NE(out.mi_replies()[0].reply, first);
}

TEST(Sessions, RequestsBeyondTheBoundAreDroppedAndCounted) {
  Clients clients;
  const std::size_t excess = 5;
  for (std::size_t i = 0; i < limits::mi_replies_max + excess; ++i) {
    const std::string name = "r" + std::to_string(i);
    clients.behaviour[name] = Behaviour::stops_reading;
    clients.send(":imc_list_rooms:" + name + "\n\n");
  }
  EXPECT_EQ(clients.opens, static_cast<int>(limits::mi_replies_max));
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), excess);
  clients.send(":nope:\n\n");  // What wants no reply needs no place.
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), excess + 1);
  clients.read_on("r0");
  clients.send(":imc_list_rooms:another\n\n");
  EXPECT_EQ(clients.heard["another"], rooms_empty);
}

TEST(Sessions, AStuckClientHoldsOnlyItsOwnPlace) {
  Clients clients;
  for (std::size_t i = 0; i < limits::mi_replies_max; ++i) {
    const std::string name = "stuck" + std::to_string(i);
    clients.behaviour[name] = Behaviour::stops_reading;
    clients.send(":imc_list_rooms:" + name + "\n\n");
    clients.pass(1ms);
  }
  clients.pass(300ms);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(clients.ask("imc_list_rooms"), rooms_empty) << i;
  // One place was needed: of who had been stuck longest.
  EXPECT_EQ(clients.closed["stuck0"], 1);
  EXPECT_EQ(clients.closed["stuck1"], 0);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 0U);
  // Who reads goes on, whenever it asked.
  clients.read_on("stuck1");
  EXPECT_EQ(clients.closed["stuck1"], 1);
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
}

// They wait for each other, and so they may all be stuck.
TEST(Sessions, RequestsThatWaitForOneStuckFifoLoseTheirPlacesToo) {
  Clients clients;
  clients.behaviour["stuck"] = Behaviour::stops_reading;
  for (std::size_t i = 0; i < limits::mi_replies_max; ++i) {
    clients.send(":imc_list_rooms:stuck\n\n");
    clients.pass(1ms);
  }
  clients.pass(300ms);
  const int opens = clients.opens;
  // The one that is being written to, and in the second round the oldest of those that waited.
  for (int i = 0; i < 2; ++i) {
    clients.behaviour["other" + std::to_string(i)] = Behaviour::stops_reading;
    clients.send(":imc_list_rooms:other" + std::to_string(i) + "\n\n");
  }
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 2U);
  EXPECT_EQ(clients.closed["stuck"], 1);
  EXPECT_TRUE(clients.is_open("stuck"));
  EXPECT_EQ(clients.opens, opens + 3);  // The others', and that of who came next.
}

TEST(Sessions, EventsForUnknownRepliesAndOutOfTurnDoNothing) {
  Clients clients;
  for (auto event : {MiReplyEvent::opened, MiReplyEvent::no_reader, MiReplyEvent::refused,
                     MiReplyEvent::writable, MiReplyEvent::broken}) {
    clients.tell(0, event);
    clients.tell(77, event);
  }
  Outbox out;
  clients.sessions.on_bytes(":imc_list_rooms:r\n\n", clients.now, out);
  const MiReplyId id = out.mi_replies()[0].reply;
  out.clear();
  clients.sessions.on_reply(id, MiReplyEvent::writable, clients.now, out);
  EXPECT_TRUE(out.empty());
  clients.sessions.on_reply(id, MiReplyEvent::no_reader, clients.now, out);
  clients.sessions.on_reply(id, MiReplyEvent::opened, clients.now, out);  // It is not asked now.
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 0U);
}

TEST(Sessions, AnOpeningThatNobodyAnswersIsGivenUpAfterTheTimeout) {
  Clients clients;
  Outbox out;
  clients.sessions.on_bytes(":imc_list_rooms:r\n\n", clients.now, out);
  EXPECT_EQ(clients.sessions.next_deadline(), clients.now.mono + limits::mi_reply_timeout);
  clients.pass_all_time();
  EXPECT_EQ(clients.figures.mi_replies_abandoned.value(), 1U);
}

TEST(Sessions, ARequestWhoseClientStoppedInItsMiddleIsForgottenAfterTheTimeout) {
  Clients clients;
  clients.send(":imc_list_members:r\nsip:ch");
  clients.pass(limits::mi_reply_timeout - 1ns);
  clients.send("at@");
  clients.pass(limits::mi_reply_timeout - 1ns);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 0U);
  clients.pass(1ns);
  EXPECT_EQ(clients.figures.mi_requests_failed.value(), 1U);
  EXPECT_EQ(clients.sessions.next_deadline(), std::nullopt);
  clients.send(":imc_list_rooms:s\n\n");
  EXPECT_EQ(clients.heard["s"], rooms_empty);
  EXPECT_EQ(clients.opens, 1);
}

TEST(Sessions, TheListOfAMillionRoomsTakesTheMemoryOfAFewChunks) {
  ManyRooms control;
  control.count = 1000000;
  Figures figures;
  Sessions sessions(control, figures);
  const Instant now;
  Outbox out;
  sessions.on_bytes(":imc_list_rooms:r\n\n", now, out);
  const MiReplyId id = out.mi_replies()[0].reply;
  MiReplyEvent event = MiReplyEvent::opened;
  std::size_t lines = 0;
  std::size_t chunks = 0;
  std::string tail;
  while (true) {
    out.clear();
    sessions.on_reply(id, event, now, out);
    ASSERT_EQ(out.mi_replies().size(), 1U);
    const Outbox::MiReplyAction& action = out.mi_replies()[0];
    if (action.kind == Outbox::MiReplyAction::Kind::close) break;
    ASSERT_EQ(action.kind, Outbox::MiReplyAction::Kind::write);
    ASSERT_LE(action.text.size(), limits::mi_reply_chunk_bytes);
    lines += static_cast<std::size_t>(std::ranges::count(action.text, '\n'));
    ++chunks;
    tail = action.text;
    event = MiReplyEvent::writable;
  }
  EXPECT_EQ(lines, control.count + 2);
  EXPECT_TRUE(
      tail.ends_with("URI=sip:room999999@example.org MEMBERS=2 OWNER=sip:alice@example.org\n\n"));
  // The rooms are walked as the client reads, not before.
  EXPECT_GT(chunks, 1000U);
  EXPECT_GE(control.walks, chunks - 1);
}

TEST(Sessions, RoomsMayComeAndGoWhileTheyAreListed) {
  Clients clients;
  for (int i = 0; i < 2000; ++i) clients.control.add("sip:r" + std::to_string(i) + "@example.org");
  clients.behaviour["r"] = Behaviour::stops_reading;
  clients.send(":imc_list_rooms:r\n\n");
  for (std::size_t i = 0; i < 2000; i += 2) clients.control.rooms[i].reset();
  clients.control.add("sip:new@example.org");
  clients.read_on("r");
  EXPECT_TRUE(clients.heard["r"].contains("URI=sip:r1999@example.org "));
  EXPECT_FALSE(clients.heard["r"].contains("URI=sip:r1998@example.org "));
  EXPECT_TRUE(clients.heard["r"].ends_with("URI=sip:new@example.org MEMBERS=0 OWNER=\n\n"));
  EXPECT_EQ(lines_in(clients.heard["r"], "ROOM::  URI=sip:r1999@"), 1U);
}

TEST(Sessions, ARoomThatIsDestroyedWhileItsMembersAreListedEndsTheList) {
  for (const bool made_again : {false, true}) {
    Clients clients;
    add_large_room(clients.control, "sip:large@example.org", 5000);
    clients.behaviour["r"] = Behaviour::stops_reading;
    clients.send(":imc_list_members:r\nsip:large@example.org\n\n");
    clients.control.rooms[0].reset();
    if (made_again) add_large_room(clients.control, "sip:large@example.org", 5000);
    clients.read_on("r");
    EXPECT_LT(lines_in(clients.heard["r"], "\tMEMBER:: "), 1500U);
    EXPECT_TRUE(clients.heard["r"].ends_with("@example.org\n\n"));
    EXPECT_EQ(clients.closed["r"], 1);
  }
}

}  // namespace
}  // namespace imcd::mi
