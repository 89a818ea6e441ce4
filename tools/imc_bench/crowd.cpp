#include "crowd.h"

#include <cmath>
#include <fmt/format.h>

#include "base/text.h"

namespace imcd::bench {

namespace {

std::uint32_t part(std::uint32_t members, double share) {
  return static_cast<std::uint32_t>(std::lround(members * share));
}

}  // namespace

Crowd::Crowd(const Options& options, std::uint32_t run)
    : prefix_(fmt::format("u{:06x}-", run & 0xffffff)),
      domain_(options.domain),
      rooms_(options.rooms),
      members_(options.members) {
  const auto cut = [](std::uint32_t from, std::uint32_t by) { return from - std::min(from, by); };
  silent_from_ = cut(members_, part(members_, options.shares.silent));
  refusing_from_ = cut(silent_from_, part(members_, options.shares.refusing));
  late_from_ = cut(refusing_from_, part(members_, options.shares.late));
}

void Crowd::write_room_name(ByteBuffer& out, std::uint32_t room) const {
  out.append('r');
  out.append(std::string_view(prefix_).substr(1));
  out.append_number(room);
}

void Crowd::write_room(ByteBuffer& out, std::uint32_t room) const {
  out.append("sip:");
  write_room_name(out, room);
  out.append('@');
  out.append(domain_);
}

void Crowd::write_member(ByteBuffer& out, Seat seat) const {
  out.append("sip:");
  out.append(prefix_);
  out.append_number(seat.room);
  out.append('-');
  out.append_number(seat.member);
  out.append('@');
  out.append(domain_);
}

std::optional<Seat> Crowd::find_seat(std::string_view user) const {
  if (!user.starts_with(prefix_)) return std::nullopt;
  user.remove_prefix(prefix_.size());
  const auto dash = user.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto room = parse_number(user.substr(0, dash), rooms_ - 1);
  const auto member = parse_number(user.substr(dash + 1), members_ - 1);
  if (!room || !member) return std::nullopt;
  return Seat{static_cast<std::uint32_t>(*room), static_cast<std::uint32_t>(*member)};
}

}  // namespace imcd::bench
