// Checker: room changes on their way to the store, and the rows there.

#include <algorithm>
#include <fmt/format.h>

#include "sim/checker.h"

namespace imcd::sim {

using Kind = Change::Kind;

namespace {

constexpr std::uint64_t batches_between_comparisons = 16;

constexpr std::uint32_t member_flags_kept =
    records::member_flag::owner | records::member_flag::admin | records::member_flag::invited;

std::string describe(const Change& change, const Names& names) {
  constexpr std::string_view kinds[] = {"put room", "delete room", "put member", "delete member"};
  const bool is_member = change.kind == Kind::put_member || change.kind == Kind::delete_member;
  return fmt::format("{} {}{}{} {:#x}", kinds[static_cast<std::size_t>(change.kind)],
                     names.room_key(change.room), is_member ? " " : "",
                     is_member ? names.user_key(change.user) : "", change.flags);
}

std::string describe(const std::vector<Change>& changes, const Names& names) {
  std::string text;
  for (const Change& change : changes) text += describe(change, names) + ", ";
  return text.empty() ? "nothing" : text.substr(0, text.size() - 2);
}

}  // namespace

// --- On their way --------------------------------------------------------------------------------

void Checker::add_pending(Pending pending) {
  pending_records_ += pending.records;
  pending_.push_back(std::move(pending));
}

// An invitation that could not be delivered is withdrawn; no datagram says when. And after rows
// were read, the server may mend some: the journal then holds more than what was asked for.
void Checker::follow_withdrawals() {
  const std::uint64_t failures = failed_deliveries();
  std::vector<Pending> withdrawn;
  if (failures != failures_seen_) {
    failures_seen_ = failures;
    for (RoomId room = 0; room < rules_.rooms(); ++room) find_withdrawn(room, withdrawn);
  }
  const auto journaled = static_cast<std::size_t>(figures_->db_queue_operations.value());
  const std::size_t known = pending_records_ + withdrawn.size();
  const bool may_hold_more = may_repair_ || has_command_ || !withdrawn.empty();
  if (journaled < known || (journaled > known && !may_hold_more)) {
    fail("the journal has what was asked for",
         fmt::format("it holds {} records, and must hold {}", journaled, known));
  }
  // More may be where users are, which goes into the command.
  const std::size_t more = std::max(journaled, known) - known;
  if (has_command_) {
    pending_.back().records += more;
    pending_records_ += more;
  } else if (!withdrawn.empty()) {
    withdrawn.back().records += more;
  } else if (more > 0) {
    add_pending({.records = more, .at = world_.now.mono});
  }
  for (Pending& pending : withdrawn) {
    rules_.carry_out(pending.changes, none, 0);
    add_pending(std::move(pending));
  }
}

bool Checker::has_withdrawn() {
  std::vector<Pending> withdrawn;
  if (failed_deliveries() == failures_seen_) return false;
  for (RoomId room = 0; room < rules_.rooms(); ++room) find_withdrawn(room, withdrawn);
  return !withdrawn.empty();
}

void Checker::find_withdrawn(RoomId at, std::vector<Pending>& withdrawn) {
  const KnownRoom& known = rules_.room(at);
  const bool has_invited = std::ranges::any_of(
      known.places, [](const auto& entry) { return !entry.second.is_member(); });
  if (!has_invited) return;
  const imc::Room* const room = server_->conference().rooms().find(names_.room_key(at));
  if (room == nullptr) return;
  std::vector<UserId> there;
  room->members.for_each([&](const imc::Member& member) {
    there.push_back(names_.user(member.who->user(), member.who->host()));
  });
  for (const auto& [user, place] : known.places) {
    if (place.is_member() || std::ranges::find(there, user) != there.end()) continue;
    withdrawn.push_back({.number = ++commands_,
                         .changes = {{Kind::delete_member, at, user}},
                         .records = 1,
                         .room = at,
                         .at = world_.now.mono});
  }
}

Change Checker::to_change(const records::Record& record) {
  Change change{.kind = Kind::other, .room = names_.room(records::room_of(record))};
  if (const auto* put = std::get_if<records::Put<records::RoomRow>>(&record)) {
    change.kind = Kind::put_room;
    change.flags = put->row.flags;
  } else if (std::holds_alternative<records::Erase<records::RoomRow>>(record)) {
    change.kind = Kind::delete_room;
  } else if (const auto* key = records::find_key<records::MemberRow>(record)) {
    const auto* const put_member = std::get_if<records::Put<records::MemberRow>>(&record);
    change.kind = put_member != nullptr ? Kind::put_member : Kind::delete_member;
    change.flags = put_member != nullptr ? put_member->row.flags : 0;
    change.user = names_.user(key->user, key->domain);
  }
  return change;
}

// --- Batches -------------------------------------------------------------------------------------

// The batch holds the commands that were pending, in their order.
void Checker::on_batch(const db::Batch& batch) {
  if (batch.id == batch_) return;  // Again.
  if (!in_flight_.empty()) fail("one batch at a time", "a batch goes out before the last answer");
  batch_ = batch.id;
  for (std::size_t i = 0; i < batch.bundles.size();) {
    if (pending_.empty()) fail("the journal has what was asked for", "a batch holds more");
    i = pending_.front().number == 0 ? match_repair(batch, i) : match_command(batch, i);
  }
}

std::size_t Checker::match_command(const db::Batch& batch, std::size_t at) {
  // A room may be deleted in several spellings.
  std::vector<Change> changes;
  for (const records::Record& record : batch.bundles[at].records) {
    const Change change = to_change(record);
    if (change.kind == Kind::other) continue;
    if (changes.empty() || changes.back() != change) changes.push_back(change);
  }
  const std::size_t records = batch.bundles[at].records.size();
  // Where a user is, beside invitations that were withdrawn in the same step and took the count.
  if (changes.empty() && !pending_.front().changes.empty()) {
    pending_records_ += records;
    in_flight_.push_back({.number = ++commands_, .records = records, .at = pending_.front().at});
    return at + 1;
  }
  // Withdrawals of one moment are in an order that only the server knows.
  auto found = pending_.begin();
  while (found != pending_.end() && found->changes != changes && found->at == pending_.front().at) {
    ++found;
  }
  if (found == pending_.end() || found->changes != changes) {
    fail("the journal has what was asked for",
         fmt::format("it has {}, and must have {}", describe(changes, names_),
                     describe(pending_.front().changes, names_)));
  }
  pending_records_ += records - found->records;
  found->records = records;
  in_flight_.push_back(std::move(*found));
  pending_.erase(found);
  return at + 1;
}

// One or more commands of the batch, up to the number of records that were seen in the journal.
std::size_t Checker::match_repair(const db::Batch& batch, std::size_t at) {
  Pending repair = std::move(pending_.front());
  pending_.pop_front();
  std::size_t left = repair.records;
  while (left > 0) {
    if (at == batch.bundles.size() || batch.bundles[at].records.size() > left) {
      fail("the journal has what was asked for", "a repair does not fit");
    }
    Pending part{.records = batch.bundles[at].records.size(), .at = repair.at};
    for (const records::Record& record : batch.bundles[at].records) {
      if (!records::room_of(record).empty()) part.changes.push_back(to_change(record));
    }
    left -= part.records;
    in_flight_.push_back(std::move(part));
    ++at;
  }
  return at;
}

void Checker::on_applied(std::span<const std::size_t> refused) {
  world_.counts.add(Tally::batches);
  auto next_refused = refused.begin();
  for (std::size_t i = 0; i < in_flight_.size(); ++i) {
    if (next_refused != refused.end() && *next_refused == i) {
      ++next_refused;
      continue;
    }
    const Pending& pending = in_flight_[i];
    if (pending.number == 0) {
      // When a batch is applied again, the commands behind the repair have been applied before.
      if (applied_batch_ != batch_) check_neutral(pending.changes);
    } else {
      for (const Change& change : pending.changes) stored_.apply(change);
    }
  }
  applied_batch_ = batch_;
  if (++batches_applied_ % batches_between_comparisons == 0) compare_rows();
}

bool Checker::is_mending() const {
  return std::ranges::any_of(in_flight_,
                             [](const Pending& pending) { return pending.number == 0; });
}

// Mended rows say the same as before, in one spelling.
void Checker::check_neutral(const std::vector<Change>& changes) {
  StoredRooms after = stored_;
  for (const Change& change : changes) {
    // A room that is deleted in one spelling is there in another.
    const bool is_deleted_row =
        change.kind == Kind::delete_room || change.kind == Kind::delete_member;
    if (!is_deleted_row) after.apply(change);
  }
  for (const Change& change : changes) {
    if (after[change.room] == stored_[change.room]) continue;
    fail("repairs change nothing", describe(change, names_));
  }
}

void Checker::before_commit(const db::CommitResult& result) {
  begin_step();
  if (!result.committed) return;
  std::vector<Pending> stored = std::exchange(in_flight_, {});
  for (const Pending& pending : stored) pending_records_ -= pending.records;
  auto next_refused = result.refused.begin();
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (next_refused != result.refused.end() && next_refused->bundle == i) {
      ++next_refused;
      may_repair_ = true;
      reload(stored[i]);
    } else {
      release(stored[i]);
    }
  }
}

void Checker::release(const Pending& pending) {
  if (pending.exchange != none && exchanges_[pending.exchange].code == 0) {
    exchanges_[pending.exchange].allowed_code = 200;
    released_.push_back(pending.exchange);
  }
  if (pending.joined != none) rules_.release(pending.room, pending.joined, pending.number);
}

// The room becomes what the store says, with what is still on its way to it.
void Checker::reload(const Pending& refused) {
  if (refused.exchange != none && exchanges_[refused.exchange].code == 0) {
    exchanges_[refused.exchange].allowed_code = 500;
    released_.push_back(refused.exchange);
  }
  const RoomId room = refused.changes.front().room;
  rules_.load_room(room, stored_[room]);
  for (const Pending& waiting : pending_) {
    std::vector<Change> changes;
    for (const Change& change : waiting.changes) {
      if (change.room == room) changes.push_back(change);
    }
    const bool waits = !world_.plan.settings.server.relaxed_durability;
    rules_.carry_out(changes, waiting.joined, waits ? waiting.number : 0);
  }
}

// --- Rows ----------------------------------------------------------------------------------------

// What the rows say, whatever their spelling. Of rows that are the same, the higher standing
// counts: private before public, a member before an invitation, a rank before none. Rows of members
// whose room has none say nothing.
StoredRooms Checker::rows() {
  StoredRooms rooms;
  for (const auto& [name, row] : database_.of<records::RoomRow>()) {
    if ((row.flags & records::room_flag::deleted) != 0) continue;
    const RoomId at = names_.room(records::uri_of(name));
    if (at == none) continue;
    rooms[at].exists = true;
    rooms[at].flags |= row.flags & records::room_flag::is_private;
  }
  for (const auto& [key, row] : database_.of<records::MemberRow>()) {
    if ((row.flags & records::member_flag::deleted) != 0) continue;
    const RoomId at = names_.room(key.room);
    const UserId user = names_.user(key.user, key.domain);
    if (at == none || user == none) continue;
    const std::uint32_t flags = row.flags & member_flags_kept;
    const auto [member, is_new] = rooms[at].members.try_emplace(user, flags);
    if (is_new) continue;
    const bool invited = (member->second & flags & records::member_flag::invited) != 0;
    member->second |= flags;
    if (!invited) member->second &= ~records::member_flag::invited;
  }
  for (RoomId at = 0; at < rooms.size(); ++at) {
    if (!rooms[at].exists) rooms[at] = {};
  }
  return rooms;
}

void Checker::compare_rows() {
  StoredRooms found = rows();
  const std::size_t rooms = std::max(found.size(), stored_.size());
  for (RoomId at = 0; at < rooms; ++at) {
    if (found[at] == stored_[at]) continue;
    fail("the store has what was committed",
         fmt::format("the rows of {} are not those: exists {} {}, flags {} {}, members {} {}",
                     names_.room_key(at), found[at].exists, stored_[at].exists, found[at].flags,
                     stored_[at].flags, found[at].members.size(), stored_[at].members.size()));
  }
  // With nothing on its way, rooms and rows say the same.
  if (!is_loaded_ || !pending_.empty() || !in_flight_.empty()) return;
  for (RoomId at = 0; at < std::max(rooms, rules_.rooms()); ++at) {
    const KnownRoom& known = rules_.room(at);
    const StoredRoom& stored = stored_[at];
    bool is_same = known.exists == stored.exists &&
                   known.is_private == ((stored.flags & records::room_flag::is_private) != 0) &&
                   known.places.size() == stored.members.size();
    for (const auto& [user, place] : known.places) {
      const auto row = stored.members.find(user);
      is_same = is_same && row != stored.members.end() && row->second == place.flags;
    }
    if (!is_same) {
      fail("rows and rooms agree",
           fmt::format("nothing is on its way, and {} differs in the store: {} members in the "
                       "room, {} in its rows",
                       names_.room_key(at), known.places.size(), stored.members.size()));
    }
  }
}

}  // namespace imcd::sim
