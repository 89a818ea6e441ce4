#include "imc/member_list.h"

#include <bit>

#include "base/check.h"

namespace imcd::imc {

MemberList::~MemberList() {
  Block* const block = block_.load(std::memory_order_relaxed);
  if (block == nullptr) return;
  const std::uint32_t size = block->size.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < size; ++i) {
    Member& member = block->members[i];
    const std::uint32_t flags = member.flags.load(std::memory_order_relaxed);
    if ((flags & records::member_flag::deleted) == 0) count_out(*member.who, flags);
    identities_.release(*member.who);
  }
  delete block;
}

Member* MemberList::slot_of(const Identity& who) const {
  const Block* const block = block_.load(std::memory_order_relaxed);
  if (block == nullptr) return nullptr;
  if (!index_.empty()) {
    const std::size_t mask = index_.size() - 1;
    for (std::size_t at = who.hash & mask; index_[at] != 0; at = (at + 1) & mask) {
      Member& member = block->members[index_[at] - 1];
      if (member.who == &who && !member.is(records::member_flag::deleted)) return &member;
    }
    return nullptr;
  }
  const std::uint32_t size = block->size.load(std::memory_order_relaxed);
  for (std::uint32_t i = 0; i < size; ++i) {
    Member& member = block->members[i];
    if (member.who == &who && !member.is(records::member_flag::deleted)) return &member;
  }
  return nullptr;
}

void MemberList::add(Identity& who, std::uint32_t flags) {
  CHECK((flags & records::member_flag::deleted) == 0);
  Block* block = block_.load(std::memory_order_relaxed);
  if (block == nullptr || block->size.load(std::memory_order_relaxed) == block->capacity) {
    replace_block();
    block = block_.load(std::memory_order_relaxed);
  }
  const std::uint32_t slot = block->size.load(std::memory_order_relaxed);
  IdentityTable::acquire(who);
  count_in(who, flags);
  block->members[slot].who = &who;
  block->members[slot].number = ++last_number_;
  block->members[slot].flags.store(flags, std::memory_order_relaxed);
  // Release, pairs with the acquire in for_each(): the slot is whole.
  block->size.store(slot + 1, std::memory_order_release);
  count(flags, 1);
  if (!index_.empty()) index_slot(slot);
}

void MemberList::set_flags(Member& member, std::uint32_t flags) {
  CHECK((flags & records::member_flag::deleted) == 0);
  const std::uint32_t before = member.flags.load(std::memory_order_relaxed);
  count(before, -1);
  count_out(*member.who, before);
  count(flags, 1);
  count_in(*member.who, flags);
  member.flags.store(flags, std::memory_order_release);
}

void MemberList::remove(Member& member) {
  const std::uint32_t flags = member.flags.load(std::memory_order_relaxed);
  CHECK((flags & records::member_flag::deleted) == 0);
  count(flags, -1);
  count_out(*member.who, flags);
  member.flags.store(flags | records::member_flag::deleted, std::memory_order_release);
  ++gone_;
  const Block& block = *block_.load(std::memory_order_relaxed);
  const std::uint32_t size = block.size.load(std::memory_order_relaxed);
  if (gone_ == size || (size >= index_from && gone_ * 2 > size)) replace_block();
}

void MemberList::count(std::uint32_t flags, int by) {
  auto& counter = (flags & records::member_flag::invited) != 0 ? invited_ : members_;
  counter.store(counter.load(std::memory_order_relaxed) + static_cast<std::uint32_t>(by),
                std::memory_order_relaxed);
}

void MemberList::count_in(Identity& who, std::uint32_t flags) {
  ++who.rooms;
  if ((flags & member_unasked) != 0) ++who.unasked;
}

void MemberList::count_out(Identity& who, std::uint32_t flags) {
  --who.rooms;
  if ((flags & member_unasked) != 0) --who.unasked;
}

void MemberList::replace_block() {
  Block* const old = block_.load(std::memory_order_relaxed);
  const std::uint32_t old_size = old ? old->size.load(std::memory_order_relaxed) : 0;
  const std::uint32_t here = old_size - gone_;
  Block* const block = new Block(here < 2 ? 2 : here + here / 2);
  std::uint32_t size = 0;
  for (std::uint32_t i = 0; i < old_size; ++i) {
    const Member& member = old->members[i];
    if (member.is(records::member_flag::deleted)) continue;
    block->members[size].who = member.who;
    block->members[size].number = member.number;
    block->members[size].flags.store(member.flags.load(std::memory_order_relaxed),
                                     std::memory_order_relaxed);
    ++size;
  }
  CHECK(size == here);
  block->size.store(size, std::memory_order_relaxed);
  // Release, pairs with the acquire in for_each(): the members are there.
  block_.store(block, std::memory_order_release);
  // Only now nobody new can meet those who left.
  for (std::uint32_t i = 0; i < old_size; ++i) {
    if (old->members[i].is(records::member_flag::deleted))
      identities_.release(*old->members[i].who);
  }
  if (old != nullptr) epochs_.retire(old);
  gone_ = 0;
  rebuild_index();
}

void MemberList::rebuild_index() {
  const Block& block = *block_.load(std::memory_order_relaxed);
  const std::uint32_t size = block.size.load(std::memory_order_relaxed);
  index_.clear();
  if (block.capacity <= index_from) return;
  index_.resize(std::bit_ceil(std::size_t{block.capacity} * 2));
  for (std::uint32_t slot = 0; slot < size; ++slot) index_slot(slot);
}

void MemberList::index_slot(std::uint32_t slot) {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = block_.load(std::memory_order_relaxed)->members[slot].who->hash & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = slot + 1;
}

}  // namespace imcd::imc
