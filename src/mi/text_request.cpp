#include "mi/text_request.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "mi/command_table.h"

namespace imcd::mi {
namespace {

struct FirstLine {
  std::string_view command;
  std::string_view reply_name;
};

// The first line is echoed in errors and names a file, so it is plain text.
bool is_control(char c) { return (c >= 0 && c < ' ') || c == 0x7f; }

// A namespace before a command has a colon too: ":imc:list_rooms:reply".
std::size_t end_of_command(std::string_view text) {
  const std::size_t first = text.find(':');
  if (first == std::string_view::npos || !is_namespace(text.substr(0, first))) return first;
  const std::size_t second = text.find(':', first + 1);
  return second == std::string_view::npos ? first : second;
}

std::optional<FirstLine> parse_first_line(std::string_view line) {
  if (!line.starts_with(':') || std::ranges::any_of(line, is_control)) return std::nullopt;
  line.remove_prefix(1);
  const std::size_t end = end_of_command(line);
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view reply_name = line.substr(end + 1);
  if (reply_name.find_first_of("/.") != std::string_view::npos) return std::nullopt;
  return FirstLine{line.substr(0, end), reply_name};
}

}  // namespace

std::optional<Request> TextRequestReader::next(std::string_view& bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    add_to_line(bytes.substr(0, end));
    if (end == std::string_view::npos) {
      bytes = {};
      return std::nullopt;
    }
    bytes.remove_prefix(end + 1);
    if (std::optional<Request> request = end_line()) return request;
  }
  return std::nullopt;
}

bool TextRequestReader::unfinished() const {
  return state_ != State::between || !line_.empty() || line_cut_;
}

void TextRequestReader::reset() {
  const std::uint64_t garbage = garbage_;
  *this = TextRequestReader();
  garbage_ = garbage;
}

std::uint64_t TextRequestReader::take_garbage() { return std::exchange(garbage_, 0); }

void TextRequestReader::add_to_line(std::string_view bytes) {
  const std::size_t room = limits::mi_arguments_bytes_max - line_.size();
  line_cut_ = line_cut_ || bytes.size() > room;
  line_.append(bytes.substr(0, room));
}

std::optional<Request> TextRequestReader::end_line() {
  std::string_view line = line_;
  argument_bytes_ += line.size() + 1;
  if (line.ends_with('\r')) line.remove_suffix(1);
  const bool is_empty = line.empty();
  std::optional<Request> request;
  switch (state_) {
    case State::between:
      if (is_empty) {
        in_garbage_ = false;
      } else {
        begin(line);
      }
      break;
    case State::arguments:
      if (is_empty) {
        request = end_request();
      } else {
        add_argument(line);
      }
      break;
    case State::skipping:
      if (is_empty) state_ = State::between;
      break;
  }
  line_.clear();
  line_cut_ = false;
  return request;
}

void TextRequestReader::begin(std::string_view line) {
  if (line_cut_ || line.size() >= limits::mi_first_line_bytes_max) {
    note_garbage();
    in_garbage_ = false;  // All up to the empty line is this one run.
    state_ = State::skipping;
    return;
  }
  const std::optional<FirstLine> first = parse_first_line(trim(line));
  if (!first) return note_garbage();
  in_garbage_ = false;
  request_ = {std::string(first->command), std::string(first->reply_name), {}, false};
  argument_bytes_ = 0;
  state_ = State::arguments;
}

void TextRequestReader::add_argument(std::string_view line) {
  if (request_.malformed) return;
  const bool too_long = line_cut_ || argument_bytes_ > limits::mi_arguments_bytes_max;
  request_.malformed = too_long || !arguments_.add_line(line);
}

Request TextRequestReader::end_request() {
  if (arguments_.unfinished()) request_.malformed = true;
  request_.arguments = arguments_.take();
  state_ = State::between;
  return std::exchange(request_, {});
}

void TextRequestReader::note_garbage() {
  if (!in_garbage_) ++garbage_;
  in_garbage_ = true;
}

}  // namespace imcd::mi
