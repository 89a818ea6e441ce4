// Invitations: who is invited to a room, by whom and since when. Most rooms have none at a time, so
// that none costs one pointer.
#pragma once

#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "identity/identity.h"

namespace imcd::imc {

struct Invitation {
  IdentityRef invitee;
  IdentityRef inviter;  // Not stored, so nobody after a restart.
  WallTime made_at{};
};

class Invitations {
 public:
  // In the place of one that is there.
  void add(const IdentityRef& invitee, const IdentityRef& inviter, WallTime made_at) {
    if (!all_) all_ = std::make_unique<All>();
    (*all_)[invitee.get()] = {invitee, inviter, made_at};
  }
  // Null: there is none, or it was made before the rooms were loaded and nobody wrote down when.
  [[nodiscard]] const Invitation* find(const Identity& invitee) const {
    if (!all_) return nullptr;
    const auto found = all_->find(&invitee);
    return found != all_->end() ? &found->second : nullptr;
  }
  std::optional<Invitation> take(const Identity& invitee) {
    if (!all_) return std::nullopt;
    const auto node = all_->extract(&invitee);
    if (all_->empty()) all_.reset();
    if (node.empty()) return std::nullopt;
    return node.mapped();
  }
  // In no order.
  template <class Visit>
  void for_each(Visit&& visit) const {
    if (!all_) return;
    for (const auto& [invitee, invitation] : *all_) visit(invitation);
  }

 private:
  using All = std::unordered_map<const Identity*, Invitation>;
  std::unique_ptr<All> all_;
};

}  // namespace imcd::imc
