#include "server/trusted_sources.h"

#include <algorithm>

#include "base/limits.h"

namespace imcd::server {

bool TrustedSources::contains(const Address& peer) const {
  return std::ranges::any_of(settings_.trusted,
                             [&](const Network& network) { return network.contains(peer); });
}

bool TrustedSources::may_tell_untrusted(MonoTime now) {
  if (now - second_ >= 1s) {
    second_ = now;
    told_ = 0;
  }
  if (told_ == limits::untrusted_answers_per_second) return false;
  ++told_;
  return true;
}

}  // namespace imcd::server
