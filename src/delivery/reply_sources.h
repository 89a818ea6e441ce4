// ReplySources: where users who came straight to us (not through a proxy) sent their last request
// from, so that two terminals on one machine can chat with nothing else installed. Bounded: the
// one that was first noted is forgotten first.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/address.h"
#include "base/limits.h"
#include "identity/identity.h"

namespace imcd::delivery {

class ReplySources {
 public:
  explicit ReplySources(IdentityTable& identities,
                        std::size_t sources_max = limits::reply_sources_max)
      : identities_(identities), sources_max_(sources_max) {}

  void note(Identity& who, const Flow& source) {
    const auto found = sources_.find(&who);
    if (found != sources_.end()) {
      found->second.flow = source;
      return;
    }
    if (order_.size() >= sources_max_) {
      sources_.erase(order_.front());
      order_.pop_front();
    }
    sources_.emplace(&who, Source{IdentityRef(identities_, who), source});
    order_.push_back(&who);
  }

  [[nodiscard]] std::optional<Flow> find(const Identity& who) const {
    const auto found = sources_.find(&who);
    if (found == sources_.end()) return std::nullopt;
    return found->second.flow;
  }

 private:
  struct Source {
    IdentityRef who;  // Keeps the address from being used by another identity.
    Flow flow;
  };
  // By SipHash, which every identity carries; peers choose the names.
  struct ByIdentity {
    std::size_t operator()(const Identity* who) const { return who->hash; }
  };

  IdentityTable& identities_;
  std::size_t sources_max_;
  std::unordered_map<const Identity*, Source, ByIdentity> sources_;
  std::deque<const Identity*> order_;
};

}  // namespace imcd::delivery
