// RoomLoader: rows of the store become changes of rooms, at the start and where a room is read
// again. Rows that can't be used are told and skipped; rows that are one thing in two spellings
// become one; what then makes the stored rows agree with memory is collected as repairs.
//
// Rows may come in pieces: rooms before members before their invitations, users before members.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/figures.h"
#include "base/outbox.h"
#include "base/time.h"
#include "identity/identity.h"
#include "imc/outcome.h"
#include "imc/room_changes.h"
#include "records/loaded_rows.h"
#include "records/record.h"

namespace imcd::imc {

class RoomLoader {
 public:
  // All must outlive this.
  RoomLoader(RoomChanges& changes, IdentityTable& identities, Figures& figures)
      : changes_(changes), identities_(identities), figures_(figures) {}

  // Bad rows and rows that fold together are told to `log`. A user's URI counts for the members
  // that are loaded after it; invitations of nobody who is invited are to be deleted.
  void load(const records::LoadedRows& rows, Outbox& log);
  // All rows were there: those of users who are in no room are to be deleted.
  void end_load(WallTime now);
  // The load failed half-way: nothing is loaded.
  void forget();

  // What makes the stored rows agree with the rooms, where rows folded together or were spelled in
  // several ways; else a row that memory does not know of would come back at the next start.
  std::vector<records::Record> take_repairs() { return std::exchange(repairs_, {}); }

  // When who is invited to the room was; where no row says so, when the rooms were loaded.
  [[nodiscard]] WallTime invited_at(const Room& room, const Identity& invitee) const {
    const Invitation* const known = room.invitations.find(invitee);
    return known != nullptr ? known->made_at : loaded_at_;
  }

  // The store refused a command for good: its room becomes what these rows say, or goes if they
  // don't have it. False: by now there is another room of that name in another spelling, of which
  // these rows say nothing.
  bool reload_room(const records::RoomRow::Key& name, const records::LoadedRows& rows, Outbox& log);
  // A record of that room which is still on its way to the store, applied again. `outcome`: what
  // waits for its commit, or null.
  void replay(const records::Record& record, const Outcome* outcome, Outbox& log);

 private:
  void load_user(const records::UserRow& row, Outbox& log);
  void load_invitation(const records::InvitationRow& row);
  void load_room(const records::RoomRow& row, Outbox& log, std::uint64_t serial = 0);
  void merge_room(const Room& same, const records::RoomRow& row, std::string_view uri, Outbox& log);
  void load_member(const records::MemberRow& row, Outbox& log);
  void put_member(const Room& room, const IdentityRef& who, const records::MemberRow& row,
                  Outbox& log);
  void load_members_anew(const Room& room, const std::vector<records::MemberRow>& members,
                         Outbox& log);
  void replay(const records::Erase<records::RoomRow>& erase, const Room& room,
              const Outcome* outcome);
  void replay(const records::Put<records::MemberRow>& put, const Room& room,
              const Outcome* outcome);
  void replay(const records::Erase<records::MemberRow>& erase, const Room& room,
              const Outcome* outcome);
  void replay(const records::Put<records::InvitationRow>& put, const Room& room,
              const Outcome* outcome);
  void replay(const records::Erase<records::InvitationRow>& erase, const Room& room,
              const Outcome* outcome);
  // Changes of all else do nothing to a room that is there.
  template <class Change>
  void replay(const Change& /*change*/, const Room& /*room*/, const Outcome* /*outcome*/) {}
  void skip(Outbox& log, std::string text, std::string_view room, std::string_view user = {});

  RoomChanges& changes_;
  IdentityTable& identities_;
  Figures& figures_;
  std::vector<records::Record> repairs_;
  std::vector<IdentityRef> loaded_users_;  // Until end_load().
  WallTime loaded_at_{};
};

}  // namespace imcd::imc
