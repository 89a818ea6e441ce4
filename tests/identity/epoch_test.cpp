#include "identity/epoch.h"

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "base/random.h"

namespace imcd {
namespace {

// Says when it is destroyed.
struct Tracked {
  explicit Tracked(int& counter) : destroyed(counter) {}
  ~Tracked() { ++destroyed; }
  int& destroyed;
};

class EpochsTest : public testing::Test {
 protected:
  void retire() { epochs.retire(new Tracked(destroyed)); }

  int destroyed = 0;
  Epochs epochs;
};

TEST_F(EpochsTest, FreeAtTheNextCollectionWhatNobodyCanSee) {
  epochs.collect();
  retire();
  retire();
  EXPECT_EQ(destroyed, 0);
  EXPECT_EQ(epochs.retired(), 2U);
  epochs.collect();
  EXPECT_EQ(destroyed, 2);
  EXPECT_EQ(epochs.retired(), 0U);
  epochs.collect();
  EXPECT_EQ(destroyed, 2);
}

TEST_F(EpochsTest, KeepWhatAReaderMaySeeUntilItLeaves) {
  std::optional<EpochGuard> guard(std::in_place, epochs, 0U);
  retire();
  for (int i = 0; i < 100; ++i) epochs.collect();
  EXPECT_EQ(destroyed, 0);
  guard.reset();
  epochs.collect();
  EXPECT_EQ(destroyed, 1);
}

TEST_F(EpochsTest, KeepItForTheReaderOfAnyNumber) {
  for (std::size_t reader = 0; reader < Epochs::readers_max; ++reader) {
    {
      const EpochGuard guard(epochs, reader);
      retire();
      epochs.collect();
      EXPECT_EQ(destroyed, 0) << reader;
    }
    epochs.collect();
    EXPECT_EQ(destroyed, 1) << reader;
    destroyed = 0;
  }
}

// It entered before the retirement, though other things were freed since.
TEST_F(EpochsTest, KeepItForAReaderWhoseStayIsLong) {
  retire();
  epochs.collect();
  std::optional<EpochGuard> guard(std::in_place, epochs, 2U);
  for (int i = 0; i < 10; ++i) {
    retire();
    epochs.collect();
  }
  EXPECT_EQ(destroyed, 1);
  EXPECT_EQ(epochs.retired(), 10U);
  guard.reset();
  epochs.collect();
  EXPECT_EQ(destroyed, 11);
}

TEST_F(EpochsTest, AreNotHeldBackByAReaderThatCameAfterwards) {
  std::optional<EpochGuard> before(std::in_place, epochs, 0U);
  retire();
  epochs.collect();
  const EpochGuard after(epochs, 1);
  retire();
  before.reset();
  epochs.collect();
  EXPECT_EQ(destroyed, 1) << "the first one only: the reader inside may see the second";
}

TEST_F(EpochsTest, FreeEachObjectByItsOwnFunction) {
  static int freed = 0;
  freed = 0;
  int object = 7;
  epochs.retire(&object, [](void* memory) { freed = *static_cast<int*>(memory); });
  epochs.collect();
  EXPECT_EQ(freed, 7);
}

struct Parent {
  Parent(Epochs& owner, int& counter) : epochs(owner), destroyed(counter) {}
  ~Parent() { epochs.retire(new Tracked(destroyed)); }
  Epochs& epochs;
  int& destroyed;
};

// A room that is freed lets go of its members, who may still be seen elsewhere.
TEST_F(EpochsTest, TakeWhatADestructorRetiresAtTheCollectionAfterThis) {
  epochs.retire(new Parent(epochs, destroyed));
  epochs.collect();
  EXPECT_EQ(destroyed, 0);
  EXPECT_EQ(epochs.retired(), 1U);
  epochs.collect();
  EXPECT_EQ(destroyed, 1);
}

TEST_F(EpochsTest, FreeEverythingAtTheEnd) {
  epochs.retire(new Parent(epochs, destroyed));
  retire();
  epochs.free_all();
  EXPECT_EQ(destroyed, 2);
  {
    Epochs others;
    others.retire(new Tracked(destroyed));
  }
  EXPECT_EQ(destroyed, 3);
}

TEST(EpochsDeathTest, AReaderBeyondTheBoundIsABrokenInvariant) {
  Epochs epochs;
  EXPECT_DEATH(EpochGuard(epochs, Epochs::readers_max), "invariant broken");
}

TEST(EpochsDeathTest, TwoStaysUnderOneNumberAreABrokenInvariant) {
  Epochs epochs;
  const EpochGuard guard(epochs, 1);
  EXPECT_DEATH(EpochGuard(epochs, 1), "invariant broken");
}

// Objects that know who was inside when they were retired, and who of them has not left since.
TEST(Epochs, FreeNothingTooEarlyAndEverythingInTheEnd) {
  struct Object {
    explicit Object(std::set<Object*>& living) : alive(living) { alive.insert(this); }
    ~Object() {
      EXPECT_TRUE(seen_by.empty());
      alive.erase(this);
    }
    std::set<Object*>& alive;
    std::set<std::size_t> seen_by;
  };
  Random random({1, 1});
  std::set<Object*> alive;
  Epochs epochs;
  std::array<std::unique_ptr<EpochGuard>, Epochs::readers_max> inside;
  for (int step = 0; step < 20000; ++step) {
    const std::size_t reader = random.below(inside.size());
    switch (random.below(4)) {
      case 0:
        if (!inside[reader]) inside[reader] = std::make_unique<EpochGuard>(epochs, reader);
        break;
      case 1:
        inside[reader].reset();
        for (Object* const object : alive) object->seen_by.erase(reader);
        break;
      case 2: {
        auto* const object = new Object(alive);
        for (std::size_t i = 0; i < inside.size(); ++i) {
          if (inside[i]) object->seen_by.insert(i);
        }
        epochs.retire(object);
        break;
      }
      case 3:
        epochs.collect();
        break;
    }
    ASSERT_EQ(epochs.retired(), alive.size());
  }
  for (auto& guard : inside) guard.reset();
  for (Object* const object : alive) object->seen_by.clear();
  epochs.collect();
  EXPECT_TRUE(alive.empty());
}

}  // namespace
}  // namespace imcd
