#include "imc/room.h"

#include "base/sip_uri.h"

namespace imcd::imc {

Room::Room(std::uint64_t hash_of_key, std::string_view key, std::string_view name,
           std::string_view domain, bool is_private, std::uint64_t serial_number,
           IdentityTable& identities, Epochs& epochs)
    : hash(hash_of_key),
      members(identities, epochs),
      serial(serial_number),
      uri_(sip_uri(name, domain)),
      name_bytes_(static_cast<std::uint32_t>(name.size())),
      private_(is_private) {
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

Identity* Room::inviter_of(const Identity& invitee) const {
  const Invitation* const invitation = invitations.find(invitee);
  return invitation != nullptr && invitation->inviter ? invitation->inviter.get() : owner();
}

}  // namespace imcd::imc
