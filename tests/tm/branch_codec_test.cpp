#include "tm/branch_codec.h"

#include <gtest/gtest.h>
#include <string>

namespace imcd::tm {
namespace {

constexpr ClientTransactionId some_id{0x00abcdef, 0xfedcba98};

std::string branch_of(const BranchCodec& codec, ClientTransactionId id) {
  ByteBuffer out;
  out.append(BranchCodec::cookie);
  codec.write_token(out, id);
  return std::string(out.view());
}

class Branch : public testing::Test {
 protected:
  BranchCodec codec{HashKey{1, 2}};
  std::string branch = branch_of(codec, some_id);
};

TEST_F(Branch, HoldsWhatWasWritten) {
  EXPECT_EQ(branch.size(), BranchCodec::cookie.size() + BranchCodec::token_bytes);
  EXPECT_EQ(codec.read_branch(branch), some_id);
  for (const ClientTransactionId id :
       {ClientTransactionId{0, 0}, ClientTransactionId{0xffffff, 0xffffffff},
        ClientTransactionId{1, 0}, ClientTransactionId{0, 1}}) {
    EXPECT_EQ(codec.read_branch(branch_of(codec, id)), id);
  }
}

TEST_F(Branch, WithAnyByteChangedIsNotOurs) {
  for (std::size_t at = 0; at < branch.size(); ++at) {
    for (const char c : std::string("0123456789abcdefgF \0Z", 21)) {
      std::string forged = branch;
      forged[at] = c;
      if (forged == branch) continue;
      EXPECT_EQ(codec.read_branch(forged), std::nullopt) << forged;
    }
  }
}

// Also where the digit that was there, and its neighbours, are zeros.
TEST_F(Branch, WithALetterBeyondFIsNotOurs) {
  const std::string zeros = branch_of(codec, {0, 0});
  for (std::size_t at = BranchCodec::cookie.size(); at < zeros.size(); ++at) {
    for (int c = 'g'; c <= 'z'; ++c) {
      std::string forged = zeros;
      forged[at] = static_cast<char>(c);
      EXPECT_EQ(codec.read_branch(forged), std::nullopt) << forged;
    }
  }
}

TEST_F(Branch, CutOrExtendedIsNotOurs) {
  for (std::size_t size = 0; size < branch.size(); ++size) {
    EXPECT_EQ(codec.read_branch(branch.substr(0, size)), std::nullopt) << size;
    EXPECT_EQ(codec.read_branch(branch.substr(branch.size() - size)), std::nullopt) << size;
  }
  EXPECT_EQ(codec.read_branch(branch + '0'), std::nullopt);
  EXPECT_EQ(codec.read_branch('0' + branch), std::nullopt);
  EXPECT_EQ(codec.read_branch(branch + std::string(100000, '0')), std::nullopt);
}

// A peer returns the branch byte by byte; whoever changes its case made it up.
TEST_F(Branch, InUpperCaseIsNotOurs) {
  std::string shouted = branch;
  for (char& c : shouted) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(codec.read_branch(shouted), std::nullopt);
  const std::size_t cookie = BranchCodec::cookie.size();
  EXPECT_EQ(codec.read_branch(branch.substr(0, cookie) + shouted.substr(cookie)), std::nullopt);
  EXPECT_EQ(codec.read_branch(shouted.substr(0, cookie) + branch.substr(cookie)), std::nullopt);
}

TEST_F(Branch, OfAnotherProcessIsNotOurs) {
  EXPECT_EQ(BranchCodec({1, 3}).read_branch(branch), std::nullopt);
  EXPECT_EQ(BranchCodec({2, 2}).read_branch(branch), std::nullopt);
}

TEST_F(Branch, PaddingSaysNothingAndAnythingElseBehindTheTokenIsNotOurs) {
  for (const std::size_t padding : {0U, 1U, 63U, 64U}) {
    EXPECT_EQ(codec.read_branch(branch + std::string(padding, '-')), some_id) << padding;
  }
  EXPECT_FALSE(codec.read_branch(branch + std::string(65, '-')));
  EXPECT_FALSE(codec.read_branch(branch + "--x"));
  EXPECT_FALSE(codec.read_branch(branch + "x"));
}

}  // namespace
}  // namespace imcd::tm
