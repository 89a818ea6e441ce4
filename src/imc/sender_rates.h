// SenderRates: how fast each user may send (options user_rate, user_burst): a token bucket each,
// kept for the users seen last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/limits.h"
#include "base/time.h"
#include "identity/identity.h"

namespace imcd::imc {

class SenderRates {
 public:
  // `rate` messages a second, `burst` at once (0: as many as a second's); rate 0: no bound.
  SenderRates(std::uint32_t rate, std::uint32_t burst, IdentityTable& identities)
      : rate_(rate), burst_(burst == 0 ? rate : burst), identities_(identities) {}

  // Takes a token; false: the user is too fast.
  bool admit(Identity& who, MonoTime now) {
    Bucket& bucket = bucket_of(who, now);
    const double seconds = std::chrono::duration<double>(now - bucket.at).count();
    bucket.tokens = std::min<double>(burst_, bucket.tokens + seconds * rate_);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

 private:
  struct Bucket {
    IdentityRef who;  // Keeps the address from being used by another identity.
    double tokens = 0;
    MonoTime at{};
  };
  struct ByIdentity {
    std::size_t operator()(const Identity* who) const { return who->hash; }
  };

  Bucket& bucket_of(Identity& who, MonoTime now) {
    const auto found = buckets_.find(&who);
    if (found != buckets_.end()) return found->second;
    if (order_.size() >= limits::watched_senders_max) {
      buckets_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(&who);
    return buckets_
        .emplace(&who, Bucket{IdentityRef(identities_, who), static_cast<double>(burst_), now})
        .first->second;
  }

  std::uint32_t rate_;
  std::uint32_t burst_;
  IdentityTable& identities_;
  std::unordered_map<const Identity*, Bucket, ByIdentity> buckets_;
  std::deque<const Identity*> order_;
};

}  // namespace imcd::imc
