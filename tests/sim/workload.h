// Workload: what people do: chat, every command with good and bad arguments, and now and then
// something strange. It looks at the rulebook, so that most of what it tries makes sense.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/ledger.h"
#include "sim/names.h"
#include "sim/peers.h"
#include "sim/requests.h"
#include "sim/rulebook.h"
#include "sim/world.h"

namespace imcd::sim {

class Workload {
 public:
  Workload(World& world, Names& names, Ledger& ledger, Rulebook& rules, Peers& peers,
           Requests& requests);

  // Does something. False: it was the last time.
  bool act();
  // How long until the next time.
  Duration pause();

 private:
  // A request in parts, each of which may be made wrong.
  struct Draft {
    std::size_t user = 0;
    Address source;
    std::string method = "MESSAGE";
    std::string room;  // Request-URI and To.
    std::string vias;
    std::string branch;
    std::string from;
    std::string call_id;
    std::uint32_t cseq = 1;
    std::string max_forwards = "70";
    std::string extra;  // Whole lines.
    std::string content_type = "text/plain";
    std::string body;
  };

  // workload.cpp
  void chat();
  void burst();
  void command();
  void join_and_talk();
  void spoil();
  void gather_beside(std::size_t user);
  void be_bad();
  Draft draft(std::size_t user, std::string room, std::string body);
  void write_vias(Draft& draft);
  static std::string text(const Draft& draft);
  void send(const Draft& draft, bool repeats = true);
  std::string chat_text();
  std::string room_uri(std::size_t room);
  std::string room_argument(std::size_t room);
  std::string user_argument();
  std::string command_line();
  std::string filler(std::size_t bytes);
  // Somebody who is that in the room, or anybody.
  std::size_t any_user() { return dice_.below(world_.plan.users); }
  std::size_t member_of(std::size_t room);
  std::size_t ranked_in(std::size_t room);
  std::size_t owner_of(std::size_t room);
  std::size_t invited_to(std::size_t room);
  template <class Is>
  std::size_t one_who(std::size_t room, Is&& is);
  RoomId room_id(std::size_t room);

  // strange_requests.cpp
  void strange();
  void malformed();
  void junk();
  void odd_method();
  void refused_by_header();
  void odd_identity();
  std::string asserted_identity();
  void odd_content();
  void odd_members();

  World& world_;
  Names& names_;
  Ledger& ledger_;
  Rulebook& rules_;
  Peers& peers_;
  Requests& requests_;
  Dice dice_;
  std::size_t actions_ = 0;
  std::optional<Draft> last_;  // The newest well-formed request.
};

}  // namespace imcd::sim
