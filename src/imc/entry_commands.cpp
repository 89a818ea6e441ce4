#include "imc/entry_commands.h"

#include <fmt/format.h>

#include "imc/command_run.h"

namespace imcd::imc {
namespace {

void make_room(CommandRun& run, bool is_private) {
  const House& house = run.house();
  if (const auto fault = house.find_rule_fault(run.address())) return run.refuse(*fault);
  if (const auto fault = house.find_fault(run.address(), *run.sender())) return run.refuse(*fault);
  run.readdress_sender();
  const Room& room = house.make_room(run.address(), is_private, run.sender(), run.outcome());
  run.tell_sender(fmt::format("You made the {}room {} and own it.", is_private ? "private " : "",
                              room.address()));
}

// Those who may let the sender in are told, unless that was often enough.
void refuse_private(CommandRun& run) {
  const Room& room = run.room();
  run.refuse(reply::room_is_private,
             fmt::format("{} is private. Ask its owner for an invitation.", room.address()));
  if (!run.house().knocks.admit(room.serial, *run.sender(), run.now().mono)) return;
  const std::string_view sender = run.sender()->address();
  room.members.for_each([&](const Member& member) {
    if (!member.has_rank() || run.house().changes.blocks().has(*member.who, *run.sender())) return;
    run.tell(*member.who, fmt::format("{} wants to enter {}. {}invite {} lets them in.", sender,
                                      room.address(), run.prefix(), sender));
  });
}

// Into a room that exists.
void enter_room(CommandRun& run) {
  const Room& room = run.room();
  const Member* const self = run.self();
  if (self != nullptr && self->is_member()) {
    run.readdress_sender();
    run.apply(ConsentGiven{room, *run.sender()});
    return run.tell_sender(fmt::format("You are a member of {} already.", room.address()));
  }
  if (self == nullptr && room.is_private()) return refuse_private(run);
  if (self == nullptr && !run.require_space()) return;
  const bool is_counted = self != nullptr && !self->is(member_unasked);
  if (!is_counted && !run.require_fewer_rooms()) return;
  run.readdress_sender();
  run.let_in(run.sender(), Consent::given);
  run.tell_sender(fmt::format("You joined {}.", room.address()));
  run.tell_room(fmt::format("{} joined the room.", run.sender()->address()), *run.sender());
}

}  // namespace

void create_room(CommandRun& run) {
  const Room* const room = run.find_room();
  if (room == nullptr) return make_room(run, run.command().is_private);
  if (run.house().settings.check_on_create) {
    return run.refuse(reply::room_exists, fmt::format("{} exists already.", room->address()));
  }
  enter_room(run);
}

void join_room(CommandRun& run) {
  if (run.find_room() != nullptr) return enter_room(run);
  if (run.house().settings.create_on_join) return make_room(run, false);
  run.refuse(reply::no_such_room,
             fmt::format("There is no room {}@{}. {}create makes one.", run.address().user,
                         run.address().host, run.prefix()));
}

void accept_invitation(CommandRun& run) {
  if (!run.require_room()) return;
  if (run.self() == nullptr || run.self()->is_member()) {
    return run.refuse(reply::not_invited,
                      fmt::format("You are not invited to {}.", run.room().address()));
  }
  enter_room(run);
}

}  // namespace imcd::imc
