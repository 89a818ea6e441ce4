// Which requests are one and the same transaction (RFC 3261 17.2.3).
#include <gtest/gtest.h>
#include <string>

#include "tm/server_transactions.h"

namespace imcd::tm {
namespace {

// A MESSAGE as the parser hands it over; the tests change single fields.
struct Request {
  Request() {
    view.is_request = true;
    view.method = parser::Method::message;
    view.method_text = "MESSAGE";
    view.request_uri = "sip:chat@example.org";
    fields.top_via.text = "SIP/2.0/UDP proxy.example.org:5060;branch=z9hG4bK77ef4c";
    fields.top_via.transport = "UDP";
    fields.top_via.host = "proxy.example.org";
    fields.top_via.port = 5060;
    fields.top_via.branch = "z9hG4bK77ef4c";
    fields.top_via.has_branch_cookie = true;
    fields.from.tag = "49583";
    fields.from.has_tag = true;
    fields.call_id = "asd88asd77a@1.2.3.4";
    fields.cseq = {1, "MESSAGE"};
  }
  [[nodiscard]] Hash128 key(const ServerTransactions& transactions) const {
    return transactions.key(view, fields, method);
  }

  parser::MessageView view;
  parser::RequestFields fields;
  std::string_view method = "MESSAGE";
};

// A peer of before RFC 3261: its branch has no cookie, or there is none.
struct OldRequest : Request {
  OldRequest() {
    fields.top_via.text = "SIP/2.0/UDP proxy.example.org:5060;branch=77ef4c";
    fields.top_via.branch = "77ef4c";
    fields.top_via.has_branch_cookie = false;
  }
};

class ServerTransactionKey : public testing::Test {
 protected:
  void expect_same(const Request& a, const Request& b) const {
    EXPECT_EQ(a.key(transactions), b.key(transactions));
  }
  void expect_other(const Request& a, const Request& b) const {
    EXPECT_FALSE(a.key(transactions) == b.key(transactions));
  }

  ServerTransactions transactions{HashKey{1, 2}, 16};
  const Request request;
  const OldRequest old_request;
  Request changed;
  OldRequest old_changed;
};

TEST_F(ServerTransactionKey, OfTheSameBytesIsTheSame) {
  expect_same(request, changed);
  expect_same(old_request, old_changed);
}

TEST_F(ServerTransactionKey, DiffersByMethod) {
  changed.method = "OPTIONS";
  expect_other(request, changed);
  old_changed.method = "OPTIONS";
  expect_other(old_request, old_changed);
}

// RFC 3261 9.2: the CANCEL's own method does not count, so the caller names the one it cancels.
TEST_F(ServerTransactionKey, OfACancelIsThatOfTheMethodItCancels) {
  changed.view.method = parser::Method::cancel;
  changed.view.method_text = "CANCEL";
  changed.fields.cseq.method = "CANCEL";
  expect_same(request, changed);
}

TEST_F(ServerTransactionKey, DiffersByBranch) {
  changed.fields.top_via.branch = "z9hG4bK77ef4d";
  expect_other(request, changed);
}

// Tokens that only differ in case are other tokens to most peers.
TEST_F(ServerTransactionKey, DiffersByTheCaseOfTheBranch) {
  changed.fields.top_via.branch = "z9hG4bK77EF4C";
  expect_other(request, changed);
}

// RFC 3261 17.2.3: two clients may choose the same branch by chance or malice.
TEST_F(ServerTransactionKey, DiffersBySentBy) {
  changed.fields.top_via.host = "proxy2.example.org";
  expect_other(request, changed);
  changed = request;
  changed.fields.top_via.port = 5061;
  expect_other(request, changed);
}

TEST_F(ServerTransactionKey, TakesTheSentByHostInAnyCase) {
  changed.fields.top_via.host = "Proxy.EXAMPLE.org";
  expect_same(request, changed);
}

TEST_F(ServerTransactionKey, WithACookieDependsOnNothingElse) {
  changed.fields.top_via.text = "SIP/2.0/UDP proxy.example.org:5060;branch=z9hG4bK77ef4c;rport";
  changed.fields.call_id = "another";
  changed.fields.cseq.number = 2;
  changed.fields.from.tag = "another";
  changed.fields.to.tag = "another";
  changed.view.request_uri = "sip:another@example.org";
  expect_same(request, changed);
}

TEST_F(ServerTransactionKey, KnowsWhereOneFieldEndsAndTheNextBegins) {
  Request a;
  Request b;
  a.method = "MESSAGEp";
  a.fields.top_via.host = "roxy";
  b.method = "MESSAGE";
  b.fields.top_via.host = "proxy";
  expect_other(a, b);
  OldRequest c;
  OldRequest d;
  c.fields.to.tag = "12";
  c.fields.from.tag = "3";
  d.fields.to.tag = "1";
  d.fields.from.tag = "23";
  expect_other(c, d);
}

TEST_F(ServerTransactionKey, WithoutACookieDependsOnTheRequestUri) {
  old_changed.view.request_uri = "sip:chat2@example.org";
  expect_other(old_request, old_changed);
}

TEST_F(ServerTransactionKey, WithoutACookieDependsOnBothTags) {
  old_changed.fields.from.tag = "49584";
  expect_other(old_request, old_changed);
  old_changed = old_request;
  old_changed.fields.to.tag = "1";
  expect_other(old_request, old_changed);
}

TEST_F(ServerTransactionKey, WithoutACookieDependsOnTheCallId) {
  old_changed.fields.call_id = "asd88asd77b@1.2.3.4";
  expect_other(old_request, old_changed);
}

TEST_F(ServerTransactionKey, WithoutACookieDependsOnTheCSeqNumber) {
  old_changed.fields.cseq.number = 2;
  expect_other(old_request, old_changed);
}

TEST_F(ServerTransactionKey, WithoutACookieDependsOnTheWholeTopVia) {
  old_changed.fields.top_via.text = "SIP/2.0/UDP proxy.example.org:5060;branch=77ef4c;hidden";
  expect_other(old_request, old_changed);
}

TEST_F(ServerTransactionKey, WithoutAnyBranchIsStillThatOfTheWholeRequest) {
  OldRequest a;
  a.fields.top_via.text = "SIP/2.0/UDP proxy.example.org:5060";
  a.fields.top_via.branch = {};
  OldRequest b = a;
  expect_same(a, b);
  b.fields.cseq.number = 2;
  expect_other(a, b);
}

TEST_F(ServerTransactionKey, DiffersByTheSeed) {
  const ServerTransactions other(HashKey{1, 3}, 16);
  EXPECT_FALSE(request.key(transactions) == request.key(other));
}

}  // namespace
}  // namespace imcd::tm
