// Identity: one address of record, as rooms, invitations and queues name a user. It is shared by
// all of them, counted, and immutable in all that readers on other threads can see.
//
// The key decides who is who (parser::write_address_of_record_key); the URI is the first spelling
// seen, with its port, and is what deliveries are addressed to. One allocation holds both.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/siphash.h"
#include "imc/epoch.h"
#include "imc/key_table.h"
#include "parser/uri.h"

namespace imcd::imc {

class Identity {
 public:
  static constexpr std::uint32_t no_user = 0xffffffff;

  const std::uint64_t hash;  // Of the key.

  // "bob@example.org", folded.
  [[nodiscard]] std::string_view key() const { return {text() + uri_bytes_, key_bytes_}; }
  // "sip:Bob@Example.org:5080", as first seen, without parameters.
  [[nodiscard]] std::string_view uri() const { return {text(), uri_bytes_}; }
  // "Bob@Example.org".
  [[nodiscard]] std::string_view address() const {
    return uri().substr(user_at_, user_bytes_ + 1U + host_bytes_);
  }
  [[nodiscard]] std::string_view user() const { return uri().substr(user_at_, user_bytes_); }
  [[nodiscard]] std::string_view host() const {
    return uri().substr(user_at_ + user_bytes_ + 1U, host_bytes_);
  }

  // --- The loop's own ---------------------------------------------------------------------------

  std::uint32_t references = 0;
  std::uint32_t user_slot = no_user;  // Its imc::User while deliveries are pending.
  std::uint32_t rooms = 0;            // Rooms it is in or invited to.
  std::uint32_t answered_s = 0;       // When it last answered a delivery, in monotonic seconds.

 private:
  friend class IdentityTable;
  Identity(std::uint64_t hash_of_key, const parser::Uri& uri, std::string_view key);

  [[nodiscard]] const char* text() const { return reinterpret_cast<const char*>(this + 1); }

  std::uint16_t uri_bytes_ = 0;
  std::uint16_t key_bytes_ = 0;
  std::uint16_t user_at_ = 0;
  std::uint16_t user_bytes_ = 0;
  std::uint16_t host_bytes_ = 0;
};

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
  // Only if it exists.
  [[nodiscard]] Identity* find(const parser::Uri& uri);

  // For member lists.
  static void acquire(Identity& identity) { ++identity.references; }
  void release(Identity& identity);

  [[nodiscard]] std::size_t size() const { return table_.size(); }
  void grow_slice() { table_.grow_slice(); }

 private:
  HashKey hash_key_;
  Epochs& epochs_;
  KeyTable<Identity> table_;
  std::string key_;  // Scratch.
};

inline IdentityRef::~IdentityRef() {
  if (identity_ != nullptr) table_->release(*identity_);
}

}  // namespace imcd::imc
