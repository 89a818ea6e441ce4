#include "config/value.h"

#include <gtest/gtest.h>
#include <string>
#include <string_view>

#include "config/directories.h"
#include "fixture.h"

namespace imcd::config {
namespace {

Address address(std::string_view text) { return parse_address(text).value(); }

TEST(Listen, TakesBothTransportsBothFamiliesAndFreePorts) {
  EXPECT_EQ(parse_listen("udp:127.0.0.1:5070", {}),
            (Endpoint{Transport::udp, address("127.0.0.1:5070")}));
  EXPECT_EQ(parse_listen("tcp:[::1]:0", {}), (Endpoint{Transport::tcp, address("[::1]:0")}));
}

TEST(Listen, RefusesWhatIsNoAddress) {
  for (const char* value :
       {"", "udp:", "127.0.0.1:5070", "udp:127.0.0.1", "udp:::1:5070", "udp:localhost:5070",
        "udp:127.0.0.1:65536", "UDP 127.0.0.1:5070", "tls:127.0.0.1:5061", "tcp:"}) {
    const auto parsed = parse_listen(value, {});
    ASSERT_FALSE(parsed) << value;
    EXPECT_EQ(parsed.error().text,
              "expected udp:IP:PORT or tcp:IP:PORT, such as udp:127.0.0.1:5070 or tcp:[::1]:5070");
  }
}

TEST(OutboundProxy, TakesAnAddressWithOrWithoutSchemeAndPort) {
  EXPECT_EQ(parse_proxy("192.0.2.1", {}), address("192.0.2.1:5060"));
  EXPECT_EQ(parse_proxy("192.0.2.1:5080", {}), address("192.0.2.1:5080"));
  EXPECT_EQ(parse_proxy("sip:192.0.2.1", {}), address("192.0.2.1:5060"));
  EXPECT_EQ(parse_proxy("SIP:192.0.2.1:5080", {}), address("192.0.2.1:5080"));
  EXPECT_EQ(parse_proxy("sip:[2001:db8::1]:5080", {}), address("[2001:db8::1]:5080"));
  EXPECT_EQ(parse_proxy("2001:db8::1", {}), address("[2001:db8::1]:5060"));
}

TEST(OutboundProxy, TakesATransport) {
  EXPECT_EQ(parse_proxy("sip:192.0.2.1;transport=tcp", {}),
            NextHop(address("192.0.2.1:5060"), Transport::tcp));
  EXPECT_EQ(parse_proxy("192.0.2.1:5080;transport=TCP", {}),
            NextHop(address("192.0.2.1:5080"), Transport::tcp));
  EXPECT_EQ(parse_proxy("192.0.2.1;transport=udp", {}), address("192.0.2.1:5060"));
  EXPECT_EQ(parse_proxy("sip:proxy:5080;transport=tcp", {}),
            NextHop("proxy", 5080, Transport::tcp));
  for (const char* value :
       {"192.0.2.1;transport=tls", "192.0.2.1;lr", "192.0.2.1;", "192.0.2.1;transport=tcp;lr"}) {
    EXPECT_EQ(parse_proxy(value, {}).error().text,
              "expected no parameter but ;transport=tcp or ;transport=udp");
  }
}

TEST(OutboundProxy, TakesANameWithAndWithoutPort) {
  EXPECT_EQ(parse_proxy("Proxy.Example.org", {}), NextHop("proxy.example.org", 0));
  EXPECT_EQ(parse_proxy("proxy.example.org.", {}), NextHop("proxy.example.org", 0));
  EXPECT_EQ(parse_proxy("sip:proxy:5080", {}), NextHop("proxy", 5080));
}

TEST(OutboundProxy, SaysWhatIsNotThereYet) {
  EXPECT_TRUE(parse_proxy("sips:192.0.2.1", {}).error().text.starts_with("TLS is not available"));
}

TEST(OutboundProxy, RefusesWhatCannotBeSentTo) {
  for (const std::string value :
       {"", "sip:", "0.0.0.0", "192.0.2.1:0", "192.0.2.300", "192.0.2.1:port", "proxy:0",
        "proxy:99999", "proxy:", "a..example", ".example", "pro xy", "proxy:1:2", "::g"}) {
    EXPECT_FALSE(parse_proxy(value, {})) << value;
  }
  EXPECT_FALSE(parse_proxy(std::string(64, 'x') + ".example", {}));
  EXPECT_EQ(parse_proxy("a..example", {}).error().text,
            "expected HOST, HOST:PORT or sip:HOST:PORT, such as 192.0.2.1:5060 or "
            "proxy.example.org");
}

TEST(DnsServer, IsAnAddressWithPort53UnlessAnotherIsGiven) {
  EXPECT_EQ(parse_dns_server("192.0.2.53", {}), address("192.0.2.53:53"));
  EXPECT_EQ(parse_dns_server("[::1]:5353", {}), address("[::1]:5353"));
  for (const char* value : {"", "dns.example.org", "0.0.0.0", "192.0.2.53:0"}) {
    EXPECT_FALSE(parse_dns_server(value, {})) << value;
  }
}

TEST(Advertise, TakesAnAddressThatPeersCanReach) {
  EXPECT_EQ(parse_advertise("192.0.2.1", {})->port, 0);
  EXPECT_EQ(parse_advertise("[2001:db8::1]:5070", {}), address("[2001:db8::1]:5070"));
  EXPECT_FALSE(parse_advertise("0.0.0.0", {}));
  EXPECT_TRUE(parse_advertise("imcd.example.org", {}).error().text.starts_with("names are not"));
}

TEST(Trusted, TakesNetworksAndSingleAddresses) {
  EXPECT_EQ(parse_trusted("10.1.2.3/8", {}), *parse_network("10.0.0.0/8"));
  EXPECT_EQ(parse_trusted("::1", {}), *parse_network("::1/128"));
  for (const char* value : {"", "10.0.0.0/33", "10.0.0.0/", "localhost", "10/8"}) {
    EXPECT_FALSE(parse_trusted(value, {})) << value;
  }
}

TEST(TableName, IsAnIdentifierThatNeedsNoQuotes) {
  EXPECT_EQ(parse_table_name("imc_rooms2", {}), "imc_rooms2");
  EXPECT_TRUE(parse_table_name(std::string(64, 'a'), {}));
  for (const char* value : {"", "2rooms", "imc rooms", "rooms;drop", "\"rooms\"", "sqlite_master",
                            "version", "imcd_users"}) {
    EXPECT_FALSE(parse_table_name(value, {})) << value;
  }
  EXPECT_FALSE(parse_table_name(std::string(65, 'a'), {}));
}

TEST(ExtraHeaders, MayBeSeveralAndEndInCrlf) {
  EXPECT_EQ(parse_extra_headers("P-Flags: 3", {}), "P-Flags: 3\r\n");
  EXPECT_EQ(parse_extra_headers("P-Flags: 3\\r\\n", {}), "P-Flags: 3\r\n");
  EXPECT_EQ(parse_extra_headers("A: 1\\r\\nB: 2\\r\\n", {}), "A: 1\r\nB: 2\r\n");
}

TEST(ExtraHeaders, CannotReplaceWhatImcdWrites) {
  EXPECT_EQ(parse_extra_headers("X-A: 1\\r\\nfrom: <sip:mallory@example.org>", {}).error().text,
            "expected headers that imcd doesn't write itself, unlike From");
  for (const char* value : {"v: x", "Content-Length: 0", "X-IMC-Loop: a", "no colon", ": empty",
                            "Two Words: x", "\\r\\n"}) {
    EXPECT_FALSE(parse_extra_headers(value, {})) << value;
  }
}

TEST(FileMode, IsOctal) {
  EXPECT_EQ(parse_file_mode("0660", {}), 0660U);
  EXPECT_EQ(parse_file_mode("600", {}), 0600U);
  for (const char* value : {"", "0", "0680", "1777", "00660", "rw-rw----"}) {
    EXPECT_FALSE(parse_file_mode(value, {})) << value;
  }
}

TEST(Count, IsAWholeNumberWithinItsBounds) {
  EXPECT_EQ(parse_count("1", {1, 64}), 1U);
  EXPECT_EQ(parse_count("64", {1, 64}), 64U);
  for (const char* value :
       {"", "0", "65", "-1", "+1", " 1", "1.5", "0x10", "18446744073709551617"}) {
    EXPECT_FALSE(parse_count(value, {1, 64})) << value;
  }
}

TEST(CommandChar, IsOneVisibleCharacter) {
  EXPECT_EQ(parse_command_char("/", {}), '/');
  for (const char* value : {"", " ", "##", "\xc3\xa9"}) {
    EXPECT_FALSE(parse_command_char(value, {})) << value;
  }
}

TEST(Words, AreTakenAsTheyAreSpelledAndNothingElse) {
  EXPECT_EQ(parse_reply_to_source("auto", {}), ReplyToSource::automatic);
  EXPECT_EQ(parse_reply_to_source("0", {}), ReplyToSource::off);
  EXPECT_EQ(parse_reply_to_source("1", {}), ReplyToSource::on);
  EXPECT_EQ(parse_room_address("request_uri", {}), true);
  EXPECT_EQ(parse_owner_exit("refuse", {}), false);
  EXPECT_EQ(parse_db_durability("relaxed", {}), true);
  EXPECT_EQ(parse_log_format("json", {}), LogFormat::json);
  EXPECT_EQ(parse_log_level("warning", {}), LogLevel::warning);
  EXPECT_EQ(parse_log_level("loud", {}).error().text, "expected debug, info, warning or error");
  EXPECT_FALSE(parse_owner_exit("", {}));
}

TEST(StateDirectory, ComesFromSystemdThenXdgThenHome) {
  const auto state = [](Variables variables) { return state_directory(environment_of(variables)); };
  EXPECT_EQ(state({{"STATE_DIRECTORY", "/var/lib/imcd:/var/lib/other"},
                   {"XDG_STATE_HOME", "/x"},
                   {"HOME", "/h"}}),
            "/var/lib/imcd");
  EXPECT_EQ(state({{"XDG_STATE_HOME", "/x"}, {"HOME", "/h"}}), "/x/imcd");
  EXPECT_EQ(state({{"XDG_STATE_HOME", ""}, {"HOME", "/h"}}), "/h/.local/state/imcd");
  EXPECT_EQ(state({{"XDG_STATE_HOME", "relative"}, {"HOME", "/h"}}), "/h/.local/state/imcd");
  EXPECT_EQ(state({}), std::nullopt);
}

TEST(RuntimeDirectory, ComesFromSystemdThenXdgThenIsTmp) {
  const auto runtime = [](Variables variables) {
    return runtime_directory(environment_of(variables));
  };
  EXPECT_EQ(runtime({{"RUNTIME_DIRECTORY", "/run/imcd"}, {"XDG_RUNTIME_DIR", "/run/user/7"}}),
            "/run/imcd");
  EXPECT_EQ(runtime({{"XDG_RUNTIME_DIR", "/run/user/7"}}), "/run/user/7");
  EXPECT_EQ(runtime({{"XDG_RUNTIME_DIR", ""}}), "/tmp");
  EXPECT_EQ(runtime({}), "/tmp");
}

TEST(Value, DomainIsAHostWithoutAPort) {
  for (const char* host : {"example.org", "192.0.2.1", "[2001:db8::1]"}) {
    EXPECT_EQ(parse_domain(host, {}), host);
  }
  for (const char* bad : {"", "example.org:5060", "2001:db8::1", "a b", "sip:a", "[::1"}) {
    EXPECT_FALSE(parse_domain(bad, {})) << bad;
  }
}

TEST(Value, RoomCreateIsAnyoneOrMi) {
  EXPECT_EQ(parse_room_create("anyone", {}), true);
  EXPECT_EQ(parse_room_create("mi", {}), false);
  EXPECT_FALSE(parse_room_create("owner", {}));
}

}  // namespace
}  // namespace imcd::config
