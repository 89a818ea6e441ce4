#include "base/text.h"

#include <gtest/gtest.h>

#include "base/byte_buffer.h"

namespace imcd {
namespace {

TEST(ParseNumber, TakesWholeNumbersUpToTheHighest) {
  EXPECT_EQ(parse_number("0", 0), 0U);
  EXPECT_EQ(parse_number("65535", 65535), 65535U);
  EXPECT_EQ(parse_number("0000000000000000000000007", 9), 7U);
  EXPECT_EQ(parse_number("18446744073709551615", UINT64_MAX), UINT64_MAX);
}

TEST(ParseNumber, RefusesAllElse) {
  for (const char* text : {"", " 1", "1 ", "-1", "+1", "0x1", "65536", "99999999999999999999"}) {
    EXPECT_FALSE(parse_number(text, 65535)) << text;
  }
  EXPECT_FALSE(parse_number("18446744073709551616", UINT64_MAX));
  EXPECT_FALSE(parse_number("9", 7));
}

TEST(ByteBuffer, WritesNumbers) {
  ByteBuffer out;
  out.append_number(0);
  out.append(' ');
  out.append_number(UINT64_MAX);
  out.append(' ');
  out.append_hex(0xbeef, 6);
  EXPECT_EQ(out.view(), "0 18446744073709551615 00beef");
}

TEST(ByteBuffer, KeepsItsCapacityWhenCleared) {
  ByteBuffer out;
  out.append(std::string(1000, 'x'));
  const std::size_t capacity = out.capacity();
  out.clear();
  EXPECT_TRUE(out.empty());
  EXPECT_EQ(out.capacity(), capacity);
}

}  // namespace
}  // namespace imcd
