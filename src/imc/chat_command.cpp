#include "imc/chat_command.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include "base/text.h"
#include "parser/utf8.h"

namespace imcd::imc {
namespace {

// A peer's word in a notice is cut after so many bytes.
constexpr std::size_t quoted_word_bytes_max = 40;
// The command's name and its arguments; one more word is an error already.
constexpr std::size_t words_max = 5;

struct Words {
  std::array<std::string_view, words_max> words;
  std::size_t count = 0;  // May be above words_max: the rest was not kept.
};

Words split(std::string_view line) {
  Words result;
  while (!(line = trim(line)).empty()) {
    std::size_t end = 0;
    while (end < line.size() && !is_blank(line[end])) ++end;
    if (result.count < words_max) result.words[result.count] = line.substr(0, end);
    ++result.count;
    line.remove_prefix(end);
  }
  return result;
}

std::optional<Role> find_role(std::string_view name) {
  if (equal_ignoring_case(name, "member")) return Role::member;
  if (equal_ignoring_case(name, "admin")) return Role::admin;
  if (equal_ignoring_case(name, "owner")) return Role::owner;
  return std::nullopt;
}

// A peer's word as a notice may show it: cut between code points, with a question mark for each
// control character and each byte that is no UTF-8.
std::string shown(std::string_view word) {
  std::string out;
  while (!word.empty()) {
    const std::size_t length = parser::code_point_bytes(word);
    if (out.size() + std::max<std::size_t>(length, 1) > quoted_word_bytes_max) break;
    const auto byte = static_cast<unsigned char>(word.front());
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      out += '?';
    } else {
      out += word.substr(0, length);
    }
    word.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::unexpected<ChatCommandError> unknown(std::string notice) {
  return std::unexpected(ChatCommandError{reply::unknown_command, std::move(notice)});
}

// Takes a command's arguments, word by word, as its row says.
class ArgumentReader {
 public:
  ArgumentReader(const Words& words, char prefix, ChatCommand& command)
      : words_(words), prefix_(prefix), command_(command) {}

  // What is wrong with them; nothing where all is right.
  std::optional<ChatCommandError> read() {
    const ChatCommandArguments& arguments = command_.row->arguments;
    if (arguments.user) {
      const auto user = take();
      if (!user && !arguments.may_lack_user) return usage("The user is missing.");
      command_.user = user.value_or(std::string_view{});
    }
    if (arguments.role) {
      const auto word = take();
      const auto role = word ? find_role(*word) : std::nullopt;
      if (!role) return usage("The role is missing or unknown.");
      command_.role = *role;
    }
    if (arguments.command) command_.topic = take().value_or(std::string_view{});
    if (arguments.room) command_.room = take().value_or(std::string_view{});
    if (arguments.is_private) {
      if (auto error = read_private()) return error;
    }
    if (next_ < words_.count) return usage("There are too many words.");
    return std::nullopt;
  }

 private:
  std::optional<ChatCommandError> read_private() {
    // `#create private` makes the addressed room a private one, not a room of that name.
    const bool is_last = next_ == words_.count;
    if (is_last && equal_ignoring_case(command_.room, "private")) {
      command_.room = {};
      command_.is_private = true;
    } else if (const auto word = take()) {
      if (!equal_ignoring_case(*word, "private")) {
        return usage(fmt::format("\"{}\" is not known here.", shown(*word)));
      }
      command_.is_private = true;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> take() {
    if (next_ >= words_.count || next_ >= words_max) return std::nullopt;
    return words_.words[next_++];
  }

  [[nodiscard]] ChatCommandError usage(std::string_view what) const {
    const ChatCommandRow& row = *command_.row;
    return {reply::bad_command, fmt::format("{} Usage: {}{}{}{}", what, prefix_, row.name,
                                            row.usage.empty() ? "" : " ", row.usage)};
  }

  const Words& words_;
  char prefix_;
  ChatCommand& command_;
  std::size_t next_ = 1;
};

}  // namespace

std::expected<ChatCommand, ChatCommandError> parse_chat_command(std::string_view line,
                                                                char prefix) {
  const Words words = split(line);
  if (words.count == 0) {
    return unknown(fmt::format("A command is missing. Try {}help.", prefix));
  }
  ChatCommand command;
  command.row = find_chat_command(words.words[0]);
  if (command.row == nullptr) {
    return unknown(fmt::format("Unknown command \"{}{}\". Try {}help.", prefix,
                               shown(words.words[0]), prefix));
  }
  if (auto error = ArgumentReader(words, prefix, command).read()) {
    return std::unexpected(std::move(*error));
  }
  return command;
}

}  // namespace imcd::imc
