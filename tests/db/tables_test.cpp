#include "db/tables.h"

#include <gtest/gtest.h>

namespace imcd::db {
namespace {

bool are_good(std::string rooms, std::string members) {
  return check_table_names({std::move(rooms), std::move(members)}).has_value();
}

TEST(TableNames, MayBeAnyPlainIdentifiers) {
  EXPECT_TRUE(check_table_names({}));
  EXPECT_TRUE(are_good("r", "_m2"));
  EXPECT_TRUE(are_good("order", "Group"));  // Words of SQL: names stand in backticks.
  EXPECT_TRUE(are_good(std::string(64, 'r'), "m"));
}

TEST(TableNames, AreRefusedWhereTheyAreNoIdentifiers) {
  for (const std::string bad : {"", "1rooms", "imc rooms", "imc.rooms", "imc-rooms", "rooms`", "r'",
                                "r\"", "r;DROP TABLE x", "caf\xc3\xa9"}) {
    EXPECT_FALSE(are_good(bad, "m")) << bad;
    EXPECT_FALSE(are_good("r", bad)) << bad;
  }
  EXPECT_FALSE(are_good(std::string(65, 'r'), "m"));
}

TEST(TableNames, AreRefusedWhereTheyAreTaken) {
  EXPECT_FALSE(are_good("version", "m"));
  EXPECT_FALSE(are_good("r", "VERSION"));
  EXPECT_FALSE(are_good("sqlite_rooms", "m"));
  EXPECT_FALSE(are_good("imc", "IMC"));
  EXPECT_FALSE(are_good("imcd_Users", "m"));
  EXPECT_FALSE(are_good("r", "imcd_invitations"));
}

TEST(TableVersion, IsKnownForBothFamiliesOfScripts) {
  EXPECT_TRUE(check_table_version("imc_rooms", 1));
  EXPECT_TRUE(check_table_version("imc_rooms", 2));
}

TEST(TableVersion, ErrorNamesTableFoundAndExpected) {
  const Result<void> result = check_table_version("imc_members", 7);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().text,
            "table imc_members has version 7, expected 1 (as OpenSER and Kamailio make it) or 2 "
            "(as OpenSIPS does)");
  EXPECT_FALSE(check_table_version("imc_rooms", 0));
  EXPECT_FALSE(check_table_version("imc_rooms", -1));
}

}  // namespace
}  // namespace imcd::db
