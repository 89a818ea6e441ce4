// SenderRates: who has sent something, how fast each may (options user_rate, user_burst), and how
// many others each may add or invite in an hour (unasked_rate): kept for the users seen last.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <unordered_map>

#include "base/limits.h"
#include "base/settings.h"
#include "base/time.h"
#include "identity/identity.h"

namespace imcd::imc {

class SenderRates {
 public:
  explicit SenderRates(IdentityTable& identities) : identities_(identities) {}

  // user_rate 0: as fast as they like. user_burst 0: as many at once as a second's.
  void apply(const ConferenceSettings& settings) {
    asks_an_hour_ = settings.unasked_rate;
    rate_ = settings.user_rate;
    burst_ = settings.user_burst == 0 ? settings.user_rate : settings.user_burst;
  }

  // Counts somebody who is added or invited by this user (option unasked_rate), in hours that begin
  // with the first of them. Zero, or how long no more may be: then it does not count.
  Duration ask(Identity& who, MonoTime now) {
    if (asks_an_hour_ == 0) return Duration::zero();
    Bucket& bucket = bucket_of(who, now);
    if (bucket.asks == 0 || now - bucket.asks_since >= 1h) {
      bucket.asks_since = now;
      bucket.asks = 0;
    }
    if (bucket.asks >= asks_an_hour_) return bucket.asks_since + 1h - now;
    ++bucket.asks;
    return Duration::zero();
  }

  // Takes a token; false: the user is too fast.
  bool admit(Identity& who, MonoTime now) {
    Bucket& bucket = bucket_of(who, now);
    const double seconds = std::chrono::duration<double>(now - bucket.at).count();
    bucket.tokens = std::min<double>(burst_, bucket.tokens + seconds * rate_);
    bucket.at = now;
    if (rate_ == 0) return true;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  // Whether the user has sent something, as far as it is remembered.
  [[nodiscard]] bool has_seen(const Identity& who) const { return buckets_.contains(&who); }

 private:
  struct Bucket {
    IdentityRef who;  // Keeps the address from being used by another identity.
    double tokens = 0;
    MonoTime at{};
    std::uint32_t asks = 0;  // Since `asks_since`.
    MonoTime asks_since{};
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
        .emplace(&who, Bucket{.who = IdentityRef(identities_, who),
                              .tokens = static_cast<double>(burst_),
                              .at = now})
        .first->second;
  }

  std::uint32_t rate_ = 0;
  std::uint32_t burst_ = 0;
  std::uint32_t asks_an_hour_ = 0;
  IdentityTable& identities_;
  std::unordered_map<const Identity*, Bucket, ByIdentity> buckets_;
  std::deque<const Identity*> order_;
};

}  // namespace imcd::imc
