// RowCheck: what is wrong in a database's rows, in sentences for an operator. It judges rows as the
// loading does, but changes nothing and keeps of a room only what it needs to count.
//
// Rows come rooms first, then members, invitations last. Findings come as they are made; those
// about a room as a whole come from finish().
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "imc/home_domains.h"
#include "records/record.h"

namespace imcd::imc {

class RowCheck {
 public:
  // `domains` as RoomTable takes them.
  explicit RowCheck(std::vector<std::string> domains) : domains_(std::move(domains)) {}

  void add(const records::RoomRow& row);
  void add(const records::UserRow& row);
  void add(const records::MemberRow& row);
  void add(const records::InvitationRow& row);
  void add(const records::BlockRow& row);
  void finish();

  // What was found since the last call.
  [[nodiscard]] std::vector<std::string> take_findings() { return std::exchange(findings_, {}); }

 private:
  struct Room {
    std::string uri;  // Of the first row.
    std::size_t members = 0;
    std::size_t owners = 0;
    std::set<std::string> users;    // Keys of members and invited.
    std::set<std::string> invited;  // Those of them who are no members yet.
  };

  // The key of `sip:name@domain`, the domain folded into the first one; empty: that is no URI.
  std::string room_key(std::string_view uri) const;

  HomeDomains domains_;
  std::map<std::string, Room> rooms_;
  std::vector<std::string> findings_;
};

}  // namespace imcd::imc
