// MemberList: who is in a room, in the order of joining. The loop writes; readers on other threads
// walk the published block by acquire loads. A block holds pointers to immutable identities beside
// atomic flags; it is replaced when it is full or half of it has left, and freed by epoch.
//
// A member costs 16 bytes here; blocks above index_from slots have an index of 8 to 16 bytes more.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

#include "identity/identity.h"
#include "records/record.h"

namespace imcd::imc {

// Kept in memory only, beside records::member_flag: journaled, but not yet committed; no chat yet.
// Any of these bits says so; together they tell which command it waits for (Outcome::joining).
constexpr std::uint32_t member_joining = 0xffff0000;

// Also in memory only: others put the user into the room, who has neither spoken in it nor
// accepted.
constexpr std::uint32_t member_unasked = 0x8000;

struct Member {
  Identity* who = nullptr;
  std::atomic<std::uint32_t> flags{0};
  std::uint32_t number = 0;  // Counts up within the room, in the order of joining.

  [[nodiscard]] bool is(std::uint32_t flag) const {
    return (flags.load(std::memory_order_acquire) & flag) != 0;
  }
  // In the room, as opposed to invited or gone.
  [[nodiscard]] bool is_member() const {
    return !is(records::member_flag::invited | records::member_flag::deleted);
  }
  // May change who else is in it.
  [[nodiscard]] bool has_rank() const {
    return is_member() && is(records::member_flag::owner | records::member_flag::admin);
  }
  [[nodiscard]] bool gets_chat() const {
    return !is(records::member_flag::invited | records::member_flag::deleted | member_joining);
  }
};

class MemberList {
 public:
  MemberList(IdentityTable& identities, Epochs& epochs)
      : identities_(identities), epochs_(epochs) {}
  ~MemberList();
  MemberList(const MemberList&) = delete;
  MemberList& operator=(const MemberList&) = delete;

  // --- Any thread, inside an EpochGuard unless it is the writer ---------------------------------

  // Members and invited, in order of joining; those who left are passed over.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const Block* block = block_.load(std::memory_order_acquire);
    if (block == nullptr) return;
    const std::uint32_t size = block->size.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < size; ++i) {
      const Member& member = block->members[i];
      if (!member.is(records::member_flag::deleted)) visit(member);
    }
  }
  [[nodiscard]] std::uint32_t members() const { return members_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint32_t invited() const { return invited_.load(std::memory_order_relaxed); }

  // --- Writer only ------------------------------------------------------------------------------

  // A member or an invited one; nothing when the identity is neither.
  [[nodiscard]] Member* find(const Identity& who) { return slot_of(who); }
  [[nodiscard]] const Member* find(const Identity& who) const { return slot_of(who); }

  // Walks the list in pieces over several turns: those whose number is not below `number`, in
  // order, until visit(const Member&) says false.
  template <class Visit>
  void for_each_from(std::uint32_t number, Visit&& visit) const {
    const Block* block = block_.load(std::memory_order_relaxed);
    if (block == nullptr) return;
    const Member* const end = block->members.get() + block->size.load(std::memory_order_relaxed);
    const Member* at = std::lower_bound(
        static_cast<const Member*>(block->members.get()), end, number,
        [](const Member& member, std::uint32_t from) { return member.number < from; });
    for (; at != end; ++at) {
      if (!at->is(records::member_flag::deleted) && !visit(*at)) return;
    }
  }

  // The identity must not be in the list.
  void add(Identity& who, std::uint32_t flags);
  // `member` must be one of this list; it may move, so pointers to members end here.
  void set_flags(Member& member, std::uint32_t flags);
  void remove(Member& member);

 private:
  struct Block {
    explicit Block(std::uint32_t slots)
        : capacity(slots), members(std::make_unique<Member[]>(slots)) {}
    const std::uint32_t capacity;
    std::atomic<std::uint32_t> size{0};
    std::unique_ptr<Member[]> members;
  };

  static constexpr std::uint32_t index_from = 16;

  [[nodiscard]] Member* slot_of(const Identity& who) const;
  void count(std::uint32_t flags, int by);
  // What the user is in.
  static void count_in(Identity& who, std::uint32_t flags);
  static void count_out(Identity& who, std::uint32_t flags);
  // A new block with those who are here and room for more.
  void replace_block();
  void rebuild_index();
  void index_slot(std::uint32_t slot);

  IdentityTable& identities_;
  Epochs& epochs_;
  std::atomic<Block*> block_{nullptr};
  std::atomic<std::uint32_t> members_{0};
  std::atomic<std::uint32_t> invited_{0};
  std::uint32_t last_number_ = 0;
  std::uint32_t gone_ = 0;            // Deleted slots of the block.
  std::vector<std::uint32_t> index_;  // Slot + 1 by hash; empty while the block is small.
};

}  // namespace imcd::imc
