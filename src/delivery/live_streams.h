// LiveStreams: the streams by which users came to us, and whether they are blocked. They may be the
// way back to them.
#pragma once

#include <unordered_map>

#include "base/stream.h"

namespace imcd::delivery {

class LiveStreams {
 public:
  void on_open(StreamId stream) { blocked_.emplace(stream, false); }
  void on_ended(StreamId stream) { blocked_.erase(stream); }
  void on_blocked(StreamId stream, bool is_blocked) {
    const auto found = blocked_.find(stream);
    if (found != blocked_.end()) found->second = is_blocked;
  }

  [[nodiscard]] bool contains(StreamId stream) const { return blocked_.contains(stream); }
  [[nodiscard]] bool is_blocked(StreamId stream) const {
    const auto found = blocked_.find(stream);
    return found != blocked_.end() && found->second;
  }

 private:
  std::unordered_map<StreamId, bool> blocked_;
};

}  // namespace imcd::delivery
