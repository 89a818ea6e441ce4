#include "sim/storage.h"

#include <algorithm>
#include <fmt/format.h>

namespace imcd::sim {
namespace {

constexpr Duration open_again = 200ms;

bool is_hit(std::uint64_t salt, const records::MemberRow::Key& key, double share) {
  const std::uint64_t hash = Reader::hash(key.user + '@' + records::room_key(key.room).name) ^ salt;
  return static_cast<double>(hash * 0x9e3779b97f4a7c15ULL >> 11) * 0x1p-53 < share;
}

}  // namespace

Storage::Storage(World& world, Checker& checker, db::MemoryDatabase& database)
    : world_(world), checker_(checker), database_(database), dice_(world.dice.fork()) {}

void Storage::start(std::uint32_t life) {
  life_ = life;
  store_.emplace(database_);
  world_.at(dice_.between(1ms, 50ms), EventKind::store_open, 0, life_);
}

void Storage::abandon() {
  if (batch_ && !result_ && !store_->is_dead() && dice_.chance(0.9)) {
    world_.counts.add(Fault::applied_after_death);
    database_.faults = {};
    commit();
  }
  store_.reset();
  batch_.reset();
  result_.reset();
  pieces_.clear();
}

// --- Loading -------------------------------------------------------------------------------------

std::optional<std::string> Storage::open() {
  if (!world_.is_calm && dice_.chance(world_.plan.store.not_open)) {
    world_.counts.add(Fault::store_not_open);
    database_.faults.open_failures = 1;
  }
  if (const auto opened = store_->open(); !opened) {
    world_.at(open_again, EventKind::store_open, 0, life_);
    return opened.error().text;
  }
  read_pieces();
  world_.at(dice_.between(1ms, 20ms), EventKind::store_load, 0, life_);
  return std::nullopt;
}

void Storage::read_pieces() {
  pieces_.clear();
  load_failed_ = false;
  if (!world_.is_calm && dice_.chance(world_.plan.store.load_fails)) {
    world_.counts.add(Fault::load_failed);
    database_.faults.load_failures = 1;
  }
  records::LoadedRows all;
  const auto take = [](void* to, records::LoadedRows&& piece) {
    static_cast<records::LoadedRows*>(to)->append(std::move(piece));
    return true;
  };
  load_failed_ = !store_->load(take, &all).has_value();
  // In smaller pieces than the store gives.
  const std::size_t size = dice_.between(1, 40);
  records::LoadedRows piece;
  const auto cut = [&] {
    if (!piece.empty()) pieces_.push_back(std::exchange(piece, {}));
  };
  all.for_each_table([&]<class Row>(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      piece.of<Row>().push_back(row);
      if (piece.size() >= size) cut();
    }
  });
  cut();
  if (load_failed_ && !pieces_.empty()) pieces_.resize(dice_.below(pieces_.size()));
  std::ranges::reverse(pieces_);
}

std::optional<records::LoadedRows> Storage::next_piece() {
  if (pieces_.empty()) return std::nullopt;
  world_.at(dice_.between(100us, 20ms), EventKind::store_load, 0, life_);
  records::LoadedRows piece = std::move(pieces_.back());
  pieces_.pop_back();
  return piece;
}

bool Storage::load_failed() {
  if (load_failed_) world_.at(open_again, EventKind::store_open, 0, life_);
  return load_failed_;
}

// --- Batches -------------------------------------------------------------------------------------

void Storage::submit(db::Batch batch) {
  batch_ = std::move(batch);
  Duration delay = dice_.between(200us, 5ms);
  if (!world_.is_calm && dice_.chance(world_.plan.store.hangs)) {
    world_.counts.add(Fault::store_hung);
    delay = dice_.between(1s, 40s);
    world_.trace.note(world_.now, "the store hangs");
  } else if (!world_.is_calm && dice_.chance(world_.plan.store.slow)) {
    world_.counts.add(Fault::store_slow);
    delay = dice_.between(20ms, 900ms);
  }
  world_.at(delay, EventKind::store_apply, 0, life_);
}

// At most one of them at a time, so that what happened to the rows is known.
void Storage::plan_faults() {
  const StoreFaults& shares = world_.plan.store;
  db::MemoryFaults& faults = database_.faults;
  faults = {};
  if (world_.is_calm) return;
  if (dice_.chance(shares.fails)) {
    faults.commit_failures = 1;
  } else if (dice_.chance(shares.loses_answer)) {
    faults.lost_answers = 1;
  } else if (dice_.chance(shares.dies)) {
    std::size_t records = 0;
    for (const db::Bundle& bundle : batch_->bundles) records += bundle.records.size();
    faults.die_after_records = dice_.between(0, records);
  } else if (shares.refuses > 0 && !checker_.is_mending()) {
    // Where rows can't be mended, what they say depends on their spelling, which nobody follows.
    faults.refuses = [this](const records::Record& record) {
      const auto* const put = std::get_if<records::Put<records::MemberRow>>(&record);
      return put != nullptr && (put->row.flags & records::member_flag::owner) == 0 &&
             is_hit(world_.plan.seed, put->row.key, world_.plan.store.refuses);
    };
  }
}

bool Storage::apply() {
  plan_faults();
  commit();
  if (store_->is_dead()) {
    world_.counts.add(Fault::store_died);
    return false;
  }
  world_.at(dice_.between(50us, 3ms), EventKind::store_answer, 0, life_);
  return true;
}

void Storage::commit() {
  const bool fails = database_.faults.commit_failures > 0;
  const bool loses_answer = database_.faults.lost_answers > 0;
  result_ = store_->commit(*batch_);
  if (store_->is_dead()) return world_.trace.note(world_.now, "the store dies in a batch");
  if (fails) {
    world_.counts.add(Fault::store_failed);
    return world_.trace.note(world_.now, "the store fails");
  }
  std::vector<std::size_t> refused;
  for (const db::RefusedBundle& bundle : result_->refused) {
    world_.counts.add(Fault::store_refused);
    refused.push_back(bundle.bundle);
  }
  if (loses_answer) world_.counts.add(Fault::store_answer_lost);
  world_.trace.note(world_.now, fmt::format("batch {} of {} is stored, {} refused{}", batch_->id,
                                            batch_->bundles.size(), refused.size(),
                                            loses_answer ? ", the answer is lost" : ""));
  checker_.on_applied(refused);
}

// --- Old rows ------------------------------------------------------------------------------------

void write_old_rows(db::MemoryDatabase& database, const Plan& plan, Dice dice) {
  constexpr std::string_view domains[] = {"example.org", "example.org", "Example.org",
                                          "chat.example.org"};
  for (std::size_t left = dice.below(6); left > 0; --left) {
    const bool is_usual = dice.chance(0.7);
    const std::string name = fmt::format("{}{}", is_usual ? 'r' : 'R', dice.below(plan.rooms));
    const std::string domain(is_usual ? domains[0] : dice.pick(domains));
    // Rows without a room are in the usual spelling: others are found only by a database that
    // compares without case.
    const bool is_missing = is_usual && dice.chance(0.2);
    const auto room_flags =
        static_cast<std::uint32_t>(is_usual && dice.chance(0.1) ? 2 : dice.below(2));
    if (!is_missing) database.put(records::RoomRow{{name, domain}, room_flags});
    for (std::size_t members = dice.below(12); members > 0; --members) {
      const std::string user =
          fmt::format("{}{}", dice.chance(0.8) ? 'u' : 'U', dice.below(plan.users));
      constexpr std::uint32_t flags[] = {0, 0, 0, 0, 1, 2, 4, 4, 8, 16, 3, 6};
      const std::uint32_t picked = dice.pick(flags);
      database.put(records::MemberRow{
          {fmt::format("sip:{}@{}", name, domain), user, std::string(domains[dice.below(3)])},
          picked});
    }
  }
}

}  // namespace imcd::sim
