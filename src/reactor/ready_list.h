// ReadyList: the sources that have, or may have, more to read. Each is served once a turn in the
// order they came, so none starves another; a source is on the list at most once.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include "reactor/epoll.h"

namespace imcd::reactor {

class ReadyList {
 public:
  void add(Source source) {
    std::vector<bool>& listed = listed_[std::to_underlying(source.kind)];
    if (source.index >= listed.size()) listed.resize(source.index + std::size_t{1});
    if (listed[source.index]) return;
    listed[source.index] = true;
    sources_.push_back(source);
  }

  [[nodiscard]] bool empty() const { return sources_.empty(); }

  // Those of this turn; whoever has more left is added again for the next.
  const std::vector<Source>& take() {
    taken_.clear();
    taken_.swap(sources_);
    for (const Source source : taken_) {
      listed_[std::to_underlying(source.kind)][source.index] = false;
    }
    return taken_;
  }

 private:
  std::vector<Source> sources_;
  std::vector<Source> taken_;
  std::array<std::vector<bool>, std::to_underlying(SourceKind::count)> listed_;
};

}  // namespace imcd::reactor
