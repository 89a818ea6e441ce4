#include "imc/room.h"

#include <algorithm>

namespace imcd::imc {

Room::Room(std::uint64_t hash_of_key, std::string_view key, std::string_view name,
           std::string_view domain, bool is_private, std::uint64_t serial_number,
           IdentityTable& identities, Epochs& epochs)
    : hash(hash_of_key),
      members(identities, epochs),
      serial(serial_number),
      name_bytes_(static_cast<std::uint32_t>(name.size())),
      private_(is_private) {
  uri_.reserve(5 + name.size() + domain.size());
  uri_ += "sip:";
  uri_ += name;
  uri_ += '@';
  uri_ += domain;
  if (key != address()) key_ = key;
}

Identity* Room::owner() const {
  Identity* owner = nullptr;
  members.for_each([&owner](const Member& member) {
    if (owner == nullptr && member.is_member() && member.is(records::member_flag::owner)) {
      owner = member.who;
    }
  });
  return owner;
}

IdentityRef Room::take_inviter(const Identity& invitee, IdentityTable& identities) {
  if (auto invitation = invitations.take(invitee); invitation && invitation->inviter) {
    return std::move(invitation->inviter);
  }
  if (Identity* const by_right = owner()) return {identities, *by_right};
  return {};
}

}  // namespace imcd::imc
