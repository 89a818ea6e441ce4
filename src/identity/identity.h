// Identity: one address of record, as rooms, invitations and queues name a user. It is shared by
// all of them, counted, and immutable in all that readers on other threads can see.
//
// The key decides who is who (parser::write_address_of_record_key). The first spelling seen is how
// the user is shown and how rows name it; deliveries go to the URI that the user entered a room
// with last, with its port, scheme and spelling. What others write about a user only finds it: whom
// nobody has met gets the key as spelling, and no port, until the user says something. One
// allocation holds key and first spelling; there may be ten million, so each byte counts.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/siphash.h"
#include "identity/epoch.h"
#include "identity/key_table.h"
#include "parser/uri.h"

namespace imcd {

class Identity {
 public:
  static constexpr std::uint32_t no_mailbox = 0xffffffff;

  const std::uint64_t hash;  // Of the key.

  // "bob@example.org", folded.
  [[nodiscard]] std::string_view key() const {
    return key_bytes_ == 0 ? address() : std::string_view(text() + uri_bytes_, key_bytes_);
  }
  // "sip:Bob@Example.org:5080", where deliveries go, without parameters.
  [[nodiscard]] std::string_view uri() const {
    const std::string* const later = later_uri_.load(std::memory_order_acquire);
    return later != nullptr ? std::string_view(*later) : first_uri();
  }
  // Whether user and host alone, as a member row has them, don't say the URI.
  [[nodiscard]] bool has_own_uri() const {
    const std::string_view now = uri();
    return !now.starts_with("sip:") || now.substr(4) != address();
  }
  // "Bob@Example.org".
  [[nodiscard]] std::string_view address() const {
    return first_uri().substr(user_at(), user_bytes_ + 1U + host_bytes_);
  }
  [[nodiscard]] std::string_view user() const { return first_uri().substr(user_at(), user_bytes_); }
  [[nodiscard]] std::string_view host() const {
    return first_uri().substr(user_at() + user_bytes_ + 1U, host_bytes_);
  }

  // --- The loop's own ---------------------------------------------------------------------------

  std::uint32_t references = 0;
  std::uint32_t mailbox = no_mailbox;  // Its delivery::Mailbox while deliveries are pending.
  std::uint32_t rooms : 24 = 0;        // Rooms it is in or invited to.
  std::uint32_t unasked : 7 = 0;       // ... of them by others alone: imc::member_unasked.
  std::uint32_t is_met : 1 = 0;        // The user's own messages, or an operator, say where it is.
  std::uint32_t answered_s = 0;        // When it last answered a delivery, in monotonic seconds.

 private:
  friend class IdentityTable;
  Identity(std::uint64_t hash_of_key, const parser::Uri& uri, std::string_view first_uri,
           std::string_view own_key);

  ~Identity() { delete later_uri_.load(std::memory_order_relaxed); }

  [[nodiscard]] const char* text() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] std::string_view first_uri() const { return {text(), uri_bytes_}; }
  [[nodiscard]] std::size_t user_at() const { return first_uri().find(':') + 1; }

  std::atomic<const std::string*> later_uri_{nullptr};  // Owned; null: the first one holds.
  std::uint16_t uri_bytes_ = 0;
  std::uint16_t key_bytes_ = 0;  // 0: it is the address as spelled, and not kept twice.
  std::uint16_t user_bytes_ = 0;
  std::uint16_t host_bytes_ = 0;
};

static_assert(sizeof(Identity) == 40);

class IdentityTable;

// Holds an identity alive. For everything but member lists, which count by hand.
class IdentityRef {
 public:
  IdentityRef() = default;
  IdentityRef(IdentityTable& table, Identity& identity) : table_(&table), identity_(&identity) {
    ++identity.references;
  }
  IdentityRef(const IdentityRef& other) : table_(other.table_), identity_(other.identity_) {
    if (identity_ != nullptr) ++identity_->references;
  }
  IdentityRef(IdentityRef&& other) noexcept
      : table_(other.table_), identity_(std::exchange(other.identity_, nullptr)) {}
  IdentityRef& operator=(IdentityRef other) noexcept {
    std::swap(table_, other.table_);
    std::swap(identity_, other.identity_);
    return *this;
  }
  ~IdentityRef();

  explicit operator bool() const { return identity_ != nullptr; }
  Identity& operator*() const { return *identity_; }
  Identity* operator->() const { return identity_; }
  [[nodiscard]] Identity* get() const { return identity_; }

 private:
  IdentityTable* table_ = nullptr;
  Identity* identity_ = nullptr;
};

class IdentityTable {
 public:
  IdentityTable(HashKey key, Epochs& epochs) : hash_key_(key), epochs_(epochs), table_(epochs, 6) {}
  ~IdentityTable();

  // The identity of this URI, made when it is new. The URI must have user and host.
  IdentityRef intern(const parser::Uri& uri);
  // The same of `user@host` taken apart, as database rows have it; nothing for what is no URI.
  IdentityRef intern(std::string_view user, std::string_view host);
  // The same as others than the user and operators may write it.
  IdentityRef intern_named(const parser::Uri& uri);
  // Only if it exists.
  [[nodiscard]] Identity* find(const parser::Uri& uri);
  // From here on deliveries go to this URI, which has the identity's key. False: they did already.
  bool readdress(Identity& identity, const parser::Uri& uri);

  // For member lists.
  static void acquire(Identity& identity) { ++identity.references; }
  void release(Identity& identity);

  [[nodiscard]] std::size_t size() const { return table_.size(); }
  void grow_slice() { table_.grow_slice(); }

 private:
  static void free_identity(void* memory);

  HashKey hash_key_;
  Epochs& epochs_;
  KeyTable<Identity> table_;
  std::string key_;  // Scratch.
};

inline IdentityRef::~IdentityRef() {
  if (identity_ != nullptr) table_->release(*identity_);
}

}  // namespace imcd
