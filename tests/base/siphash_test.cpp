#include "base/siphash.h"

#include <gtest/gtest.h>
#include <string>

#include "base/random.h"

namespace imcd {
namespace {

constexpr HashKey reference_key{0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

// The vectors of the algorithm's paper, appendix A and its reference program.
TEST(SipHash, GivesTheReferenceVectors) {
  EXPECT_EQ(siphash(reference_key, std::string_view{}), 0x726fdb47dd0e0e31ULL);
  std::string bytes;
  for (char c = 0; c < 15; ++c) bytes += c;
  EXPECT_EQ(siphash(reference_key, bytes), 0xa129ca6149be45e5ULL);
}

TEST(SipHash, DoesNotDependOnWhereTheBytesAreSplit) {
  const std::string bytes = "a branch of a transaction, long enough for several words";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    SipHash hash(reference_key);
    hash.update(std::string_view(bytes).substr(0, cut));
    hash.update(std::string_view(bytes).substr(cut));
    EXPECT_EQ(hash.digest(), siphash(reference_key, bytes)) << cut;
  }
}

TEST(Random, RepeatsItselfForTheSameSeedOnly) {
  Random a({1, 2});
  Random b({1, 2});
  Random c({1, 3});
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, c.next());
  EXPECT_NE(first, a.next());
}

}  // namespace
}  // namespace imcd
