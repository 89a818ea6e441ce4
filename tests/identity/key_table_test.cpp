#include "identity/key_table.h"

#include <deque>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/random.h"
#include "base/siphash.h"

namespace imcd {
namespace {

struct Entry {
  Entry(std::uint64_t hash_of_key, std::string text) : hash(hash_of_key), name(std::move(text)) {}
  [[nodiscard]] std::string_view key() const { return name; }
  std::uint64_t hash;
  std::string name;
};

std::uint64_t hash_of(std::string_view key) { return siphash({1, 2}, key); }

std::unique_ptr<Entry> entry(const std::string& key) {
  return std::make_unique<Entry>(hash_of(key), key);
}

std::size_t count(const KeyTable<Entry>& table) {
  std::size_t found = 0;
  table.for_each([&found](const Entry& /*entry*/) { ++found; });
  return found;
}

TEST(KeyTable, FindsNothingWhileItIsEmpty) {
  for (const unsigned size : {0U, 1U, 2U, 10U}) {
    Epochs epochs;
    const KeyTable<Entry> table(epochs, size);
    EXPECT_EQ(table.find(hash_of("a"), "a"), nullptr);
    EXPECT_EQ(table.size(), 0U);
    EXPECT_EQ(count(table), 0U);
  }
}

TEST(KeyTable, FindsWhatWasInsertedUntilItIsErased) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 4);
  const auto a = entry("a");
  const auto b = entry("b");
  table.insert(a.get());
  table.insert(b.get());
  EXPECT_EQ(table.find(a->hash, "a"), a.get());
  EXPECT_EQ(table.find(b->hash, "b"), b.get());
  EXPECT_EQ(table.size(), 2U);
  table.erase(a.get());
  EXPECT_EQ(table.find(a->hash, "a"), nullptr);
  EXPECT_EQ(table.find(b->hash, "b"), b.get());
  EXPECT_EQ(table.size(), 1U);
  table.insert(a.get());
  EXPECT_EQ(table.find(a->hash, "a"), a.get());
}

TEST(KeyTable, TellsKeysOfOneHashApart) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 4);
  Entry a(7, "a");
  Entry b(7, "b");
  table.insert(&a);
  EXPECT_EQ(table.find(7, "b"), nullptr);
  table.insert(&b);
  table.erase(&a);
  EXPECT_EQ(table.find(7, "a"), nullptr);
  EXPECT_EQ(table.find(7, "b"), &b);
  EXPECT_EQ(table.find(7 + 16, "b"), nullptr);
}

TEST(KeyTable, WrapsAroundItsEnd) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 4);
  std::deque<Entry> entries;
  for (int i = 0; i < 6; ++i) table.insert(&entries.emplace_back(15, std::to_string(i)));
  for (Entry& each : entries) EXPECT_EQ(table.find(15, each.key()), &each);
  EXPECT_EQ(count(table), 6U);
}

// Option hash_size goes down to 1: the smallest tables must grow like any other.
TEST(KeyTable, GrowsFromTheSmallestSizes) {
  for (const unsigned size : {0U, 1U, 2U, 3U}) {
    Epochs epochs;
    KeyTable<Entry> table(epochs, size);
    std::vector<std::unique_ptr<Entry>> entries;
    for (int i = 0; i < 1000; ++i) {
      entries.push_back(entry(std::to_string(i)));
      table.insert(entries.back().get());
      for (const auto& each : entries) ASSERT_EQ(table.find(each->hash, each->name), each.get());
      ASSERT_EQ(table.size(), entries.size());
      ASSERT_EQ(count(table), entries.size());
    }
    EXPECT_GE(table.capacity(), 1024U);
    epochs.collect();
    EXPECT_EQ(epochs.retired(), 0U);
  }
}

// A large table grows over many changes, and answers as ever meanwhile.
TEST(KeyTable, GrowsInSlices) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 12);
  std::vector<std::unique_ptr<Entry>> entries;
  while (!table.growing()) {
    entries.push_back(entry(std::to_string(entries.size())));
    table.insert(entries.back().get());
  }
  EXPECT_EQ(entries.size(), 3072U);
  const std::size_t begin = entries.size();
  while (table.growing()) {
    EXPECT_EQ(table.capacity(), 4096U);
    // What is erased may have been moved already, or not.
    for (const std::size_t index : {entries.size() / 3, entries.size() / 2}) {
      if (entries[index] == nullptr) continue;
      table.erase(entries[index].get());
      EXPECT_EQ(table.find(entries[index]->hash, entries[index]->name), nullptr);
      entries[index].reset();
    }
    entries.push_back(entry(std::to_string(entries.size())));
    table.insert(entries.back().get());
  }
  EXPECT_GT(entries.size() - begin, 10U);
  EXPECT_EQ(table.capacity(), 8192U);
  std::size_t living = 0;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::string key = std::to_string(i);
    ASSERT_EQ(table.find(hash_of(key), key), entries[i].get()) << i;
    living += entries[i] ? 1U : 0U;
  }
  EXPECT_EQ(table.size(), living);
  EXPECT_EQ(count(table), living);
}

TEST(KeyTable, EndsItsGrowthWithoutFurtherChanges) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 12);
  std::vector<std::unique_ptr<Entry>> entries;
  while (!table.growing()) {
    entries.push_back(entry(std::to_string(entries.size())));
    table.insert(entries.back().get());
  }
  int slices = 0;
  for (; table.growing(); ++slices) table.grow_slice();
  EXPECT_EQ(slices, 63);
  EXPECT_EQ(table.capacity(), 8192U);
  for (const auto& each : entries) EXPECT_EQ(table.find(each->hash, each->name), each.get());
  table.grow_slice();
  EXPECT_EQ(table.capacity(), 8192U);
}

// Few live entries and ever new keys: the array is made anew, not larger.
TEST(KeyTable, DoesNotGrowByTombstones) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 8);
  const auto lasting = entry("lasting");
  table.insert(lasting.get());
  std::size_t rebuilt = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto passing = entry(std::to_string(i));
    table.insert(passing.get());
    ASSERT_EQ(table.find(passing->hash, passing->name), passing.get());
    table.erase(passing.get());
    ASSERT_EQ(table.find(passing->hash, passing->name), nullptr);
    ASSERT_EQ(table.find(lasting->hash, lasting->name), lasting.get());
    rebuilt += epochs.retired();
    epochs.collect();
  }
  EXPECT_GT(rebuilt, 10U);
  EXPECT_EQ(table.capacity(), 256U);
  EXPECT_EQ(table.size(), 1U);
}

// A room that is made and destroyed for ever may not leave a trail that all others have to walk.
TEST(KeyTable, TakesTheTombstoneOfAKeyThatComesBack) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 8);
  Entry neighbour(7, "neighbour");
  table.insert(&neighbour);
  for (int i = 0; i < 20000; ++i) {
    Entry passing(7, "passing");
    table.insert(&passing);
    ASSERT_EQ(table.find(7, "passing"), &passing);
    table.erase(&passing);
    ASSERT_EQ(table.find(7, "passing"), nullptr);
  }
  EXPECT_EQ(table.find(7, "neighbour"), &neighbour);
  EXPECT_EQ(epochs.retired(), 0U) << "no tombstones, so no array was made anew";
}

TEST(KeyTable, KeepsAnOldArrayWhileAReaderIsInside) {
  Epochs epochs;
  KeyTable<Entry> table(epochs, 2);
  std::vector<std::unique_ptr<Entry>> entries;
  {
    const EpochGuard guard(epochs, 0);
    for (int i = 0; i < 100; ++i) {
      entries.push_back(entry(std::to_string(i)));
      table.insert(entries.back().get());
      epochs.collect();
    }
    EXPECT_EQ(epochs.retired(), 6U) << "of 4, 8, 16, 32, 64 and 128 slots";
  }
  epochs.collect();
  EXPECT_EQ(epochs.retired(), 0U);
}

TEST(KeyTable, MayBeDestroyedInTheMiddleOfAGrowth) {
  Epochs epochs;
  std::vector<std::unique_ptr<Entry>> entries;
  KeyTable<Entry> table(epochs, 12);
  while (!table.growing()) {
    entries.push_back(entry(std::to_string(entries.size())));
    table.insert(entries.back().get());
  }
}

// A table beside a standard one. `homes` bounds the hashes, so that few of them crowd the probes.
class Twin {
 public:
  Twin(std::uint64_t seed, unsigned size_log2, std::uint64_t homes)
      : random_({seed, 2}), homes_(homes), table_(epochs_, size_log2) {}

  // Grows towards `target` entries, or shrinks, with changes in both directions all the way.
  void move_towards(std::size_t target) {
    while (model_.size() != target) {
      const bool grow = (model_.size() < target) == (random_.below(4) != 0);
      grow || model_.empty() ? insert() : erase();
      if (random_.below(3) == 0) table_.grow_slice();
      epochs_.collect();
      check_some();
    }
    check_all();
  }
  void end_growth() {
    while (table_.growing()) table_.grow_slice();
  }
  [[nodiscard]] std::size_t capacity() const { return table_.capacity(); }
  [[nodiscard]] std::size_t retired() {
    epochs_.collect();
    return epochs_.retired();
  }

 private:
  [[nodiscard]] std::uint64_t hash(const std::string& key) const { return hash_of(key) % homes_; }

  void insert() {
    const std::string key = std::to_string(random_.below(20000));
    auto& owner = model_[key];
    if (owner) return;
    owner = std::make_unique<Entry>(hash(key), key);
    table_.insert(owner.get());
    EXPECT_EQ(table_.find(owner->hash, key), owner.get());
  }

  // Some entry, from wherever the model begins at a random key.
  void erase() {
    auto at = model_.find(std::to_string(random_.below(20000)));
    if (at == model_.end()) at = model_.begin();
    table_.erase(at->second.get());
    EXPECT_EQ(table_.find(at->second->hash, at->first), nullptr);
    // Freed at once, as nobody reads: a pointer left in the table would be found by the sanitizer.
    model_.erase(at);
  }

  void check_some() {
    ASSERT_EQ(table_.size(), model_.size());
    for (int i = 0; i < 5; ++i) {
      const std::string key = std::to_string(random_.below(20000));
      const auto at = model_.find(key);
      Entry* const expected = at == model_.end() ? nullptr : at->second.get();
      ASSERT_EQ(table_.find(hash(key), key), expected) << key;
    }
  }

  void check_all() {
    std::size_t visited = 0;
    table_.for_each([&](const Entry& each) {
      ++visited;
      const auto at = model_.find(each.name);
      ASSERT_NE(at, model_.end());
      ASSERT_EQ(at->second.get(), &each);
    });
    EXPECT_EQ(visited, model_.size());
    for (const auto& [key, each] : model_) ASSERT_EQ(table_.find(each->hash, key), each.get());
  }

  Random random_;
  std::uint64_t homes_;
  Epochs epochs_;
  std::unordered_map<std::string, std::unique_ptr<Entry>> model_;
  KeyTable<Entry> table_;
};

TEST(KeyTable, DoesAsAStandardTableDoesThroughManyGrowths) {
  Twin twin(1, 1, ~std::uint64_t{0});
  for (const std::size_t target : {5000U, 10U, 3000U, 0U, 8000U, 7000U, 8000U, 100U}) {
    twin.move_towards(target);
    if (testing::Test::HasFatalFailure()) return;
  }
  twin.end_growth();
  EXPECT_EQ(twin.capacity(), 16384U);
  EXPECT_EQ(twin.retired(), 0U);
}

TEST(KeyTable, DoesAsAStandardTableDoesWhenHashesCrowd) {
  Twin twin(2, 2, 50);
  for (const std::size_t target : {300U, 20U, 250U, 0U, 400U}) {
    twin.move_towards(target);
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace imcd
