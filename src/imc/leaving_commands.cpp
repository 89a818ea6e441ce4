#include "imc/leaving_commands.h"

#include <fmt/format.h>

#include "imc/command_run.h"

namespace imcd::imc {

void exit_room(CommandRun& run) {
  if (!run.require_member()) return;
  const Room& room = run.room();
  if (run.self()->is(records::member_flag::owner)) {
    if (run.house().settings.owner_exit_destroys) return destroy_room(run);
    return run.refuse(
        reply::owner_cannot_leave,
        fmt::format("You own {}. {}destroy ends it for everybody.", room.address(), run.prefix()));
  }
  run.apply(MemberGone{room, *run.sender()});
  run.tell_sender(fmt::format("You left {}.", room.address()));
  run.tell_room(fmt::format("{} left the room.", run.sender()->address()), *run.sender());
}

void destroy_room(CommandRun& run) {
  if (!run.require_member()) return;
  const Room& room = run.room();
  if (!run.self()->is(records::member_flag::owner)) {
    return run.refuse(reply::not_allowed,
                      fmt::format("Only the owner can end {}.", room.address()));
  }
  Notice notice{Notice::To::those, {}, {}, {}};
  room.members.for_each([&](const Member& member) {
    if (member.is_member()) notice.list.emplace_back(run.house().identities, *member.who);
  });
  notice.text =
      fmt::format("The room {} was ended by {}.", room.address(), run.sender()->address());
  run.outcome().notices.push_back(std::move(notice));
  run.outcome().room_serial = 0;
  run.apply(RoomEnded{room});
}

}  // namespace imcd::imc
