// The line of a chat command, after its first character.
#include "imc/chat_command.h"

#include <fmt/format.h>

#include "parser/properties.h"
#include "target.h"

namespace imcd::fuzz {

namespace {

std::string_view role_text(imc::Role role) {
  switch (role) {
    case imc::Role::member:
      return "member";
    case imc::Role::admin:
      return "admin";
    case imc::Role::owner:
      return "owner";
  }
  return "";
}

bool lies_in(std::string_view word, std::string_view line) {
  return word.empty() ||
         (word.data() >= line.data() && word.data() + word.size() <= line.data() + line.size());
}

// The same command in its usual spelling.
std::string rewrite(const imc::ChatCommand& command) {
  std::string out(command.row->name);
  const auto add = [&out](std::string_view word) {
    if (!word.empty()) out += fmt::format(" {}", word);
  };
  add(command.user);
  if (command.row->arguments.role) add(role_text(command.role));
  add(command.room);
  add(command.topic);
  if (command.is_private) add("private");
  return out;
}

}  // namespace

void test_input(std::string_view input) {
  const auto command = imc::parse_chat_command(input, '#');
  if (!command) {
    expect(!command.error().notice.empty(), "a command is refused without a word");
    return expect_none(parser::find_broken_in_own_text(command.error().notice));
  }
  expect(lies_in(command->user, input) && lies_in(command->room, input) &&
             lies_in(command->topic, input),
         "a word beyond the line");
  const std::string text = rewrite(*command);
  const auto again = imc::parse_chat_command(text, '#');
  expect(again && rewrite(*again) == text && again->is_private == command->is_private,
         fmt::format("a command is another when rewritten: {}", text));
}

void add_seeds(const AddSeed& add) {
  for (const imc::ChatCommandRow& row : imc::chat_command_rows()) {
    for (const std::string_view name : {row.name, row.alias}) {
      if (name.empty()) continue;
      add(name);
      add(fmt::format("{} {}", name, row.usage));
      add(fmt::format(" {}\tbob@example.org  admin sip:chat@example.org private ", name));
      add(fmt::format("{} private", name));
    }
  }
}

}  // namespace imcd::fuzz
