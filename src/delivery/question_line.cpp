#include "delivery/question_line.h"

#include "base/check.h"

namespace imcd::delivery {

void QuestionLine::push(Speaker speaker, std::uint32_t host) {
  User& user = users_[speaker];
  if (!user.hosts.empty() && user.hosts.back() == host) return;
  user.hosts.push_back(host);
  give_turn(speaker, user);
}

void QuestionLine::give_turn(Speaker speaker, User& user) {
  if (user.has_turn || user.hosts.empty() || user.under_way >= limits::name_questions_max) return;
  user.has_turn = true;
  turns_.push_back(speaker);
}

void QuestionLine::end_turn(Speaker speaker) {
  const auto user = users_.find(speaker);
  user->second.has_turn = false;
  give_turn(speaker, user->second);
  if (user->second.hosts.empty() && user->second.under_way == 0) users_.erase(user);
}

void QuestionLine::on_ended(Speaker speaker) {
  const auto user = users_.find(speaker);
  CHECK(user != users_.end() && user->second.under_way > 0);
  --user->second.under_way;
  --under_way_;
  if (!user->second.has_turn) end_turn(speaker);
}

}  // namespace imcd::delivery
