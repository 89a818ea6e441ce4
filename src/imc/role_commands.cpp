#include "imc/role_commands.h"

#include <fmt/format.h>

#include "imc/command_run.h"

namespace imcd::imc {
namespace {

// The former owner stays as an admin.
void hand_over(CommandRun& run, Identity& who) {
  const Room& room = run.room();
  run.apply(MemberPut{room, *run.sender(), records::member_flag::admin});
  run.apply(MemberPut{room, who, records::member_flag::owner});
  run.tell(who,
           fmt::format("{} made you the owner of {}.", run.sender()->address(), room.address()));
  run.tell_sender(fmt::format("{} owns {} now; you are an admin.", who.address(), room.address()));
}

// The owner's own role.
void modify_own(CommandRun& run) {
  const Room& room = run.room();
  if (run.command().role == Role::owner) {
    return run.tell_sender(fmt::format("You own {} already.", room.address()));
  }
  run.refuse(reply::not_allowed, fmt::format("You own {}. {}modify USER owner hands it over.",
                                             room.address(), run.prefix()));
}

}  // namespace

void modify_role(CommandRun& run) {
  const IdentityRef who = run.require_user();
  if (!who || !run.require_member()) return;
  const Room& room = run.room();
  if (!run.self()->is(records::member_flag::owner)) {
    return run.refuse(reply::not_allowed,
                      fmt::format("Only the owner changes roles in {}.", room.address()));
  }
  const Member* const member = room.members.find(*who);
  if (member == nullptr || !member->is_member()) {
    return run.refuse(reply::no_such_member,
                      fmt::format("{} is not a member of {}.", who->address(), room.address()));
  }
  if (member == run.self()) return modify_own(run);
  if (run.command().role == Role::owner) return hand_over(run, *who);
  const bool is_admin = run.command().role == Role::admin;
  run.apply(MemberPut{room, *who, is_admin ? records::member_flag::admin : 0});
  const std::string_view role = is_admin ? "an admin" : "a plain member";
  run.tell(*who,
           fmt::format("{} made you {} of {}.", run.sender()->address(), role, room.address()));
  run.tell_sender(fmt::format("{} is {} of {} now.", who->address(), role, room.address()));
}

}  // namespace imcd::imc
