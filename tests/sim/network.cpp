#include "sim/network.h"

namespace imcd::sim {
namespace {

std::size_t index_of(const Address& peer) {
  return static_cast<std::size_t>(peer.ip[14] & 3U) << 8 | peer.ip[15];
}

}  // namespace

void Network::take_down(const Address& peer, MonoTime until) {
  down_until_[index_of(peer)] = until;
}

bool Network::is_down(const Address& peer) const {
  return !world_.is_calm && down_until_[index_of(peer)] > world_.now.mono;
}

void Network::send(const Address& from, const Address& to, std::string_view bytes,
                   std::uint32_t delivery) {
  const Weather& weather = world_.plan.weather;
  const bool to_server = to == server_address();
  if (is_down(to_server ? from : to)) {
    world_.counts.add(Fault::link_down);
    return world_.trace.datagram(world_.now, from, to, bytes, "lost, the link is down");
  }
  const double loss = world_.is_calm && !world_.plan.measures_latency ? 0 : weather.loss;
  if (dice_.chance(loss)) {
    world_.counts.add(Fault::lost);
    return world_.trace.datagram(world_.now, from, to, bytes, "lost");
  }
  carry(from, to, bytes, delivery);
  if (!world_.is_calm && dice_.chance(weather.repeat)) {
    world_.counts.add(Fault::repeated);
    carry(from, to, bytes, delivery);
  }
}

void Network::carry(const Address& from, const Address& to, std::string_view bytes,
                    std::uint32_t delivery) {
  const Weather& weather = world_.plan.weather;
  const std::uint32_t datagram = world_.datagrams.make(from, to, bytes, delivery);
  Duration delay = dice_.between(weather.delay_least, weather.delay_most);
  std::string_view fate;
  if (!world_.is_calm) {
    fate = do_harm(datagram);
    if (dice_.chance(weather.reorder)) {
      world_.counts.add(Fault::reordered);
      delay += dice_.between(Duration::zero(), weather.late_most);
    }
  }
  world_.trace.datagram(world_.now, from, to, bytes, fate);
  world_.at(delay, EventKind::arrival, datagram);
}

// What was done, in a word.
std::string_view Network::do_harm(std::uint32_t slot) {
  const Weather& weather = world_.plan.weather;
  Datagram& datagram = world_.datagrams[slot];
  if (datagram.size == 0) return {};
  if (dice_.chance(weather.damage)) {
    world_.counts.add(Fault::damaged);
    datagram.damaged = true;
    for (std::size_t left = dice_.between(1, 3); left > 0; --left) {
      char& byte = datagram.data()[dice_.below(datagram.size)];
      // Most damage that matters is to text that stays text.
      byte = dice_.chance(0.5) ? static_cast<char>(byte ^ (1 << dice_.below(8)))
                               : static_cast<char>(dice_.between(0x20, 0x7e));
    }
    return "damaged";
  }
  if (dice_.chance(weather.cut_short)) {
    world_.counts.add(Fault::cut_short);
    datagram.damaged = true;
    datagram.cut(dice_.below(datagram.size));
    return "cut short";
  }
  return {};
}

}  // namespace imcd::sim
