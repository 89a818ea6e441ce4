#include "tm/server_transactions.h"

#include "base/text.h"

namespace imcd::tm {
namespace {

// Lengths go in before texts, so that ("ab", "c") and ("a", "bc") differ.
void add(SipHash& hash, std::string_view text) {
  hash.update(static_cast<std::uint64_t>(text.size()));
  hash.update(text);
}

void add_lower(SipHash& hash, std::string_view text) {
  hash.update(static_cast<std::uint64_t>(text.size()));
  for (const char c : text) {
    const char small = lower(c);
    hash.update(std::string_view(&small, 1));
  }
}

}  // namespace

ServerTransactions::ServerTransactions(HashKey key, std::size_t slots_max)
    : key_(key), records_(slots_max), by_key_(slots_max), by_fork_(slots_max) {}

Hash128 ServerTransactions::key(const parser::MessageView& view,
                                const parser::RequestFields& fields,
                                std::string_view method) const {
  SipHash hash(key_);
  add(hash, method);
  add_lower(hash, fields.top_via.host);
  hash.update(static_cast<std::uint64_t>(fields.top_via.port));
  add(hash, fields.top_via.branch);
  if (!fields.top_via.has_branch_cookie) {
    add(hash, view.request_uri);
    add(hash, fields.to.tag);
    add(hash, fields.from.tag);
    add(hash, fields.call_id);
    hash.update(static_cast<std::uint64_t>(fields.cseq.number));
    add(hash, fields.top_via.text);
  }
  return hash.digest128();
}

void ServerTransactions::write_tag(ByteBuffer& out, const Hash128& key) const {
  out.append_hex(siphash(key_, key.low ^ key.high), tag_bytes);
}

std::optional<ServerTransactions::Id> ServerTransactions::find(const Hash128& key) const {
  const std::uint32_t slot = by_key_.find(
      key.low, [&](std::uint32_t candidate) { return records_[candidate].key == key; });
  if (slot == no_slot) return std::nullopt;
  return Id{slot, records_[slot].generation};
}

std::uint64_t ServerTransactions::fork_hash(const parser::RequestFields& fields,
                                            std::uint64_t sender) const {
  SipHash hash(key_);
  hash.update(sender);
  add(hash, fields.from.tag);
  add(hash, fields.call_id);
  add(hash, fields.cseq.method);
  hash.update(static_cast<std::uint64_t>(fields.cseq.number));
  return hash.digest();
}

bool ServerTransactions::is_merged(std::uint64_t fork_hash) const {
  return by_fork_.find(fork_hash, [&](std::uint32_t candidate) {
    return records_[candidate].fork_hash == fork_hash;
  }) != no_slot;
}

bool ServerTransactions::contains(Id id) const {
  return records_.contains(id.slot) && records_[id.slot].in_use &&
         records_[id.slot].generation == id.generation;
}

std::optional<ServerTransactions::Id> ServerTransactions::start(const Hash128& key,
                                                                std::uint64_t fork_hash,
                                                                MonoTime now) {
  if (records_.full()) return std::nullopt;
  const std::uint32_t slot = records_.take();
  Record& record = records_[slot];
  record.key = key;
  record.fork_hash = fork_hash;
  record.state = ServerState::trying;
  record.in_use = true;
  by_key_.insert(key.low, slot);
  by_fork_.insert(fork_hash, slot);
  late_.arm(records_, slot, now);
  return Id{slot, record.generation};
}

void ServerTransactions::complete(Id id, Reply reply, MonoTime now) {
  CHECK(contains(id));
  Record& record = records_[id.slot];
  CHECK(record.state != ServerState::completed);
  if (record.state == ServerState::trying) late_.cancel(records_, id.slot);
  record.state = ServerState::completed;
  record.reply = reply;
  timer_j_.arm(records_, id.slot, now);
}

std::optional<ServerTransactions::Id> ServerTransactions::pop_late(MonoTime now) {
  const auto slot = late_.pop_due(records_, now);
  if (!slot) return std::nullopt;
  CHECK(records_[*slot].state == ServerState::trying);
  records_[*slot].state = ServerState::proceeding;
  return Id{*slot, records_[*slot].generation};
}

void ServerTransactions::on_deadline(MonoTime now) {
  while (const auto slot = timer_j_.pop_due(records_, now)) {
    CHECK(records_[*slot].state == ServerState::completed);
    end(*slot);
  }
}

std::optional<MonoTime> ServerTransactions::next_deadline() const {
  return earlier(late_.next_deadline(records_), timer_j_.next_deadline(records_));
}

void ServerTransactions::end(std::uint32_t slot) {
  by_key_.erase(slot, [this](std::uint32_t other) { return records_[other].key.low; });
  by_fork_.erase(slot, [this](std::uint32_t other) { return records_[other].fork_hash; });
  ++records_[slot].generation;
  records_[slot].in_use = false;
  records_.give_back(slot);
}

}  // namespace imcd::tm
