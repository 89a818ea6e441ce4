// TrustedSources: who may speak to us (DESIGN 6). A source outside `trusted` is told so a few times
// a second, all of them together, and then not at all; its streams are not listened to.
#pragma once

#include <cstdint>

#include "base/address.h"
#include "base/settings.h"
#include "base/time.h"

namespace imcd::server {

class TrustedSources {
 public:
  // The settings must outlive it.
  explicit TrustedSources(const ServerSettings& settings) : settings_(settings) {}

  [[nodiscard]] bool contains(const Address& peer) const;

  // Whether one more that is not trusted may be told so in this second; counts it then.
  bool may_tell_untrusted(MonoTime now);

 private:
  const ServerSettings& settings_;
  MonoTime second_{};  // Its beginning.
  std::uint32_t told_ = 0;
};

}  // namespace imcd::server
