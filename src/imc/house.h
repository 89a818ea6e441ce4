// House: the rooms together with what the operator decided about them, and what commands and
// operators do alike: the one decision whether a room may be made, and how one comes to be and
// somebody into it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/figures.h"
#include "base/reply.h"
#include "base/settings.h"
#include "identity/identity.h"
#include "imc/knocks.h"
#include "imc/outcome.h"
#include "imc/room_changes.h"
#include "imc/room_loader.h"
#include "imc/room_names.h"
#include "imc/sender_rates.h"
#include "parser/uri.h"

namespace imcd::imc {

// Why there can't be such a room.
struct RoomFault {
  Reply reply;
  std::string for_user;
  std::string_view for_operator;
};

struct House {
  const ConferenceSettings& settings;
  IdentityTable& identities;
  RoomChanges& changes;
  const RoomLoader& loader;
  const RoomNames& names;
  SenderRates& senders;
  Knocks& knocks;
  Figures& figures;

  [[nodiscard]] const RoomTable& rooms() const { return changes.rooms(); }

  // Whether users may make a room of this canonical address. Operators make any: they decide what
  // names rooms have.
  [[nodiscard]] std::optional<RoomFault> find_rule_fault(const parser::Uri& uri) const;
  // Whether a room of this canonical address may be made for this owner; nothing: it may.
  [[nodiscard]] std::optional<RoomFault> find_fault(const parser::Uri& uri,
                                                    const Identity& owner) const;
  // Of a name, whatever is to become of it.
  [[nodiscard]] static std::optional<RoomFault> find_name_fault(const parser::Uri& uri);
  // Whether one may put the other into a room, or invite them; counted where it may be.
  // `is_one_more`: of the rooms that others put the user into.
  [[nodiscard]] std::optional<RoomFault> find_unasked_fault(const Identity& who, Identity& by,
                                                            bool is_one_more, MonoTime now) const;
  // Of a user who is to be in one more by own will.
  [[nodiscard]] std::optional<RoomFault> find_user_fault(const Identity& who) const;

  // Whether somebody who is in a room or has sent something is reached at this canonical address,
  // under any alias of its domain: a room there would speak in that user's name.
  [[nodiscard]] bool is_address_of_user(const parser::Uri& uri) const;

  // There is no fault in it. The outcome is about that room from now on.
  const Room& make_room(const parser::Uri& uri, bool is_private, const IdentityRef& owner,
                        Outcome& outcome) const;
  // Somebody becomes a member, who gets chat once the outcome is released; an outcome lets in one.
  void let_in(const Room& room, const IdentityRef& who, std::uint32_t flags, Consent consent,
              Outcome& outcome) const;
};

}  // namespace imcd::imc
