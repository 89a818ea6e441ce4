#include "config/load.h"

#include <cstdio>
#include <fstream>
#include <gtest/gtest.h>
#include <string>

#include "fixture.h"

namespace imcd::config {
namespace {

Address address(std::string_view text) { return parse_address(text).value(); }

TEST(LoadConfig, NoArgumentsGiveAServerOnLoopbackWithSqlite) {
  const auto loaded = load({});
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->action, Action::serve);
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.network.listen,
            (std::vector{Endpoint{Transport::udp, address("127.0.0.1:5070")},
                         Endpoint{Transport::tcp, address("127.0.0.1:5070")}}));
  EXPECT_TRUE(settings.network.advertise.empty());
  EXPECT_TRUE(settings.deliveries.outbound_proxies.empty());
  EXPECT_EQ(settings.server.trusted,
            (std::vector{*parse_network("127.0.0.0/8"), *parse_network("::1")}));
  EXPECT_EQ(settings.storage.db_url.sqlite_path, "/home/op/.local/state/imcd/imcd.db");
  EXPECT_EQ(settings.storage.rooms_table, "imc_rooms");
  EXPECT_EQ(settings.storage.members_table, "imc_members");
  EXPECT_EQ(settings.conference.hash_size, 4U);
  EXPECT_EQ(settings.conference.command_prefix, '#');
  EXPECT_TRUE(settings.conference.create_on_join);
  EXPECT_FALSE(settings.conference.check_on_create);
  EXPECT_TRUE(settings.conference.owner_exit_destroys);
  EXPECT_FALSE(settings.server.room_address_is_request_uri);
  EXPECT_EQ(settings.deliveries.reply_to_source, ReplyToSource::automatic);
  EXPECT_EQ(settings.conference.extra_headers, "");
  EXPECT_EQ(settings.management.mi_fifo, "/tmp/imcd_fifo");
  EXPECT_EQ(settings.management.mi_fifo_mode, 0660U);
  EXPECT_EQ(settings.management.mi_reply_dir, "/tmp");
  EXPECT_EQ(settings.journal.flush, 10ms);
  EXPECT_EQ(settings.journal.timeout, 5s);
  EXPECT_FALSE(settings.server.relaxed_durability);
  EXPECT_FALSE(settings.server.db_required);
  EXPECT_FALSE(settings.storage.db_shared);
  EXPECT_EQ(settings.deliveries.delivery_window, 1U);
  EXPECT_EQ(settings.deliveries.hop_window, 64U);
  EXPECT_EQ(settings.conference.max_members, 100'000U);
  EXPECT_EQ(settings.server.drain_timeout, 10s);
  EXPECT_EQ(settings.network.receive_buffer_bytes, 8U << 20);
  EXPECT_EQ(settings.network.send_buffer_bytes, 8U << 20);
  EXPECT_EQ(settings.log.log_level, LogLevel::info);
  EXPECT_EQ(settings.log.log_format, LogFormat::text);
}

TEST(LoadConfig, EveryParameterOfTheModuleIsTakenByItsName) {
  const auto loaded = load_file(R"(
    db_url = sqlite:////var/lib/imcd/rooms.db
    rooms_table = my_rooms
    members_table = my_members
    hash_size = 10
    imc_cmd_start_char = !
    outbound_proxy = sip:192.0.2.1:5080
    extra_hdrs = P-Flags: 3\r\n
    create_on_join = 0
    check_on_create = 1
  )");
  ASSERT_TRUE(loaded) << loaded.error().text;
  const Settings& settings = loaded->settings;
  EXPECT_EQ(settings.storage.db_url.sqlite_path, "/var/lib/imcd/rooms.db");
  EXPECT_EQ(settings.storage.rooms_table, "my_rooms");
  EXPECT_EQ(settings.storage.members_table, "my_members");
  EXPECT_EQ(settings.conference.hash_size, 10U);
  EXPECT_EQ(settings.conference.command_prefix, '!');
  EXPECT_EQ(settings.deliveries.outbound_proxies, std::vector<NextHop>{address("192.0.2.1:5080")});
  EXPECT_EQ(settings.conference.extra_headers, "P-Flags: 3\r\n");
  EXPECT_FALSE(settings.conference.create_on_join);
  EXPECT_TRUE(settings.conference.check_on_create);
}

TEST(LoadConfig, CommandLineWinsOverTheFile) {
  const auto loaded = load({"--db_flush_ms", "20", "-c", "imcd.conf", "--log_level=debug"},
                           "db_flush_ms = 30\nlog_level = error\nhop_window = 7\n");
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings.journal.flush, 20ms);
  EXPECT_EQ(loaded->settings.log.log_level, LogLevel::debug);
  EXPECT_EQ(loaded->settings.deliveries.hop_window, 7U);
}

TEST(LoadConfig, RepeatableOptionReplacesItsDefaultsAndThoseOfTheFile) {
  const std::string_view file = "trusted = 10.0.0.0/8\ntrusted = 192.0.2.1\n";
  auto loaded = load({"-c", "imcd.conf"}, file);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings.server.trusted,
            (std::vector{*parse_network("10.0.0.0/8"), *parse_network("192.0.2.1/32")}));

  loaded = load({"-c", "imcd.conf", "--trusted=::1"}, file);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings.server.trusted, std::vector{*parse_network("::1/128")});
}

TEST(LoadConfig, EmptyValueEmptiesAList) {
  auto loaded = load({"--trusted="});
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_TRUE(loaded->settings.server.trusted.empty());

  loaded = load({"-c", "imcd.conf", "--outbound_proxy", ""}, "outbound_proxy = 192.0.2.1");
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_TRUE(loaded->settings.deliveries.outbound_proxies.empty());
}

TEST(LoadConfig, EmptyFifoMeansNone) {
  EXPECT_EQ(load({"--mi_fifo="})->settings.management.mi_fifo, "");
  EXPECT_EQ(load_file("mi_fifo =\n")->settings.management.mi_fifo, "");
}

TEST(LoadConfig, EmptyListenIsRefused) {
  EXPECT_EQ(error_of(load({"--listen="})), "listen: expected at least one");
}

TEST(LoadConfig, HashSignIsAValueAndALineOfItsOwnIsAComment) {
  const auto loaded = load_file(
      "# a comment\n"
      "   # another = one\n"
      "imc_cmd_start_char = #\n"
      "extra_hdrs = X-Channel: a#b\n");
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings.conference.command_prefix, '#');
  EXPECT_EQ(loaded->settings.conference.extra_headers, "X-Channel: a#b\r\n");
}

TEST(LoadConfig, CommentBehindAValueIsAnErrorRatherThanAPartOfIt) {
  EXPECT_EQ(error_of(load_file("\nmi_fifo = /run/imcd/fifo  # the operators'\n")),
            "imcd.conf:2: mi_fifo = /run/imcd/fifo  # the operators': expected no comment behind a "
            "value; give it a line of its own");
}

TEST(LoadConfig, ControlCharactersAreNotShownInTheNameOfAKeyEither) {
  EXPECT_EQ(error_of(load_file("mi\x1b[2J = 1 # one\n")),
            "imcd.conf:1: mi?[2J = 1 # one: expected no comment behind a value; give it a line of "
            "its own");
}

TEST(LoadConfig, BlanksAndLineEndsOfOtherSystemsDoNotCount) {
  const auto loaded = load_file("\r\n\t hop_window\t=  9 \r\nlog_format=json");
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings.deliveries.hop_window, 9U);
  EXPECT_EQ(loaded->settings.log.log_format, LogFormat::json);
}

TEST(LoadConfig, ErrorNamesFileLineKeyValueAndWhatWasExpected) {
  EXPECT_EQ(error_of(load_file("\n\nhop_window = 0\n")),
            "imcd.conf:3: hop_window = 0: expected a whole number from 1 to 1024");
  EXPECT_EQ(error_of(load({"--owner_exit", "maybe"})),
            "command line: owner_exit = maybe: expected destroy or refuse");
}

TEST(LoadConfig, EveryErrorIsReportedAtOnce) {
  EXPECT_EQ(error_of(load({"-c", "imcd.conf", "--db_required=yes", "stray"},
                          "hop_window = x\nno equals sign\n")),
            "imcd.conf:2: no equals sign: expected `key = value`\n"
            "imcd.conf:1: hop_window = x: expected a whole number from 1 to 1024\n"
            "command line: stray: expected --key value, --key=value or -c FILE; see --help\n"
            "command line: db_required = yes: expected 0 or 1");
}

TEST(LoadConfig, UnknownKeyIsAnErrorThatNamesTheLikelyOne) {
  EXPECT_EQ(error_of(load({"--db-flush-ms=5"})),
            "command line: db-flush-ms = 5: expected a key that imcd knows; did you mean "
            "db_flush_ms?");
  EXPECT_EQ(error_of(load_file("outbond_proxy = 192.0.2.1")),
            "imcd.conf:1: outbond_proxy = 192.0.2.1: expected a key that imcd knows; did you mean "
            "outbound_proxy?");
  EXPECT_EQ(error_of(load({"--colour=red"})),
            "command line: colour = red: expected a key that imcd knows; see --help");
}

TEST(LoadConfig, KeyWithoutAValueIsAnError) {
  EXPECT_EQ(error_of(load({"--listen"})), "command line: --listen: expected a value after it");
  EXPECT_EQ(error_of(load({"-c"})), "command line: -c: expected a file after it");
  EXPECT_EQ(error_of(load_file("= 5\n")), "imcd.conf:1: = 5: expected `key = value`");
}

TEST(LoadConfig, ValueMayLookLikeAnOption) {
  EXPECT_EQ(load({"--imc_cmd_start_char", "-"})->settings.conference.command_prefix, '-');
}

TEST(LoadConfig, OptionGivenTwiceInOnePlaceIsAnError) {
  EXPECT_EQ(error_of(load_file("hop_window = 1\n\nhop_window = 2\n")),
            "imcd.conf:3: hop_window = 2: expected once, but it stands at imcd.conf:1 too");
  EXPECT_EQ(error_of(load({"-c", "imcd.conf", "-c", "imcd.conf"})),
            "command line: -c: expected only one file");
}

TEST(LoadConfig, BadValueInTheFileIsAnErrorEvenWhereTheCommandLineWins) {
  EXPECT_NE(error_of(load({"-c", "imcd.conf", "--hop_window=3"}, "hop_window = no")), "");
}

TEST(LoadConfig, ControlCharactersAreRefusedAndNotPrinted) {
  EXPECT_EQ(error_of(load({"--extra_hdrs", "X-A: b\r\nVia: c"})),
            "command line: extra_hdrs = X-A: b??Via: c: expected no control characters");
}

TEST(LoadConfig, MissingFileIsAnError) {
  EXPECT_EQ(error_of(load({"-c", "other.conf"})), "cannot read other.conf");
  EXPECT_EQ(error_of(load({"-c", ""})), "cannot read ");
}

TEST(LoadConfig, WildcardNeedsAnAdvertisedAddressOfItsFamily) {
  EXPECT_EQ(error_of(load({"--listen=udp:0.0.0.0:5070", "--advertise=2001:db8::1"})),
            "listen = udp:0.0.0.0:5070: expected an `advertise` with the IPv4 address that peers "
            "see");
  EXPECT_TRUE(load({"--listen=udp:0.0.0.0:5070", "--advertise=192.0.2.1"}));
  EXPECT_NE(error_of(load({"--listen=udp:[::]:5070", "--advertise=192.0.2.1"})), "");
  EXPECT_TRUE(load({"--listen=udp:[::]:5070", "--advertise=[2001:db8::1]:5999"}));
}

TEST(LoadConfig, OneAddressOfAFamilyMayBeAdvertised) {
  EXPECT_TRUE(load({"--advertise=192.0.2.1", "--advertise=2001:db8::1"}));
  EXPECT_EQ(error_of(load({"--advertise=192.0.2.1", "--advertise=192.0.2.2"})),
            "advertise: expected at most one for IPv4 and one for IPv6");
}

TEST(LoadConfig, ProxyOfAFamilyThatIsNotListenedOnIsRefused) {
  EXPECT_EQ(error_of(load({"--outbound_proxy=2001:db8::1"})),
            "outbound_proxy = [2001:db8::1]:5060: expected a `listen` for IPv6 too");
  EXPECT_TRUE(load({"--outbound_proxy=2001:db8::1", "--listen=udp:[::1]:5070"}));
  EXPECT_TRUE(load({"--outbound_proxy=proxy.example.org"}));
}

TEST(LoadConfig, SocketsAreDistinctUnlessTheirPortsAreFree) {
  EXPECT_TRUE(load({"--listen=udp:127.0.0.1:0", "--listen=udp:127.0.0.1:0"}));
  EXPECT_TRUE(load({"--listen=udp:127.0.0.1:5070", "--listen=udp:[::1]:5070"}));
  EXPECT_EQ(error_of(load({"--listen=udp:127.0.0.1:5070", "--listen=udp:127.0.0.1:5070"})),
            "listen = udp:127.0.0.1:5070: expected once");
  EXPECT_EQ(error_of(load({"--listen=tcp:127.0.0.1:5070", "--listen=tcp:127.0.0.1:5070"})),
            "listen = tcp:127.0.0.1:5070: expected once");
  EXPECT_TRUE(load({"--listen=udp:127.0.0.1:5070", "--listen=tcp:127.0.0.1:5070"}));
}

TEST(LoadConfig, ExtraHeadersLeaveRoomForTheMessage) {
  const std::string long_one = "--extra_hdrs=X-A: " + std::string(300, 'a');
  const auto loaded = load({long_one});
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings.conference.extra_headers.size(), 307U);
  EXPECT_EQ(error_of(load({long_one, long_one})),
            "extra_hdrs: expected at most 512 bytes together");
}

TEST(LoadConfig, TablesMustDiffer) {
  EXPECT_EQ(error_of(load({"--members_table=IMC_rooms"})),
            "members_table: expected another table than rooms_table");
}

TEST(LoadConfig, FlushMustFitIntoTheTimeout) {
  EXPECT_EQ(error_of(load({"--db_flush_ms=200", "--db_timeout_ms=100"})),
            "db_flush_ms: expected at most db_timeout_ms");
}

TEST(LoadConfig, AHeldAnswerStillFitsIntoTimerF) {
  EXPECT_TRUE(load({"--db_timeout_ms=30000"}));
  EXPECT_NE(error_of(load({"--db_timeout_ms=30001"})), "");
}

TEST(LoadConfig, WithoutAHomeTheDatabaseMustBeNamed) {
  EXPECT_EQ(error_of(load({}, {}, {})),
            "db_url: expected a value, as none of STATE_DIRECTORY, XDG_STATE_HOME and HOME is set");
  EXPECT_TRUE(load({"--db_url=sqlite:///rooms.db"}, {}, {}));
}

TEST(LoadConfig, PasswordIsNeverShown) {
  for (const char* url :
       {"mysql://imcd:secret@db.example.org:/imcd", "mysql://imcd:se:cr@t/secret@host/",
        "mysql://imcd:secret@host/db?tls=maybe", "postgres://imcd:secret@host/db",
        "mysql:///imcd:secret@host"}) {
    const std::string error = error_of(load({"--db_url", url}));
    EXPECT_NE(error, "") << url;
    EXPECT_FALSE(error.contains("secret") || error.contains("cr@t")) << error;
    EXPECT_TRUE(error.contains("imcd:***@")) << error;
  }
  const std::string error = error_of(load({"--db_uri=mysql://imcd:secret@host/db"}));
  EXPECT_FALSE(error.contains("secret")) << error;
}

TEST(LoadConfig, CheckIsAnActionOfItsOwn) {
  EXPECT_EQ(load({"--check"})->action, Action::check);
  EXPECT_NE(error_of(load({"--check", "--hop_window=none"})), "");
}

TEST(LoadConfig, HelpAndVersionArePrintedWhateverElseIsWrong) {
  for (const char* argument : {"--help", "-h"}) {
    const auto loaded = load({"--nonsense=1", argument});
    ASSERT_TRUE(loaded) << loaded.error().text;
    EXPECT_EQ(loaded->action, Action::print);
    EXPECT_TRUE(loaded->page.starts_with("Usage: imcd"));
  }
  EXPECT_EQ(load({"--version"})->page, "imcd 1.2.3\n");
}

TEST(AdvertisedAddress, IsTheBoundOneUnlessItsFamilyHasAnother) {
  const Address bound = address("0.0.0.0:5070");
  const Address bound6 = address("[::1]:5071");
  const NetworkSettings network = load({"--advertise=192.0.2.1"})->settings.network;
  EXPECT_EQ(network.advertised_address(bound), address("192.0.2.1:5070"));
  EXPECT_EQ(network.advertised_address(bound6), bound6);
  const NetworkSettings with_port = load({"--advertise=192.0.2.1:5999"})->settings.network;
  EXPECT_EQ(with_port.advertised_address(bound), address("192.0.2.1:5999"));
}

TEST(RepliesToSource, FollowsTheProxyUnlessItIsSaid) {
  EXPECT_TRUE(load({})->settings.deliveries.replies_to_source());
  EXPECT_FALSE(load({"--outbound_proxy=192.0.2.1"})->settings.deliveries.replies_to_source());
  EXPECT_TRUE(load({"--outbound_proxy=192.0.2.1", "--reply_to_source=1"})
                  ->settings.deliveries.replies_to_source());
  EXPECT_FALSE(load({"--reply_to_source=0"})->settings.deliveries.replies_to_source());
}

using Names = std::vector<std::string>;

Names room_names(std::initializer_list<std::string_view> arguments) {
  return load(arguments)->settings.conference.room_names;
}

TEST(RoomNames, AreAnyOnOneMachineAndBeginWithChatWhereThereAreOthers) {
  EXPECT_EQ(room_names({}), Names{"*"});
  EXPECT_EQ(default_settings().conference.room_names, Names{"*"});
  EXPECT_EQ(room_names({"--listen=udp:[::1]:5070"}), Names{"*"});
  EXPECT_EQ(room_names({"--outbound_proxy=127.0.0.1"}), Names{"chat-*"});
  EXPECT_EQ(room_names({"--listen=udp:192.0.2.1:5070"}), Names{"chat-*"});
  EXPECT_EQ(room_names({"--listen=udp:127.0.0.1:5070", "--listen=tcp:0.0.0.0:5070",
                        "--advertise=192.0.2.1"}),
            Names{"chat-*"});
}

TEST(RoomNames, ThoseGivenReplaceTheDefault) {
  EXPECT_EQ(room_names({"--room_names=*", "--outbound_proxy=127.0.0.1"}), Names{"*"});
  EXPECT_EQ(room_names({"--room_names=auto", "--room_names=*@rooms.example.org"}),
            (Names{"*", "*@rooms.example.org"}));
  EXPECT_EQ(room_names({"--room_names="}), Names{});
  for (const std::string_view bad : {"a b", "@", "x@", "@x", "a@b@c", "a\tb"}) {
    EXPECT_FALSE(load({"--room_names", bad})) << bad;
  }
}

TEST(ContentTypes, AreAllOrWhatIsGivenInLowerCase) {
  EXPECT_EQ(load({})->settings.conference.content_types, Names{"*/*"});
  EXPECT_EQ(load({"--content_types=Image/*", "--content_types=text/html"})
                ->settings.conference.content_types,
            (Names{"image/*", "text/html"}));
  for (const std::string_view bad : {"text", "text/", "/plain", "*/plain", "text/pl*", "a/b;c=d"}) {
    EXPECT_FALSE(load({"--content_types", bad})) << bad;
  }
}

TEST(ReadFile, GivesTheBytesOfAFileAndSaysWhyThereAreNone) {
  const std::string path = testing::TempDir() + "imcd_read_file_test";
  std::ofstream(path) << "hop_window = 3\n";
  EXPECT_EQ(read_file(path).value(), "hop_window = 3\n");
  std::ofstream(path, std::ios::trunc) << "";
  EXPECT_EQ(read_file(path).value(), "");
  std::remove(path.c_str());
  EXPECT_EQ(read_file(path).error().text, "cannot read " + path + ": No such file or directory");
  EXPECT_EQ(read_file("/").error().text, "cannot read /: Is a directory");
  EXPECT_EQ(read_file("/dev/zero").error().text,
            "cannot read /dev/zero: expected at most 1048576 bytes");
}

}  // namespace
}  // namespace imcd::config
