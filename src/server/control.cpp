#include "server/control.h"

#include "parser/address_of_record.h"

namespace imcd::server {
namespace {

// Operators see addresses of record, as the old tables have them: no port.
void write_uri(std::string& out, const Identity& who) {
  out = "sip:";
  out += who.address();
}

// `what` is a room or an owner.
mi::Status address_fault(std::string_view what, parser::AddressFault fault) {
  std::string reason(what);
  reason += fault == parser::AddressFault::other_scheme
                ? " is of a scheme that is not understood; sip, sips and im are"
                : " is no SIP URI";
  return {400, std::move(reason)};
}

}  // namespace

bool Control::walk_rooms(std::size_t& cursor, const VisitRoom& visit) {
  while (const imc::Room* const room = conference_.rooms().next(cursor)) {
    if (!visit(describe(*room))) return false;
  }
  return true;
}

std::expected<mi::Control::RoomInfo, mi::Status> Control::find_room(std::string_view text) {
  std::string storage;
  const auto uri = parser::read_address(text, {}, storage);
  if (!uri && uri.error() == parser::AddressFault::other_scheme) {
    return std::unexpected(address_fault("room", uri.error()));
  }
  const imc::Room* const room = uri ? find(*uri) : nullptr;
  if (room == nullptr) return std::unexpected(mi::Status{404, "no such room"});
  return describe(*room);
}

bool Control::walk_members(std::string_view room_uri, std::uint64_t serial, std::size_t& cursor,
                           const VisitMember& visit) {
  const auto uri = parser::parse_address(room_uri);
  const imc::Room* const room = uri ? find(*uri) : nullptr;
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

const imc::Room* Control::find(const parser::Uri& uri) const {
  return conference_.rooms().find(conference_.rooms().key(uri));
}

mi::Control::RoomInfo Control::describe(const imc::Room& room) {
  owner_.clear();
  if (const Identity* const owner = room.owner()) write_uri(owner_, *owner);
  return {room.uri(), room.members.members(), owner_, room.serial};
}

mi::Status Control::create_room(std::string_view room, std::string_view owner, bool is_private) {
  std::string room_text;
  const auto room_uri = parser::read_address(room, {}, room_text);
  if (!room_uri) return address_fault("room", room_uri.error());
  std::string owner_text;
  const auto owner_uri = parser::read_address(owner, {}, owner_text);
  if (!owner_uri) return address_fault("owner", owner_uri.error());
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
