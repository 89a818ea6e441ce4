#include "imc/knocks.h"

#include <algorithm>

#include "base/limits.h"

namespace imcd::imc {

bool Knocks::admit(std::uint64_t room_serial, const Identity& stranger, MonoTime now) {
  forget_until(now - 1h);
  std::vector<Knock>& told = told_[room_serial];
  const bool is_again = std::ranges::any_of(told, [&](const Knock& knock) {
    return knock.stranger == stranger.hash && now - knock.at < limits::knock_again;
  });
  if (is_again || told.size() >= limits::knocks_an_hour) {
    figures_.knocks_untold.add();
    return false;
  }
  told.push_back({stranger.hash, now});
  rooms_.push_back(room_serial);
  if (rooms_.size() > limits::knocks_remembered_max) forget_oldest();
  return true;
}

void Knocks::forget_until(MonoTime time) {
  while (!rooms_.empty() && told_.at(rooms_.front()).front().at <= time) forget_oldest();
}

void Knocks::forget_oldest() {
  const auto found = told_.find(rooms_.front());
  found->second.erase(found->second.begin());
  if (found->second.empty()) told_.erase(found);
  rooms_.pop_front();
}

}  // namespace imcd::imc
