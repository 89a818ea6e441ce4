#include "base/settings.h"

#include <utility>

namespace imcd {

Address NetworkSettings::advertised_address(const Address& bound) const {
  for (const Address& advertised : advertise) {
    if (advertised.family != bound.family) continue;
    Address address = advertised;
    if (address.port == 0) address.port = bound.port;
    return address;
  }
  return bound;
}

bool DeliverySettings::replies_to_source() const {
  switch (reply_to_source) {
    case ReplyToSource::automatic:
      return outbound_proxies.empty();
    case ReplyToSource::off:
      return false;
    case ReplyToSource::on:
      return true;
  }
  std::unreachable();
}

}  // namespace imcd
