// GuardedBytes: a copy of some bytes that ends where a page begins that cannot be read, or begins
// where such a page ends, so a parser that looks one byte too far dies at once.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace imcd::parser {

enum class Guard : bool { behind, before };

class GuardedBytes {
 public:
  explicit GuardedBytes(std::string_view text) : GuardedBytes(text.size()) { place(text); }

  // Room for texts up to `capacity`, to be placed one after another.
  explicit GuardedBytes(std::size_t capacity, Guard guard = Guard::behind) : guard_(guard) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    usable_ = (capacity / page + 1) * page;
    size_ = usable_ + page;
    first_usable_ = guard == Guard::before ? page : 0;
    void* const pages =
        mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) std::abort();
    begin_ = static_cast<char*>(pages);
    char* const guarded = guard == Guard::before ? begin_ : begin_ + usable_;
    if (mprotect(guarded, page, PROT_NONE) != 0) std::abort();
  }
  ~GuardedBytes() { munmap(begin_, size_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  // What was placed before is overwritten.
  std::string_view place(std::string_view text) {
    if (text.size() > usable_) std::abort();
    char* const at = begin_ + (guard_ == Guard::before ? first_usable_ : usable_ - text.size());
    if (!text.empty()) std::memmove(at, text.data(), text.size());
    view_ = {at, text.size()};
    return view_;
  }

  [[nodiscard]] std::string_view view() const { return view_; }

 private:
  Guard guard_ = Guard::behind;
  char* begin_ = nullptr;
  std::size_t first_usable_ = 0;
  std::size_t usable_ = 0;
  std::size_t size_ = 0;
  std::string_view view_;
};

// Whether a view a parser gave out lies in what it was given; views that were never set do.
inline bool lies_in(std::string_view inner, std::string_view outer) {
  if (inner.data() == nullptr) return inner.empty();
  return inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size();
}

}  // namespace imcd::parser
