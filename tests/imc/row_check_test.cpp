#include "imc/row_check.h"

#include <gtest/gtest.h>

namespace imcd::imc {
namespace {

using Lines = std::vector<std::string>;

struct Rows {
  std::vector<records::RoomRow> rooms;
  std::vector<records::UserRow> users;
  std::vector<records::MemberRow> members;
  std::vector<records::InvitationRow> invitations;
};

Lines findings(const Rows& rows, std::vector<std::string> domains = {}) {
  RowCheck check(std::move(domains));
  for (const records::RoomRow& row : rows.rooms) check.add(row);
  for (const records::UserRow& row : rows.users) check.add(row);
  for (const records::MemberRow& row : rows.members) check.add(row);
  for (const records::InvitationRow& row : rows.invitations) check.add(row);
  check.finish();
  return check.take_findings();
}

TEST(RowCheck, FindsNothingInGoodRowsAndInNone) {
  EXPECT_EQ(findings({}), Lines{});
  EXPECT_EQ(
      findings({.rooms = {{{"chat", "x"}, 0}, {{"priv", "x"}, records::room_flag::is_private}},
                .users = {{{"al@x"}, "sip:Al@x:6000"}},
                .members = {{{"sip:chat@x", "al", "x"}, records::member_flag::owner},
                            {{"sip:chat@x", "bob", "x"}, records::member_flag::invited},
                            {{"sip:priv@x", "al", "x"}, records::member_flag::owner},
                            {{"sip:priv@x", "cy", "x"}, records::member_flag::admin}},
                .invitations = {{{"sip:CHAT@x", "Bob", "x"}, 5}}}),
      Lines{});
}

TEST(RowCheck, FindsInvitationsOfNobodyWhoIsInvited) {
  EXPECT_EQ(findings({.rooms = {{{"chat", "x"}, 0}},
                      .members = {{{"sip:chat@x", "al", "x"}, records::member_flag::owner}},
                      .invitations = {{{"sip:chat@x", "al", "x"}, 5},
                                      {{"sip:chat@x", "bob", "x"}, 5},
                                      {{"sip:none@x", "bob", "x"}, 5}}}),
            (Lines{"invitation of al@x to sip:chat@x: nobody of that name is invited there",
                   "invitation of bob@x to sip:chat@x: nobody of that name is invited there",
                   "invitation of bob@x to sip:none@x: nobody of that name is invited there"}));
}

// Stored names have no scheme, and rooms of members are SIP URIs.
TEST(RowCheck, FindsAddressesOfOtherSchemes) {
  EXPECT_EQ(
      findings({.rooms = {{{"chat", "x"}, 0}, {{"tel:+1555", "x"}, 0}, {{"im:lobby", "x"}, 0}},
                .users = {{{"al@x"}, "im:al@x"}, {{"bob@x"}, "tel:+1555"}, {{"cy@x"}, "pres:cy@x"}},
                .members = {{{"sip:chat@x", "al", "x"}, records::member_flag::owner},
                            {{"sip:chat@x", "tel:+1555", "x"}, 0},
                            {{"sip:chat@x", "bob:x", "x"}, 0},
                            {{"im:chat@x", "bob", "x"}, 0},
                            {{"pres:chat@x", "cy", "x"}, 0},
                            {{"tel:+1555", "dan", "x"}, 0}}}),
      (Lines{"room sip:tel:+1555@x: its name and domain make no SIP URI",
             "room sip:im:lobby@x: its name and domain make no SIP URI",
             "user al@x: im:al@x is not a SIP URI of that key",
             "user bob@x: tel:+1555 is not a SIP URI of that key",
             "user cy@x: pres:cy@x is not a SIP URI of that key",
             "member tel:+1555@x of sip:chat@x: name and domain make no SIP URI",
             "member bob:x@x of sip:chat@x: name and domain make no SIP URI",
             "member bob@x of im:chat@x: there is no such room",
             "member cy@x of pres:chat@x: there is no such room",
             "member dan@x of tel:+1555: there is no such room"}));
}

TEST(RowCheck, FindsRoomsWithoutMembersOrOwnerOrWithTwo) {
  EXPECT_EQ(findings({.rooms = {{{"a", "x"}, 0}, {{"b", "x"}, 0}, {{"c", "x"}, 0}, {{"d", "x"}, 0}},
                      .members = {{{"sip:b@x", "al", "x"}, 0},
                                  {{"sip:c@x", "al", "x"}, records::member_flag::owner},
                                  {{"sip:c@x", "bob", "x"}, records::member_flag::owner},
                                  {{"sip:d@x", "al", "x"}, records::member_flag::invited}}}),
            (Lines{"room sip:a@x has no members", "room sip:b@x has no owner",
                   "room sip:c@x has 2 owners", "room sip:d@x has no members"}));
}

TEST(RowCheck, FindsMembersWithoutARoomAndTwice) {
  EXPECT_EQ(findings({.rooms = {{{"a", "x"}, 0}},
                      .members = {{{"sip:a@x", "al", "x"}, records::member_flag::owner},
                                  {{"sip:A@x", "AL", "X"}, 0},
                                  {{"sip:gone@x", "bob", "x"}, 0},
                                  {{"what", "cy", "x"}, 0}}}),
            (Lines{"member AL@X of sip:A@x: the room has the same user twice",
                   "member bob@x of sip:gone@x: there is no such room",
                   "member cy@x of what: there is no such room"}));
}

TEST(RowCheck, FindsNamesThatMakeNoUri) {
  EXPECT_EQ(findings({.rooms = {{{"a b", "x"}, 0}, {{"a", "x"}, 0}},
                      .users = {{{"al@x"}, "tel:12"}, {{"al@x"}, "sip:bob@x"}},
                      .members = {{{"sip:a@x", "al", "x"}, records::member_flag::owner},
                                  {{"sip:a@x", "b:c@d", "x"}, 0}}}),
            (Lines{"room sip:a b@x: its name and domain make no SIP URI",
                   "user al@x: tel:12 is not a SIP URI of that key",
                   "user al@x: sip:bob@x is not a SIP URI of that key",
                   "member b:c@d@x of sip:a@x: name and domain make no SIP URI"}));
}

TEST(RowCheck, FindsRoomsThatAreOne) {
  const Rows rows = {.rooms = {{{"chat", "x"}, 0}, {{"ch%61t", "X"}, 0}, {{"chat", "y"}, 0}},
                     .members = {{{"sip:chat@x", "al", "x"}, records::member_flag::owner},
                                 {{"sip:chat@y", "al", "x"}, records::member_flag::owner}}};
  EXPECT_EQ(findings(rows),
            Lines{"rooms sip:chat@x and sip:ch%61t@X are one: their names are the same"});
  // Where y is another name of x, more of them are.
  EXPECT_EQ(findings(rows, {"x", "y"}),
            (Lines{"rooms sip:chat@x and sip:ch%61t@X are one: their names are the same",
                   "rooms sip:chat@x and sip:chat@y are one: their names are the same",
                   "member al@x of sip:chat@y: the room has the same user twice"}));
}

TEST(RowCheck, FindsWhatTheOlderModulesMarkedAsDeleted) {
  EXPECT_EQ(findings({.rooms = {{{"a", "x"}, records::room_flag::deleted}, {{"b", "x"}, 0}},
                      .members = {{{"sip:b@x", "al", "x"}, records::member_flag::owner},
                                  {{"sip:b@x", "bob", "x"}, records::member_flag::deleted}}}),
            (Lines{"room sip:a@x is marked as deleted, but there",
                   "member bob@x of sip:b@x is marked as deleted, but there"}));
}

}  // namespace
}  // namespace imcd::imc
