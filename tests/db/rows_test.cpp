#include <gtest/gtest.h>

#include "db/in_quotes.h"
#include "db/piece_writer.h"
#include "db/tables.h"
#include "db/touched_rooms.h"
#include "sample_rows.h"

namespace imcd::db {
namespace {

records::MemberRow member_of(std::string room) {
  return {{std::move(room), "bob", "example.com"}, 0};
}

TEST(RoomUri, IsSchemeNameAndDomainAsTheyAre) {
  EXPECT_EQ(records::uri_of({"chat-1", "example.com"}), "sip:chat-1@example.com");
  EXPECT_EQ(records::uri_of({"a%20b", "[2001:db8::1]"}), "sip:a%20b@[2001:db8::1]");
}

TEST(TouchedRooms, AreNamedOnceEachInOrder) {
  const Bundle bundle{{put_member("b", "bob"), put_room("a"), delete_member("b", "al")}};
  EXPECT_EQ(touched_rooms(bundle),
            (std::vector<records::RoomRow::Key>{{"b", room_domain}, {"a", room_domain}}));
  EXPECT_TRUE(touched_rooms({}).empty());
}

TEST(RowFault, IsEmptyForGoodRows) {
  EXPECT_EQ(row_fault(records::RoomRow{{"chat-1", "example.com"}, 3}), "");
  EXPECT_EQ(row_fault(records::RoomRow{{"caf\xc3\xa9", "[2001:db8::1]"}, 0}), "");
  EXPECT_EQ(row_fault(records::RoomRow{{"o'neil\"s%20room", "example.com"}, 0}), "");
  EXPECT_EQ(row_fault(records::RoomRow{{std::string(64, 'n'), std::string(128, 'd')}, 0}), "");
  EXPECT_EQ(row_fault(member_of("sip:chat@example.com")), "");
  EXPECT_EQ(row_fault(member_of(records::uri_of({std::string(64, 'n'), std::string(128, 'd')}))),
            "");
}

TEST(RowFault, NamesTheColumn) {
  EXPECT_EQ(row_fault(records::RoomRow{{"", "example.com"}, 0}), "its name is empty");
  EXPECT_EQ(row_fault(records::RoomRow{{"chat", ""}, 0}), "its domain is empty");
  EXPECT_EQ(row_fault(records::RoomRow{{std::string(65, 'n'), "example.com"}, 0}),
            "its name has 65 bytes, more than 64");
  EXPECT_EQ(row_fault(records::RoomRow{{"chat", std::string(129, 'd')}, 0}),
            "its domain has 129 bytes, more than 128");
  EXPECT_EQ(row_fault(records::MemberRow{{"sip:chat@example.com", "", "example.com"}, 0}),
            "its username is empty");
  EXPECT_EQ(row_fault(records::MemberRow{{"sip:chat@example.com", "bob", ""}, 0}),
            "its domain is empty");
}

TEST(RowFault, IsFoundWhereANameWouldEndAHeaderOrAUri) {
  for (const std::string bad : {"a b", "a@b", "<a", "a>", "a\r\nVia: x", "a\x7f", "\t"}) {
    EXPECT_NE(row_fault(records::RoomRow{{bad, "example.com"}, 0}), "") << bad;
    EXPECT_NE(row_fault(records::RoomRow{{"chat", bad}, 0}), "") << bad;
    EXPECT_NE(row_fault(records::MemberRow{{"sip:chat@example.com", bad, "example.com"}, 0}), "")
        << bad;
    EXPECT_NE(row_fault(member_of("sip:" + bad + "@example.com")), "") << bad;
  }
  EXPECT_NE(row_fault(records::RoomRow{{std::string("a\0b", 3), "example.com"}, 0}), "");
}

TEST(RowFault, IsFoundInARoomThatIsNoRoomUri) {
  for (const char* bad :
       {"", "chat", "chat@example.com", "sip:chat", "sip:@example.com", "sip:chat@",
        "SIP:chat@example.com", "sips:chat@example.com", "sip:chat@a@b", "tel:+123"}) {
    EXPECT_NE(row_fault(member_of(bad)), "") << bad;
  }
  EXPECT_NE(row_fault(member_of(records::uri_of({std::string(65, 'n'), "example.com"}))), "");
}

TEST(InQuotes, ShowsWhatALogLineCanHold) {
  EXPECT_EQ(in_quotes(""), "''");
  EXPECT_EQ(in_quotes("caf\xc3\xa9"), "'caf\xc3\xa9'");
  EXPECT_EQ(in_quotes(std::string("a\r\n\0\x7f", 5)), "'a\\x0d\\x0a\\x00\\x7f'");
  EXPECT_EQ(in_quotes(std::string(80, 'x')), "'" + std::string(80, 'x') + "'");
  EXPECT_EQ(in_quotes(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
}

TEST(InQuotes, CutsNoCharacterInTwo) {
  EXPECT_EQ(in_quotes(std::string(79, 'x') + "\xc3\xa9"), "'" + std::string(79, 'x') + "...'");
  EXPECT_EQ(in_quotes(std::string(100, '\x80')), "'...'");
}

struct Pieces {
  std::vector<std::size_t> sizes;
  std::size_t wanted = SIZE_MAX;
  static bool take(void* context, records::LoadedRows&& piece) {
    auto& [sizes, wanted] = *static_cast<Pieces*>(context);
    sizes.push_back(piece.size());
    return sizes.size() < wanted;
  }
};

TEST(PieceWriter, CutsRowsOfAllKindsIntoPieces) {
  Pieces pieces;
  PieceWriter out(Pieces::take, &pieces);
  for (std::size_t i = 0; i < load_piece_rows_max; ++i) {
    EXPECT_TRUE(out.add(records::RoomRow{}));
    EXPECT_TRUE(out.add(records::MemberRow{}));
  }
  EXPECT_TRUE(out.skip("imc_rooms", 1, "its name is empty"));
  EXPECT_TRUE(out.finish());
  EXPECT_EQ(pieces.sizes, (std::vector<std::size_t>{load_piece_rows_max, load_piece_rows_max, 1}));
}

TEST(PieceWriter, HandsOverNoEmptyPiece) {
  Pieces pieces;
  PieceWriter out(Pieces::take, &pieces);
  EXPECT_TRUE(out.finish());
  EXPECT_TRUE(pieces.sizes.empty());
}

TEST(PieceWriter, SaysWhenTheSinkWantsNoMore) {
  Pieces pieces{.wanted = 1};
  PieceWriter out(Pieces::take, &pieces);
  for (std::size_t i = 1; i < load_piece_rows_max; ++i) ASSERT_TRUE(out.add(records::RoomRow{}));
  EXPECT_FALSE(out.add(records::RoomRow{}));
}

}  // namespace
}  // namespace imcd::db
