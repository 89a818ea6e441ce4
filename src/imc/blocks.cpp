#include "imc/blocks.h"

#include <algorithm>

#include "base/limits.h"

namespace imcd::imc {
namespace {

// Whether the block is of all at the host of this key.
bool is_of_host(std::string_view blocked, std::string_view key) {
  return blocked.starts_with("*@") && blocked.substr(1) == key.substr(key.rfind('@'));
}

}  // namespace

const std::vector<Block>& Blocks::of(std::string_view user_key) const {
  static const std::vector<Block> none;
  const auto found = blocks_.find(user_key);
  return found != blocks_.end() ? found->second : none;
}

bool Blocks::has(const Identity& who, const Identity& other) const {
  return std::ranges::any_of(of(who.key()), [&](const Block& block) {
    return block.blocked == other.key() || is_of_host(block.blocked, other.key());
  });
}

bool Blocks::has(std::string_view user_key, std::string_view blocked) const {
  const auto& all = of(user_key);
  return std::ranges::find(all, blocked, &Block::blocked) != all.end();
}

bool Blocks::has_space(std::string_view user_key) const {
  return of(user_key).size() < limits::blocks_of_user_max && size_ < limits::blocks_max;
}

void Blocks::put(std::string_view user_key, std::string_view blocked, WallTime made_at) {
  auto& all = blocks_.try_emplace(std::string(user_key)).first->second;
  const auto found = std::ranges::find(all, blocked, &Block::blocked);
  if (found != all.end()) {
    found->made_at = made_at;
    return;
  }
  all.push_back({std::string(blocked), made_at});
  ++size_;
}

void Blocks::erase(std::string_view user_key, std::string_view blocked) {
  const auto user = blocks_.find(user_key);
  if (user == blocks_.end()) return;
  size_ -=
      std::erase_if(user->second, [&](const Block& block) { return block.blocked == blocked; });
  if (user->second.empty()) blocks_.erase(user);
}

void Blocks::clear() {
  blocks_.clear();
  size_ = 0;
}

}  // namespace imcd::imc
