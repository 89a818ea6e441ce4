#include "server/control.h"

#include "parser/address_of_record.h"

namespace imcd::server {
namespace {

// Operators see addresses of record, as the old tables have them: no port.
void write_uri(std::string& out, const Identity& who) {
  out = "sip:";
  out += who.address();
}

}  // namespace

bool Control::walk_rooms(std::size_t& cursor, const VisitRoom& visit) {
  while (const imc::Room* const room = conference_.rooms().next(cursor)) {
    if (!visit(describe(*room))) return false;
  }
  return true;
}

std::optional<mi::Control::RoomInfo> Control::find_room(std::string_view uri) {
  const imc::Room* const room = find(uri);
  if (room == nullptr) return std::nullopt;
  return describe(*room);
}

bool Control::walk_members(std::string_view room_uri, std::uint64_t serial, std::size_t& cursor,
                           const VisitMember& visit) {
  const imc::Room* const room = find(room_uri);
  if (room == nullptr || room->serial != serial) return true;
  bool done = true;
  room->members.for_each_from(static_cast<std::uint32_t>(cursor), [&](const imc::Member& member) {
    cursor = member.number + std::size_t{1};
    write_uri(member_, *member.who);
    std::optional<WallTime> invited_at;
    if (!member.is_member()) invited_at = conference_.loader().invited_at(*room, *member.who);
    done = visit({member_, invited_at});
    return done;
  });
  return done;
}

const imc::Room* Control::find(std::string_view text) const {
  const auto uri = parser::parse_address(text);
  if (!uri) return nullptr;
  return conference_.rooms().find(conference_.rooms().key(*uri));
}

mi::Control::RoomInfo Control::describe(const imc::Room& room) {
  owner_.clear();
  if (const Identity* const owner = room.owner()) write_uri(owner_, *owner);
  return {room.uri(), room.members.members(), owner_, room.serial};
}

mi::Status Control::create_room(std::string_view room, std::string_view owner, bool is_private) {
  const auto room_uri = parser::parse_address(room);
  if (!room_uri) return {400, "room is no SIP URI"};
  const auto owner_uri = parser::parse_address(owner);
  if (!owner_uri) return {400, "owner is no SIP URI"};
  if (!changes_allowed_) return {500, "rooms cannot be changed now"};
  auto made = conference_.make_room(*room_uri, *owner_uri, is_private);
  if (!made) return {403, std::string(made.error())};
  changes_.push_back(std::move(*made));
  return {202, "Accepted"};
}

// The names of the first releases; then all figures.
std::vector<mi::Control::Statistic> Control::statistics() const {
  const auto gauge = [](const Gauge& value) { return static_cast<std::uint64_t>(value.value()); };
  std::vector<Statistic> all = {
      {"imc:active_rooms", conference_.rooms().size()},
      {"imc:members", gauge(figures_.members)},
      {"imc:invitations_pending", gauge(figures_.invitations_pending)},
      {"imc:commands_accepted", figures_.commands_accepted.value()},
      {"imc:commands_refused", figures_.commands_refused.value()},
      {"imc:room_messages_accepted", figures_.room_messages_accepted.value()},
      {"imc:room_messages_refused", figures_.room_messages_refused.value()},
      {"imc:deliveries_accepted", at(figures_.deliveries, DeliveryResult::accepted).value()},
      {"imc:deliveries_refused", at(figures_.deliveries, DeliveryResult::refused).value()},
      {"imc:deliveries_timed_out", at(figures_.deliveries, DeliveryResult::timed_out).value()},
      {"imc:deliveries_lost", at(figures_.deliveries, DeliveryResult::lost).value()},
      {"imc:deliveries_unroutable", at(figures_.deliveries, DeliveryResult::unroutable).value()},
      {"imc:deliveries_dropped", at(figures_.deliveries, DeliveryResult::dropped).value()},
      {"imc:delivery_queue_messages", gauge(figures_.delivery_queue_messages)},
      {"imc:db_up", gauge(figures_.db_up)},
      {"imc:db_queue_operations", gauge(figures_.db_queue_operations)},
  };
  figures_.for_each_value([&](const FigureValue& value) {
    all.push_back({"imcd:" + value_name(value), value.number});
  });
  return all;
}

}  // namespace imcd::server
