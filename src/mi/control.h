// Control: all that management commands see of the server, so that this folder needs to know
// neither rooms nor sockets. The server implements it; the tests have a working fake.
//
// A large list is walked in pieces, over as many turns of the loop as the client needs to read it.
// Rooms and members come and go between two pieces. What was there from the first piece to the last
// should be seen once; what was not may be seen or not. No walk may depend on anything but its
// arguments: a cursor is a number, starts at 0, and may be dropped or used long after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "mi/status.h"

namespace imcd::mi {

class Control {
 public:
  // The views of a room need to hold only until the call that handed them out, or the visit, ends.
  struct RoomInfo {
    std::string_view uri;      // sip:name@domain.
    std::size_t members = 0;   // Without the invited.
    std::string_view owner;    // Its URI; empty if the room has none.
    std::uint64_t serial = 0;  // Tells it from a later room of the same address.
  };
  struct MemberInfo {
    std::string_view uri;
    std::optional<WallTime> invited_at;  // Of who is invited, and no member yet.
  };
  struct Statistic {
    std::string name;  // "imc:active_rooms", group first.
    std::uint64_t value = 0;
  };
  // False: enough for this piece. What was visited last counts as seen.
  using VisitRoom = std::function<bool(const RoomInfo&)>;
  using VisitMember = std::function<bool(const MemberInfo&)>;

  virtual ~Control() = default;

  // Visits rooms from the cursor on, private ones too, and leaves it behind the last one visited.
  // True when there are no more.
  virtual bool walk_rooms(std::size_t& cursor, const VisitRoom& visit) = 0;

  // The room that an operator's text names, a URI or NAME@HOST, compared as the server compares
  // room addresses; else why there is none.
  virtual std::expected<RoomInfo, Status> find_room(std::string_view text) = 0;

  // The same for the members, and who is invited, of the room of this URI and serial. A room that
  // is gone has no more.
  virtual bool walk_members(std::string_view room_uri, std::uint64_t serial, std::size_t& cursor,
                            const VisitMember& visit) = 0;

  // Makes a room for its owner; both are named as above. 202: it is there, and stays once the
  // database has it, which is not waited for. Else why not.
  virtual Status create_room(std::string_view room, std::string_view owner, bool is_private) = 0;

  // All of them, in the order in which they are to be listed.
  [[nodiscard]] virtual std::vector<Statistic> statistics() const = 0;

  [[nodiscard]] virtual Instant started() const = 0;
  // What stands in brackets after the server's name: "0.1.0 (x86_64/linux)".
  [[nodiscard]] virtual std::string_view version() const = 0;
};

}  // namespace imcd::mi
