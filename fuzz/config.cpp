// A configuration file.
#include <array>
#include <fmt/format.h>
#include <string>

#include "config/load.h"
#include "config/option.h"
#include "config/pages.h"
#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {

namespace {

constexpr std::string_view secret = "sEcReT";
constexpr std::string_view url_of_secret = "mysql://u:sEcReT@";

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + 1)) {
    ++found;
  }
  return found;
}

Result<config::CommandLine> load(std::string_view text) {
  constexpr std::array<std::string_view, 2> arguments = {"-c", "imcd.conf"};
  const auto environment = [](const char*) -> const char* { return nullptr; };
  const auto read = [text](const std::string&) -> Result<std::string> { return std::string(text); };
  return config::load_config(arguments, "1", environment, read);
}

// One line for each fault, each to be shown in a terminal, none with a password.
void expect_sound_complaints(std::string_view text, bool has_password) {
  expect(!text.empty(), "a refusal without a word");
  expect(!has_password || !text.contains(secret), "a password is shown");
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    expect((byte >= 0x20 && byte != 0x7f) || c == '\n', "a control character in a complaint");
  }
}

}  // namespace

void test_input(std::string_view input) {
  const auto loaded = load(input);
  if (!loaded) {
    // It is a password only where it stands as one.
    const std::size_t passwords = count(input, url_of_secret);
    const bool has_password = passwords > 0 && passwords == count(input, secret);
    return expect_sound_complaints(loaded.error().text, has_password);
  }
  const auto again = load(input);
  expect(again && again->settings == loaded->settings, "the same file means something else");
  // What comes into header fields of ours stands there as it is.
  const std::string& extra = loaded->settings.conference.extra_headers;
  expect(extra.empty() || (extra.ends_with("\r\n") && !extra.contains("\r\n\r\n")),
         "extra header fields that end the head");
}

void add_seeds(const AddSeed& add) {
  const auto environment = [](const char*) -> const char* { return nullptr; };
  std::string page = config::sample_page(environment);
  add(page);
  // Each option by itself, without the sign of a comment.
  for (std::size_t at = page.find("\n#"); at != std::string::npos; at = page.find("\n#", at + 1)) {
    const std::size_t end = page.find('\n', at + 1);
    const std::string line = page.substr(at + 2, end - at - 2);
    if (line.contains('=')) add(line + "\n");
  }
  for (const std::string_view line :
       {"listen = udp:[::1]:5060\nadvertise = [2001:db8::1]:5070\n",
        "extra_hdrs = A: b\\r\\nC: d\n", "db_url = mysql://u:sEcReT@h:3306/db?tls=off\n",
        "db_url = sqlite:////var/lib/imcd/rooms.db\n", "outbound_proxy = sip:192.0.2.1:5060\n",
        "trusted = 10.0.0.0/8\ntrusted = ::/0\n", "domain = example.org\ndomain = b.example\n",
        "unknown = 1\n", "=\n", "listen\n", "db_flush_ms = 99999999999999999999\n"}) {
    add(line);
  }
}

}  // namespace imcd::fuzz
