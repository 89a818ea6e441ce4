#include "imc/membership_commands.h"

#include <fmt/format.h>

#include "imc/command_run.h"

namespace imcd::imc {

void invite_user(CommandRun& run) {
  const IdentityRef invitee = run.require_user();
  if (!invitee || !run.require_rank()) return;
  const Room& room = run.room();
  if (const Member* const member = room.members.find(*invitee)) {
    return run.refuse(reply::member_already,
                      fmt::format("{} is {} already.", invitee->address(),
                                  member->is_member() ? "a member" : "invited"));
  }
  if (!run.require_leave(*invitee, true)) return;
  run.apply(MemberPut{room, *invitee, records::member_flag::invited});
  run.apply(InvitationPut{room, *invitee, run.sender(), run.now().wall});
  const char prefix = run.prefix();
  run.outcome().notices.push_back(
      {Notice::To::invitation,
       invitee,
       {},
       fmt::format("{} invites you to the room {}. Answer {}accept to enter it or {}deny to "
                   "decline.",
                   run.sender()->address(), room.address(), prefix, prefix)});
  run.tell_sender(fmt::format("{} is invited to {}.", invitee->address(), room.address()));
}

void deny_invitation(CommandRun& run) {
  if (!run.require_room()) return;
  const Room& room = run.room();
  Identity& sender = *run.sender();
  if (run.self() == nullptr || run.self()->is_member()) {
    return run.refuse(reply::not_invited,
                      fmt::format("You are not invited to {}.", room.address()));
  }
  Identity* const inviter = room.inviter_of(sender);
  run.tell_sender(fmt::format("You declined the invitation to {}.", room.address()));
  if (inviter != nullptr) {
    run.tell(*inviter,
             fmt::format("{} declined the invitation to {}.", sender.address(), room.address()));
  }
  run.apply(MemberGone{room, sender});
}

void add_member(CommandRun& run) {
  const IdentityRef who = run.require_user();
  if (!who || !run.require_rank()) return;
  const Room& room = run.room();
  const Member* const member = room.members.find(*who);
  if (member != nullptr && member->is_member()) {
    return run.refuse(reply::member_already,
                      fmt::format("{} is a member already.", who->address()));
  }
  const bool is_new = member == nullptr;
  if (!run.require_leave(*who, is_new)) return;
  run.let_in(who, is_new ? Consent::lacking : Consent::as_before);
  run.tell(*who,
           fmt::format("{} made you a member of {}.", run.sender()->address(), room.address()));
  run.tell_sender(fmt::format("{} is a member of {} now.", who->address(), room.address()));
}

void remove_member(CommandRun& run) {
  const IdentityRef who = run.require_user();
  if (!who || !run.require_rank()) return;
  const Room& room = run.room();
  const Member* const member = room.members.find(*who);
  if (member == nullptr) {
    return run.refuse(reply::no_such_member,
                      fmt::format("{} is not a member of {}.", who->address(), room.address()));
  }
  if (member->is(records::member_flag::owner)) {
    return run.refuse(
        reply::owner_cannot_be_removed,
        fmt::format("{} owns {} and can't be removed.", who->address(), room.address()));
  }
  const bool was_member = member->is_member();
  run.apply(MemberGone{room, *who});
  if (!was_member) {
    return run.tell_sender(
        fmt::format("The invitation of {} to {} is withdrawn.", who->address(), room.address()));
  }
  const std::string_view sender = run.sender()->address();
  run.tell(*who, fmt::format("{} removed you from {}.", sender, room.address()));
  run.tell_room(fmt::format("{} was removed from the room by {}.", who->address(), sender), *who);
}

}  // namespace imcd::imc
