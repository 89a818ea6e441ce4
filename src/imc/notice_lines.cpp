#include "imc/notice_lines.h"

#include <fmt/format.h>
#include <utility>

namespace imcd::imc {
namespace {

constexpr std::size_t text_bytes_max = limits::notice_body_bytes_max - 4;
// Two of the longest, which have a name, a mark and a date; the last one says how many more.
constexpr std::size_t line_bytes_max = limits::user_bytes_max + limits::domain_bytes_max + 100;

}  // namespace

bool NoticeLines::full() const {
  const bool is_last = notices_ + 1 >= run_.notice_places();
  return count_ >= limits::list_lines_max ||
         (is_last && text_.size() + line_bytes_max > text_bytes_max);
}

void NoticeLines::add(std::string_view line) {
  if (text_.size() + line.size() + 2 > text_bytes_max) flush("(more)");
  text_ += "\r\n";
  text_ += line;
  ++count_;
}

void NoticeLines::end(std::size_t hidden) {
  if (hidden > 0) add(fmt::format("and {} more", hidden));
  flush({});
}

void NoticeLines::flush(std::string_view next_first_line) {
  ++notices_;
  run_.tell_sender(std::exchange(text_, std::string(next_first_line)));
}

}  // namespace imcd::imc
