// One thread changes rooms as the loop does, four read them as the observer does, all at once. What
// the readers see must be whole at every moment. The thread sanitizer judges the memory orders, the
// address sanitizer whether anything was freed too early; without them it still finds lost rooms.
//
// The run is bounded by counts: the writer makes its changes, and waits after each part of them
// until every reader has made one more pass, so that on any machine all of them meet.
#include <array>
#include <atomic>
#include <gtest/gtest.h>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "imc/room_table.h"

namespace imcd::imc {
namespace {

constexpr HashKey room_hash_key{3, 4};
constexpr std::size_t users_max = 300;
constexpr std::size_t passing_rooms_max = 2000;
constexpr std::size_t lasting_rooms = 8;
constexpr int parts = 64;
constexpr int changes_per_part = 4000;

std::string user_name(std::size_t i) { return "user" + std::to_string(i); }
std::string room_name(std::size_t i) { return "room" + std::to_string(i); }
std::string lasting_name(std::size_t i) { return "lasting" + std::to_string(i); }

// `prefix` and a number below `bound`, at example.org.
bool is_name(std::string_view key, std::string_view prefix, std::size_t bound) {
  const std::size_t at = key.find('@');
  return key.starts_with(prefix) && at != std::string_view::npos &&
         parse_number(key.substr(prefix.size(), at - prefix.size()), bound - 1).has_value() &&
         key.substr(at) == "@example.org";
}

struct House {
  Epochs epochs;
  IdentityTable identities{HashKey{1, 2}, epochs};
  // From the smallest size, so that the table grows through all of them.
  RoomTable rooms{room_hash_key, 1, identities, epochs};
};

// Changes rooms at random. In turns there are more of them and larger ones, or fewer and smaller.
class Writer {
 public:
  explicit Writer(House& house) : house_(house) {
    for (std::size_t i = 0; i < users_max; ++i) {
      users_.push_back(house_.identities.intern(user_name(i), "example.org"));
    }
    for (std::size_t i = 0; i < lasting_rooms; ++i) make_lasting_room(i);
  }

  void change(bool filling) {
    switch (random_.below(4)) {
      case 0:
        change_room(filling);
        break;
      default:
        change_member(filling);
        break;
    }
    house_.rooms.grow_slice();
    if (house_.rooms.growing() != was_growing_) {
      was_growing_ = !was_growing_;
      growths_in_slices_ += was_growing_ ? 0 : 1;
    }
    if (random_.below(64) == 0) house_.epochs.collect();
  }

  // Half of the users leave for good and their identities go, then they are made anew.
  void replace_users() {
    for (std::size_t i = 1; i < users_max; i += 2) {
      users_[i] = {};
      house_.epochs.collect();
      users_[i] = house_.identities.intern(user_name(i), "example.org");
    }
  }

  void destroy_all() {
    std::size_t cursor = 0;
    while (const Room* const room = house_.rooms.next(cursor)) house_.rooms.destroy(*room);
    users_.clear();
  }
  [[nodiscard]] int growths_in_slices() const { return growths_in_slices_; }
  [[nodiscard]] std::size_t most_rooms() const { return most_rooms_; }
  [[nodiscard]] std::uint32_t most_members() const { return most_members_; }

 private:
  Room& create(const std::string& name) {
    const std::string uri = "sip:" + name + "@example.org";
    return house_.rooms.create(house_.rooms.key(*parser::parse_uri(uri)), name, "example.org",
                               random_.below(2) == 0);
  }

  // User 0 owns it and never leaves.
  void make_lasting_room(std::size_t i) {
    Room& room = create(lasting_name(i));
    room.members.add(*users_[0], records::member_flag::owner);
    lasting_.push_back(&room);
  }

  void change_room(bool filling) {
    const std::string name = room_name(random_.below(passing_rooms_max));
    const Room* const room = house_.rooms.find(name + "@example.org");
    if (room == nullptr && (filling || random_.below(4) == 0)) {
      Room& made = create(name);
      for (std::uint64_t n = random_.below(4); n > 0; --n) join(made);
    } else if (room != nullptr && (!filling || random_.below(4) == 0)) {
      house_.rooms.destroy(*room);
    }
    most_rooms_ = std::max(most_rooms_, house_.rooms.size());
  }

  void change_member(bool filling) {
    Room& room = *lasting_[random_.below(lasting_.size())];
    Identity& who = *users_[1 + random_.below(users_max - 1)];
    Member* const member = room.members.find(who);
    if (member == nullptr) {
      if (filling || random_.below(4) == 0) join(room);
    } else if (random_.below(4) == 0) {
      room.members.set_flags(*member, flags());
    } else if (!filling || random_.below(4) == 0) {
      room.members.remove(*member);
    }
    house_.rooms.set_private(room, random_.below(2) == 0);
    most_members_ = std::max(most_members_, room.members.members());
  }

  void join(Room& room) {
    Identity& who = *users_[1 + random_.below(users_max - 1)];
    if (room.members.find(who) == nullptr) room.members.add(who, flags());
  }

  std::uint32_t flags() {
    constexpr std::array choices = {std::uint32_t{0}, records::member_flag::admin,
                                    records::member_flag::invited, member_joining};
    return choices[random_.below(choices.size())];
  }

  House& house_;
  Random random_{{7, 7}};
  std::vector<IdentityRef> users_;
  std::vector<Room*> lasting_;
  bool was_growing_ = false;
  int growths_in_slices_ = 0;
  std::size_t most_rooms_ = 0;
  std::uint32_t most_members_ = 0;
};

// Looks at everything a reader may see, and counts what is not as it should be.
class Reader {
 public:
  Reader(House& house, std::size_t number) : house_(house), number_(number), random_({number, 8}) {}

  void run(const std::atomic<bool>& done) {
    while (!done.load(std::memory_order_relaxed)) {
      look_up();
      iterate();
      passes.fetch_add(1, std::memory_order_relaxed);
    }
  }

  // Read by the writer's thread to keep in step; relaxed, so that it orders nothing else.
  std::atomic<int> passes{0};

  // Read after the thread has ended.
  int lost_rooms = 0;
  int wrong_rooms = 0;
  int wrong_members = 0;
  int wrong_counts = 0;
  std::uint64_t rooms_seen = 0;
  std::uint64_t members_seen = 0;

 private:
  void look_up() {
    const EpochGuard guard(house_.epochs, number_);
    for (std::size_t i = 0; i < lasting_rooms; ++i) {
      const Room* const room = find(lasting_name(i));
      if (room == nullptr) {
        ++lost_rooms;
      } else {
        check_lasting(*room);
      }
    }
    for (int i = 0; i < 20; ++i) {
      const Room* const room = find(room_name(random_.below(passing_rooms_max)));
      if (room != nullptr) check_members(*room);
    }
  }

  const Room* find(const std::string& name) {
    const std::string key = name + "@example.org";
    const Room* const room = house_.rooms.find(key);
    if (room == nullptr) return nullptr;
    ++rooms_seen;
    if (room->key() != key || room->name() != name || !check_key(*room)) ++wrong_rooms;
    return room;
  }

  // What is found early in a stay must still be there at its end, however long that takes.
  void iterate() {
    kept_.clear();
    const EpochGuard guard(house_.epochs, number_);
    std::size_t lasting = 0;
    std::size_t rooms = 0;
    house_.rooms.for_each([&](const Room& room) {
      const bool is_lasting = is_name(room.key(), "lasting", lasting_rooms);
      lasting += is_lasting ? 1U : 0U;
      if (!is_lasting && !is_name(room.key(), "room", passing_rooms_max)) ++wrong_rooms;
      if (++rooms % 16 == 0) check_members(room);
      if (rooms % 8 == 0) keep(room);
    });
    if (lasting != lasting_rooms) ++lost_rooms;
    if (house_.rooms.size() > passing_rooms_max + lasting_rooms) ++wrong_counts;
    for (const Kept& kept : kept_) {
      if (kept.room->hash != kept.hash || !check_key(*kept.room)) ++wrong_rooms;
      if (kept.member != nullptr) check_member(*kept.member);
    }
  }

  void keep(const Room& room) {
    const Member* last = nullptr;
    room.members.for_each([&last](const Member& member) { last = &member; });
    kept_.push_back({&room, room.hash, last});
  }

  // Its owner is the first of its members, in every block that was ever published.
  void check_lasting(const Room& room) {
    const Identity* first = nullptr;
    int owners = 0;
    room.members.for_each([&](const Member& member) {
      if (first == nullptr) first = member.who;
      owners += member.is(records::member_flag::owner) ? 1 : 0;
    });
    if (first == nullptr || first->key() != "user0@example.org" || owners != 1) ++wrong_members;
    if (room.owner() != first) ++wrong_members;
    check_members(room);
  }

  static bool check_key(const Room& room) {
    return room.address() == room.key() && room.hash == siphash(room_hash_key, room.key());
  }

  void check_members(const Room& room) {
    room.members.for_each([this](const Member& member) { check_member(member); });
    // Each number for itself is right; together they may be of two moments.
    if (room.members.members() > users_max || room.members.invited() > users_max) ++wrong_counts;
  }

  void check_member(const Member& member) {
    ++members_seen;
    const Identity& who = *member.who;
    if (!is_name(who.key(), "user", users_max) || who.address() != who.key() ||
        who.uri().substr(4) != who.key()) {
      ++wrong_members;
    }
  }

  struct Kept {
    const Room* room;
    std::uint64_t hash;
    const Member* member;  // The last one then; null in an empty room.
  };

  House& house_;
  std::size_t number_;
  Random random_;
  std::vector<Kept> kept_;
};

TEST(RoomTableRace, ReadersOnOtherThreadsSeeWholeRoomsOnly) {
  House house;
  Writer writer(house);
  std::array<Reader, Epochs::readers_max> readers = {Reader(house, 0), Reader(house, 1),
                                                     Reader(house, 2), Reader(house, 3)};
  std::atomic<bool> done = false;
  std::latch everybody(readers.size() + 1);
  std::vector<std::jthread> threads;
  for (Reader& reader : readers) {
    threads.emplace_back([&reader, &done, &everybody] {
      everybody.arrive_and_wait();
      reader.run(done);
    });
  }
  everybody.arrive_and_wait();
  for (int part = 0; part < parts; ++part) {
    for (int n = 0; n < changes_per_part; ++n) writer.change(part % 8 < 5);
    writer.replace_users();
    for (const Reader& reader : readers) {
      while (reader.passes.load(std::memory_order_relaxed) <= part) std::this_thread::yield();
    }
  }
  done.store(true, std::memory_order_relaxed);
  threads.clear();

  for (const Reader& reader : readers) {
    EXPECT_EQ(reader.lost_rooms, 0);
    EXPECT_EQ(reader.wrong_rooms, 0);
    EXPECT_EQ(reader.wrong_members, 0);
    EXPECT_EQ(reader.wrong_counts, 0);
    EXPECT_GE(reader.passes, parts);
    EXPECT_GT(reader.rooms_seen, 100U);
    EXPECT_GT(reader.members_seen, 1000U);
  }
  // All that was to happen did.
  EXPECT_GE(writer.growths_in_slices(), 4);
  EXPECT_GT(writer.most_rooms(), 1000U) << "from 4 slots on: nine growths at the least";
  EXPECT_GT(writer.most_members(), 100U);

  writer.destroy_all();
  for (int i = 0; i < 3; ++i) house.epochs.collect();
  EXPECT_EQ(house.epochs.retired(), 0U);
  EXPECT_EQ(house.identities.size(), 0U);
  EXPECT_EQ(house.rooms.size(), 0U);
}

// Without rooms there is nothing to find, but readers may come and go all the same.
TEST(RoomTableRace, ReadersMayEnterAnEmptyTable) {
  House house;
  std::vector<std::jthread> threads;
  std::atomic<int> found = 0;
  for (std::size_t number = 0; number < Epochs::readers_max; ++number) {
    threads.emplace_back([&house, &found, number] {
      for (int i = 0; i < 1000; ++i) {
        const EpochGuard guard(house.epochs, number);
        if (house.rooms.find("nobody@example.org") != nullptr) ++found;
        house.rooms.for_each([&found](const Room& /*room*/) { ++found; });
      }
    });
  }
  for (int i = 0; i < 1000; ++i) {
    house.epochs.retire(new int(i));
    house.epochs.collect();
  }
  threads.clear();
  EXPECT_EQ(found, 0);
  house.epochs.collect();
  EXPECT_EQ(house.epochs.retired(), 0U);
}

}  // namespace
}  // namespace imcd::imc
