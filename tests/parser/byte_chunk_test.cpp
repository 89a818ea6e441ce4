#include "parser/byte_chunk.h"

#include <gtest/gtest.h>
#include <string>

#include "guarded_bytes.h"

namespace imcd::parser {
namespace {

// Each byte at each place of each length, before a guarded page.
TEST(ByteChunk, ClassifiesEachByteWhereverItStands) {
  GuardedBytes pages(std::size_t{64});
  for (std::size_t length = 1; length <= ByteChunk::bytes_max; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      for (unsigned byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        std::string text(length, '\x01');
        text[at] = c;
        const ByteChunk chunk(pages.place(text).data(), length);
        const std::uint32_t bit = 1U << at;
        ASSERT_EQ(chunk.plain(), is_plain(c) ? bit : 0) << byte;
        ASSERT_EQ(chunk.marks(), c == '.' || c == '-' ? bit : 0) << byte;
        ASSERT_EQ(chunk.blanks(), c == ' ' || c == '\t' ? bit : 0) << byte;
        ASSERT_EQ(chunk.separators(), c == '"' || c == ',' || c == ' ' || c == '\t' ? bit : 0)
            << byte;
        text.resize(ByteChunk::bytes_max);
        ASSERT_EQ(std::string(chunk.bytes().data(), ByteChunk::bytes_max), text);
      }
    }
  }
}

TEST(ByteChunk, PlainCharactersAreLettersDigitsHyphenDotAndUnderscore) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool expected = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    EXPECT_EQ(is_plain(c), expected) << byte;
  }
}

TEST(ByteChunk, APlainRunEndsAtTheFirstOtherByteOrTheEnd) {
  GuardedBytes pages(std::size_t{128});
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string plain(length, 'x');
    EXPECT_EQ(plain_run(pages.place(plain)), length);
    EXPECT_EQ(plain_run(pages.place(plain + ";x")), length);
  }
}

TEST(ByteChunk, ABlankIsSeenAnywhere) {
  GuardedBytes pages(std::size_t{128});
  for (std::size_t length = 0; length < 70; ++length) {
    std::string text(length, 'x');
    EXPECT_FALSE(has_any<&ByteChunk::blanks>(pages.place(text)));
    for (char& c : text) {
      c = '\t';
      EXPECT_TRUE(has_any<&ByteChunk::blanks>(pages.place(text)));
      c = 'x';
    }
  }
}

}  // namespace
}  // namespace imcd::parser
