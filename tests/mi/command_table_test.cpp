#include "mi/command_table.h"

#include <gtest/gtest.h>
#include <set>

#include "fake_control.h"
#include "mi/run_command.h"

namespace imcd::mi {
namespace {

Status status_of(std::string_view command, std::vector<Argument> arguments = {},
                 bool malformed = false) {
  FakeControl control;
  control.add("sip:r@d", {"sip:o@d"});
  const Request request{std::string(command), "reply", std::move(arguments), malformed};
  return run_command(request, control, {}).status;
}

TEST(CommandTable, EveryRowIsWhole) {
  std::set<std::string_view> names;
  for (const ManagementCommand& command : command_table()) {
    EXPECT_TRUE(names.insert(command.name).second) << command.name;
    EXPECT_FALSE(command.help.empty()) << command.name;
    EXPECT_NE(command.handler, nullptr) << command.name;
    EXPECT_EQ(find_command(command.name), &command);
  }
}

TEST(CommandTable, TheSpellingsOfThreeGenerationsAreOneCommand) {
  const ManagementCommand* const rooms = find_command("imc_list_rooms");
  ASSERT_NE(rooms, nullptr);
  EXPECT_EQ(find_command("imc:list_rooms"), rooms);
  EXPECT_EQ(find_command("imc.list_rooms"), rooms);
  EXPECT_EQ(find_command("imc.list_members"), find_command("imc_list_members"));
}

TEST(CommandTable, OtherSpellingsAreNoCommands) {
  for (std::string_view name :
       {"", "imc", "imc_", "imc:", "imc.", "imc-list_rooms", "list_rooms", "IMC_LIST_ROOMS",
        "imc_list_rooms ", "imc_list_room", "imc_list_roomss", "get.statistics", "upt:me"}) {
    EXPECT_EQ(find_command(name), nullptr) << name;
  }
}

TEST(CommandTable, AnUnknownCommandIsNotAvailable) {
  const Status status = status_of("nope");
  EXPECT_EQ(status.code, 500);
  EXPECT_EQ(status.reason, "command 'nope' not available");
}

TEST(CommandTable, AMalformedRequestIsAParseErrorUnlessItsCommandIsUnknown) {
  const Status status = status_of("imc_list_members", {{"", "sip:r@d"}}, true);
  EXPECT_EQ(status.code, 400);
  EXPECT_EQ(status.reason, "parse error in command 'imc_list_members'");
  EXPECT_EQ(status_of("nope", {}, true).code, 500);
}

TEST(CommandTable, ARoomIsMadePublicOrPrivateAndNothingElse) {
  EXPECT_EQ(
      status_of("imc_create_room", {{"", "sip:new@d"}, {"", "sip:o@d"}, {"", "private"}}).code,
      202);
  EXPECT_EQ(status_of("imc_create_room", {{"", "sip:r@d"}, {"", "sip:o@d"}, {"", "public"}}).code,
            403);
  const Status bad =
      status_of("imc_create_room", {{"", "sip:new@d"}, {"", "sip:o@d"}, {"", "secret"}});
  EXPECT_EQ(bad.code, 400);
  EXPECT_EQ(bad.reason, "expected public or private");
  EXPECT_EQ(status_of("imc_create_room", {{"", "sip:new@d"}}).reason, "missing argument 'owner'");
}

TEST(CommandTable, AMissingArgumentIsNamed) {
  EXPECT_EQ(status_of("imc_list_members").code, 400);
  EXPECT_EQ(status_of("imc_list_members").reason, "missing argument 'room'");
  EXPECT_EQ(status_of("imc_list_members", {{"", ""}}).reason, "missing argument 'room'");
  EXPECT_EQ(status_of("get_statistics").code, 400);
  EXPECT_EQ(status_of("get_statistics").reason, "missing argument 'name'");
}

TEST(CommandTable, AnArgumentTooManyIsRefused) {
  const Status status = status_of("imc_list_members", {{"", "sip:r@d"}, {"", "sip:s@d"}});
  EXPECT_EQ(status.code, 400);
  EXPECT_EQ(status.reason, "too many arguments");
}

TEST(CommandTable, ANamedArgumentFillsItsPlaceAndAnUnknownNameSaysNothing) {
  EXPECT_TRUE(status_of("imc_list_members", {{"room", "sip:r@d"}}).ok());
  EXPECT_TRUE(status_of("imc_list_members", {{"ROOM", "sip:r@d"}}).ok());
  EXPECT_TRUE(status_of("imc_list_members", {{"uri", "sip:r@d"}}).ok());
}

TEST(CommandTable, ACommandWithoutArgumentsIgnoresThem) {
  EXPECT_TRUE(status_of("uptime", {{"", "x"}, {"y", "z"}}).ok());
}

TEST(CommandTable, OnlyTheRoomCommandsHaveANamespace) {
  EXPECT_TRUE(is_namespace("imc"));
  EXPECT_FALSE(is_namespace(""));
  EXPECT_FALSE(is_namespace("uptime"));
}

}  // namespace
}  // namespace imcd::mi
