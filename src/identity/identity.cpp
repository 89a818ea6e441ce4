#include "identity/identity.h"

#include <algorithm>
#include <new>

#include "base/limits.h"
#include "parser/address_of_record.h"

namespace imcd {
namespace {

// An identity's lengths are 16 bits wide. No header field is longer than its limit, and in the key
// a byte of the user part takes three at the most; scheme, `@`, colon and port take 16 bytes.
static_assert(4 * limits::header_field_bytes_max + 128 <= 0xffff);

std::string delivery_uri(const parser::Uri& uri) {
  std::string text(uri.scheme == parser::Scheme::sips ? "sips:" : "sip:");
  text += uri.user;
  text += '@';
  text += uri.host;
  if (uri.port != 0) text += ':' + std::to_string(uri.port);
  return text;
}

}  // namespace

Identity::Identity(std::uint64_t hash_of_key, const parser::Uri& uri, std::string_view first_uri,
                   std::string_view own_key)
    : hash(hash_of_key) {
  char* const at = reinterpret_cast<char*>(this + 1);
  std::ranges::copy(own_key, std::ranges::copy(first_uri, at).out);
  uri_bytes_ = static_cast<std::uint16_t>(first_uri.size());
  key_bytes_ = static_cast<std::uint16_t>(own_key.size());
  user_bytes_ = static_cast<std::uint16_t>(uri.user.size());
  host_bytes_ = static_cast<std::uint16_t>(uri.host.size());
}

IdentityTable::~IdentityTable() {
  table_.for_each([](Identity& identity) { free_identity(&identity); });
}

void IdentityTable::free_identity(void* memory) {
  static_cast<Identity*>(memory)->~Identity();
  ::operator delete(memory);
}

IdentityRef IdentityTable::intern(const parser::Uri& uri) {
  key_.clear();
  CHECK(parser::write_address_of_record_key(key_, uri));
  const std::uint64_t hash = siphash(hash_key_, key_);
  Identity* identity = table_.find(hash, key_);
  if (identity == nullptr) {
    const std::string text = delivery_uri(uri);
    const std::size_t address_bytes = uri.user.size() + 1 + uri.host.size();
    const bool is_folded = std::string_view(text).substr(text.find(':') + 1, address_bytes) == key_;
    const std::string_view own_key = is_folded ? std::string_view{} : key_;
    const std::size_t text_bytes = text.size() + own_key.size();
    CHECK(text_bytes <= 0xffff);
    identity =
        new (::operator new(sizeof(Identity) + text_bytes)) Identity(hash, uri, text, own_key);
    table_.insert(identity);
  }
  return {*this, *identity};
}

IdentityRef IdentityTable::intern(std::string_view user, std::string_view host) {
  // No peer could be called so.
  if (user.size() + host.size() > limits::header_field_bytes_max) return {};
  std::string text;
  const auto uri = parser::parse_address(user, host, text);
  return uri ? intern(*uri) : IdentityRef{};
}

IdentityRef IdentityTable::intern_named(const parser::Uri& uri) {
  if (Identity* const known = find(uri)) return {*this, *known};
  std::string text;
  return intern(parser::plain_address(uri, text));
}

Identity* IdentityTable::find(const parser::Uri& uri) {
  key_.clear();
  if (!parser::write_address_of_record_key(key_, uri)) return nullptr;
  return table_.find(siphash(hash_key_, key_), key_);
}

bool IdentityTable::readdress(Identity& identity, const parser::Uri& uri) {
  std::string text = delivery_uri(uri);
  if (text == identity.uri()) return false;
  const bool is_first = text == identity.first_uri();
  const std::string* const before = identity.later_uri_.exchange(
      is_first ? nullptr : new std::string(std::move(text)), std::memory_order_acq_rel);
  if (before != nullptr) {
    epochs_.retire(const_cast<std::string*>(before),
                   [](void* memory) { delete static_cast<std::string*>(memory); });
  }
  return true;
}

void IdentityTable::release(Identity& identity) {
  CHECK(identity.references > 0);
  if (--identity.references > 0) return;
  CHECK(identity.mailbox == Identity::no_mailbox);
  table_.erase(&identity);
  epochs_.retire(&identity, free_identity);
}

}  // namespace imcd
