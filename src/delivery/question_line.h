// QuestionLine: hosts that are to be asked for, in turns between the users whose messages need
// them: one host of each, then the next of each. So whoever names thousands waits for them himself.
// A user may have so many in line, and so many questions under way, with places left for others.
//
// A host may stand in line for several users; whether it is still to be asked for is the caller's
// to say when its turn comes. Users are known by the hash of their identity; 0 is nobody's message,
// and has a share as anybody.
//
// Cost: O(1) a step; a user takes memory while something of his is in line or under way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "base/limits.h"

namespace imcd::delivery {

class QuestionLine {
 public:
  using Speaker = std::uint64_t;

  // Whether one more host of this user has a place.
  [[nodiscard]] bool has_place(Speaker speaker) const {
    const auto user = users_.find(speaker);
    return user == users_.end() || user->second.hosts.size() < limits::names_in_line_of_user_max;
  }
  // There must be a place, unless the host has it already as the last one.
  void push(Speaker speaker, std::uint32_t host);

  struct Next {
    std::uint32_t host = 0;
    Speaker speaker = 0;  // Whose question it is, until on_ended() is told so.
  };
  // The next host that `is_needed`, if a question may go out. Others are passed over.
  template <class IsNeeded>
  std::optional<Next> pop(IsNeeded&& is_needed) {
    while (under_way_ < limits::name_questions_in_all_max && !turns_.empty()) {
      const Speaker speaker = turns_.front();
      turns_.pop_front();
      User& user = users_.at(speaker);
      const auto host = pop_needed(user, is_needed);
      if (host) {
        ++user.under_way;
        ++under_way_;
      }
      end_turn(speaker);
      if (host) return Next{*host, speaker};
    }
    return std::nullopt;
  }
  void on_ended(Speaker speaker);

 private:
  struct User {
    std::deque<std::uint32_t> hosts;
    std::uint32_t under_way = 0;
    bool has_turn = false;  // In turns_.
  };

  template <class IsNeeded>
  static std::optional<std::uint32_t> pop_needed(User& user, IsNeeded&& is_needed) {
    while (!user.hosts.empty()) {
      const std::uint32_t host = user.hosts.front();
      user.hosts.pop_front();
      if (is_needed(host)) return host;
    }
    return std::nullopt;
  }
  void end_turn(Speaker speaker);
  void give_turn(Speaker speaker, User& user);

  std::unordered_map<Speaker, User> users_;
  std::deque<Speaker> turns_;  // Of those who may ask; each once.
  std::size_t under_way_ = 0;
};

}  // namespace imcd::delivery
