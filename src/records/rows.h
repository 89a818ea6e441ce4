// Rows: the one list of all rows that are stored. What holds or handles rows of every table is made
// from it, so a new table's row is named here and nowhere else beside its use.
//
// A row is a plain struct with its table's unique key as a struct of its own. Names are in the
// spelling that is stored and delivered, not folded, but for a user's key.
#pragma once

#include <concepts>
#include <string>
#include <tuple>
#include <variant>

#include "records/block_row.h"
#include "records/invitation_row.h"
#include "records/member_row.h"
#include "records/room_row.h"
#include "records/user_row.h"

namespace imcd::records {

// One absolute change of one row. Applying it again is harmless.
template <class Row>
struct Put {
  Row row;
  friend bool operator==(const Put&, const Put&) = default;
};
template <class Row>
struct Erase {
  typename Row::Key key;
  friend bool operator==(const Erase&, const Erase&) = default;
};

template <class... Row>
struct RowList {
  using Record = std::variant<Put<Row>..., Erase<Row>...>;
  // One `Of<Row>` for each row.
  template <template <class> class Of>
  using Each = std::tuple<Of<Row>...>;

  // Calls `visit` with an empty value of each row.
  template <class Visit>
  static constexpr void for_each(Visit&& visit) {
    (visit(Row{}), ...);
  }
};

// In the order in which they are loaded: rooms before what names them.
using Rows = RowList<RoomRow, UserRow, MemberRow, InvitationRow, BlockRow>;

// Rows with a room's URI in their key belong to that room: Erase<RoomRow> erases them too, without
// records of their own.
template <class Row>
concept OfRoom = requires(const Row& row) {
  { row.key.room } -> std::convertible_to<std::string>;
};

}  // namespace imcd::records
