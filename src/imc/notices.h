// Notices: what rooms say to users beside chat. A notice of an outcome becomes one shared message,
// in the queues of those whom it is for. Invitations are watched until they have arrived or failed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/figures.h"
#include "base/random.h"
#include "base/settings.h"
#include "base/time.h"
#include "delivery/deliveries.h"
#include "identity/identity.h"
#include "imc/outcome.h"
#include "imc/room.h"

namespace imcd::imc {

class Notices {
 public:
  // All must outlive this. `instance`: our mark in what we send.
  Notices(const ConferenceSettings& settings, const std::string& instance, Random& random,
          delivery::Deliveries& deliveries, Figures& figures)
      : settings_(settings),
        instance_(instance),
        random_(random),
        deliveries_(deliveries),
        figures_(figures) {}

  // `room`: that of the outcome, null when it is gone by now.
  void send(const Outcome& outcome, const Room* room, MonoTime now);

  // An invitation under way.
  struct Invitation {
    std::string room_key;
    std::uint64_t room_serial = 0;
    IdentityRef invitee;
  };
  // The one of which the deliveries told that it ended; they tell it once.
  Invitation take(delivery::WatchToken token);

 private:
  void send(const Outcome& outcome, const Notice& notice, const Room* room, MonoTime now);
  [[nodiscard]] std::uint32_t write(const Outcome& outcome, const Notice& notice);
  delivery::WatchToken watch(const Outcome& outcome, const Notice& notice);

  const ConferenceSettings& settings_;
  const std::string& instance_;
  Random& random_;
  delivery::Deliveries& deliveries_;
  Figures& figures_;
  std::unordered_map<delivery::WatchToken, Invitation> invitations_;
  delivery::WatchToken last_token_ = 0;
};

}  // namespace imcd::imc
