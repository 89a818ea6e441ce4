#include "identity/identity.h"

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"

namespace imcd {
namespace {

class IdentityTest : public testing::Test {
 protected:
  static parser::Uri uri(std::string_view text) {
    const auto parsed = parser::parse_uri(text);
    EXPECT_TRUE(parsed) << text;
    return *parsed;
  }
  IdentityRef intern(std::string_view text) { return identities.intern(uri(text)); }

  Epochs epochs;
  IdentityTable identities{HashKey{1, 2}, epochs};
};

TEST_F(IdentityTest, IsOneForEachAddressOfRecord) {
  const IdentityRef bob = intern("sip:Bob@Example.org");
  EXPECT_EQ(bob.get(), intern("sip:bob@example.org").get());
  EXPECT_EQ(bob.get(), intern("SIP:BOB@EXAMPLE.ORG:5080;transport=tcp").get());
  EXPECT_EQ(bob.get(), intern("sips:%62ob@example.org").get());
  EXPECT_EQ(bob.get(), identities.intern("BOB", "example.ORG").get());
  EXPECT_NE(bob.get(), intern("sip:bob2@example.org").get());
  EXPECT_NE(bob.get(), intern("sip:bob@example.com").get());
  EXPECT_EQ(identities.size(), 1U) << "those that nobody holds are gone";
}

TEST_F(IdentityTest, KeepsTheFirstSpelling) {
  const IdentityRef bob = intern("sip:Bob@Example.org:5080;transport=udp");
  const IdentityRef again = intern("sips:bob@example.org");
  EXPECT_EQ(again->uri(), "sip:Bob@Example.org:5080");
  EXPECT_EQ(again->address(), "Bob@Example.org");
  EXPECT_EQ(again->user(), "Bob");
  EXPECT_EQ(again->host(), "Example.org");
  EXPECT_EQ(again->key(), "bob@example.org");
}

TEST_F(IdentityTest, KeepsSchemePortAndAddressLiterals) {
  EXPECT_EQ(intern("sips:bob@example.org:65535")->uri(), "sips:bob@example.org:65535");
  EXPECT_EQ(intern("sips:bob@example.org")->address(), "bob@example.org");
  EXPECT_EQ(intern("im:bob@example.org")->uri(), "sip:bob@example.org");
  const IdentityRef six = intern("sip:bob@[2001:db8::1]:5062");
  EXPECT_EQ(six->uri(), "sip:bob@[2001:db8::1]:5062");
  EXPECT_EQ(six->address(), "bob@[2001:db8::1]");
  EXPECT_EQ(six->host(), "[2001:db8::1]");
}

TEST_F(IdentityTest, NeverKeepsAPassword) {
  EXPECT_EQ(intern("sip:bob:secret@example.org")->uri(), "sip:bob@example.org");
}

TEST_F(IdentityTest, LivesAsLongAsSomebodyHoldsIt) {
  IdentityRef first = intern("sip:bob@example.org");
  {
    const IdentityRef second = first;
    EXPECT_EQ(first->references, 2U);
  }
  EXPECT_EQ(first->references, 1U);
  EXPECT_EQ(identities.find(uri("sip:bob@example.org")), first.get());
  first = {};
  EXPECT_EQ(identities.find(uri("sip:bob@example.org")), nullptr);
  EXPECT_EQ(identities.size(), 0U);
  epochs.collect();
  EXPECT_EQ(epochs.retired(), 0U);
}

TEST_F(IdentityTest, ReferenceMayBeMovedCopiedAndAssignedToItself) {
  IdentityRef first = intern("sip:bob@example.org");
  Identity* const bob = first.get();
  IdentityRef second = std::move(first);
  EXPECT_FALSE(first);  // NOLINT(bugprone-use-after-move): moved-from means empty here.
  EXPECT_TRUE(second);
  EXPECT_EQ(bob->references, 1U);
  const IdentityRef& same = second;
  second = same;
  EXPECT_EQ(bob->references, 1U);
  first = second;
  EXPECT_EQ(bob->references, 2U);
  second = intern("sip:alice@example.org");
  EXPECT_EQ(bob->references, 1U);
  EXPECT_EQ(first.get(), bob);
  EXPECT_EQ(&*first, bob);
}

TEST_F(IdentityTest, CountsMemberListsByHand) {
  IdentityRef held = intern("sip:bob@example.org");
  Identity& bob = *held;
  IdentityTable::acquire(bob);
  held = {};
  EXPECT_EQ(bob.references, 1U);
  EXPECT_EQ(identities.size(), 1U);
  identities.release(bob);
  EXPECT_EQ(identities.size(), 0U);
}

TEST_F(IdentityTest, OfTheNextHolderMayHaveAnotherSpelling) {
  EXPECT_EQ(intern("sip:Bob@example.org")->user(), "Bob");
  EXPECT_EQ(intern("sip:BOB@example.org")->user(), "BOB");
}

TEST_F(IdentityTest, IsRefusedForRowsThatMakeNoUri) {
  for (const auto& [user, host] :
       std::vector<std::pair<std::string, std::string>>{{"", "example.org"},
                                                        {"bob", ""},
                                                        {"", ""},
                                                        {"bob", "example.org:5060"},
                                                        {"bob", "example.org;lr"},
                                                        {"bob", "exa mple.org"},
                                                        {"bob@host", "example.org"},
                                                        {"bob:secret", "example.org"},
                                                        {"b b", "example.org"},
                                                        {std::string("b\0b", 3), "example.org"},
                                                        {"bob\r\n", "example.org"},
                                                        {std::string(70000, 'x'), "example.org"},
                                                        {"bob", std::string(70000, 'x')}}) {
    EXPECT_FALSE(identities.intern(user, host)) << user.substr(0, 20) << '@' << host.substr(0, 20);
  }
  EXPECT_EQ(identities.size(), 0U);
}

// As long as a header field can make it, of the bytes that take the most room in the key.
TEST_F(IdentityTest, MayBeAsLongAsAHeaderField) {
  std::string user;
  while (user.size() + 2 + 11 <= limits::header_field_bytes_max) user += "\xc3\xa9";
  const IdentityRef who = identities.intern(user, "example.org");
  ASSERT_TRUE(who);
  EXPECT_EQ(who->user(), user);
  EXPECT_EQ(who->host(), "example.org");
  EXPECT_EQ(who->key().size(), 3 * user.size() + 12);
  EXPECT_EQ(identities.intern(user, "EXAMPLE.org").get(), who.get());
}

TEST_F(IdentityTest, StaysAtItsPlaceWhileTheTableGrows) {
  std::vector<IdentityRef> all;
  std::set<const Identity*> places;
  for (int i = 0; i < 5000; ++i) {
    all.push_back(identities.intern("user" + std::to_string(i), "example.org"));
    places.insert(all.back().get());
    epochs.collect();
  }
  EXPECT_EQ(places.size(), 5000U);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = "sip:USER" + std::to_string(i) + "@example.org";
    ASSERT_EQ(identities.find(uri(text)), all[static_cast<std::size_t>(i)].get());
  }
  while (!all.empty()) all.pop_back();
  EXPECT_EQ(identities.size(), 0U);
  epochs.collect();
  EXPECT_EQ(epochs.retired(), 0U);
}

TEST(IdentityDeathTest, LettingGoOnceTooOftenIsABrokenInvariant) {
  Epochs epochs;
  IdentityTable identities({1, 2}, epochs);
  Identity& bob = *identities.intern("bob", "example.org");
  EXPECT_DEATH(identities.release(bob), "invariant broken");
}

TEST_F(IdentityTest, WhoIsOnlyNamedGetsTheKeysSpellingAndNoPort) {
  const auto named = [this](std::string_view text) { return identities.intern_named(uri(text)); };
  EXPECT_EQ(named("sips:%62OB@Example.org:1")->uri(), "sip:bob@example.org");
  EXPECT_EQ(named("sip:a%40b@[2001:DB8::1]:5062")->uri(), "sip:a%40b@[2001:db8::1]");
  const IdentityRef known = intern("sips:Carol@Example.org:5080");
  EXPECT_EQ(named("sip:carol@example.org:1").get(), known.get());
  EXPECT_EQ(known->uri(), "sips:Carol@Example.org:5080");
  // A key that no column holds is not made a spelling.
  const std::string wide = std::string(60, '(') + "x";
  EXPECT_LE(named("sip:" + wide + "@example.org:1")->user().size(), 64U);
}

}  // namespace
}  // namespace imcd
