#include "reactor/waiting_datagrams.h"

#include <cstring>

#include "base/check.h"
#include "reactor/budget.h"

namespace imcd::reactor {

bool WaitingDatagrams::push(const Address& peer, std::string_view bytes) {
  const std::size_t live_bytes = bytes_.size() - dead_bytes();
  // The entries count too, or empty datagrams could wait without end.
  const std::size_t cost = live_bytes + size() * sizeof(Entry) + bytes.size() + sizeof(Entry);
  if (cost > budget::waiting_bytes_max) return false;
  if (first_ > size()) close_gap();
  entries_.push_back({peer, bytes_.size(), bytes.size()});
  bytes_.append(bytes);
  return true;
}

void WaitingDatagrams::pop(std::size_t count) {
  CHECK(count <= size());
  first_ += count;
  if (empty()) clear();
}

void WaitingDatagrams::clear() {
  entries_.clear();
  bytes_.clear();
  first_ = 0;
}

std::size_t WaitingDatagrams::dead_bytes() const {
  return empty() ? bytes_.size() : entry(0).offset;
}

// Done when more entries are dead than alive, so each is moved about once.
void WaitingDatagrams::close_gap() {
  const std::size_t gap = dead_bytes();
  std::memmove(bytes_.data(), bytes_.data() + gap, bytes_.size() - gap);
  bytes_.truncate(bytes_.size() - gap);
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
  for (Entry& moved : entries_) moved.offset -= gap;
  first_ = 0;
}

}  // namespace imcd::reactor
