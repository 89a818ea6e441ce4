// The whole server core; world.h says how an input is read.
#include "parser/cases.h"
#include "target.h"
#include "world.h"

namespace imcd::fuzz {

namespace {

constexpr std::string_view between = "\x1e";

std::string join(std::initializer_list<std::string_view> steps) {
  std::string input;
  for (const std::string_view step : steps) {
    if (!input.empty()) input += between;
    input += step;
  }
  return input;
}

}  // namespace

void test_input(std::string_view input) { World().run(input); }

void add_seeds(const AddSeed& add) {
  const std::string room = join({"A0#create", "t20", "k", "A0#add bob", "t20", "k", "B0#list"});
  for (const parser::Case& one : parser::cases()) {
    // Huge ones only slow the search down.
    if (!one.is_message() || one.bytes.size() > 4000) continue;
    std::string input = room;
    for (const char* const step : {"a", "e", "s1"})
      input += std::string(between) + step + one.bytes;
    add(input + join({"", "t50", "r200", "r200"}));
  }
  add(join({"a" + std::string("MESSAGE sip:chat@example.org SIP/2.0\r\nVia: SIP/2.0/UDP "
                              "127.0.0.1:6000;branch=z9hG4bKx\r\nFrom: <sip:alice@example.org>;"
                              "tag=1\r\nTo: <sip:chat@example.org>\r\nCall-ID: 1\r\nCSeq: 1 "
                              "MESSAGE\r\nContent-Length: 7\r\n\r\n#create"),
            "t20", "k", "A0hello", "r503Retry-After: 3\r\n", "t5000", "r408"}));
  add(room + join({"", "A0hello", "B0answer", "r200", "R404", "t40000", "A0again", "t600000"}));
  add(room + join({"", "A0#invite carol", "t20", "k", "C0#accept", "t20", "kf", "t1000", "k"}));
  add(room + join({"", "A0#create chat2 private", "t20", "kr", "A2#list", "kl", "t100", "k"}));
  add(room + join({"", "A0#modify bob owner", "t20", "k", "A0#exit", "B0#destroy", "t20", "k"}));
  add(room + join({"", "m:imc_list_rooms:r\n\n", "M0", "M3",
                   "m:imc_list_members:r\nsip:chat0@"
                   "example.org\n\n",
                   "M1", "t2000", "M4"}));
  add(room +
      join({"", "s0\r\n\r\n", "s0OPTIONS sip:h SI", "t40000", "s2\r\n", "S2", "s2\r\n", "S+"}));
  add(room + join({"", "ou", "oh", "os", "A0late", "t20000"}));
}

}  // namespace imcd::fuzz
