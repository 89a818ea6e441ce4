#include "sim/names.h"

#include "base/text.h"

namespace imcd::sim {

const std::string& Names::key(const parser::Uri& uri) {
  scratch_.clear();
  parser::write_address_of_record_key(scratch_, uri);
  return scratch_;
}

const std::string& Names::room_key(const parser::Uri& uri) {
  parser::Uri home = uri;
  for (const std::string& domain : domains_) {
    if (equal_ignoring_case(domain, uri.host)) home.host = domains_.front();
  }
  return key(home);
}

std::uint32_t Names::number(Table& table, Keys& keys, const std::string& key) {
  if (const auto found = table.find(key); found != table.end()) return found->second;
  const auto made = table.emplace(key, static_cast<std::uint32_t>(keys.size())).first;
  keys.push_back(&made->first);
  return made->second;
}

bool Names::is_at(UserId user, RoomId room) {
  const std::string text = "sip:" + user_key(user);
  const auto uri = parser::parse_uri(text);
  return uri && room_key(*uri) == room_key(room);
}

UserId Names::user(std::string_view name, std::string_view domain) {
  std::string text = "sip:";
  text += name;
  text += '@';
  text += domain;
  const auto uri = parser::parse_uri(text);
  if (!uri || uri->user.size() != name.size() || uri->host.size() != domain.size()) return none;
  return user(*uri);
}

RoomId Names::room(std::string_view uri_text) {
  const auto uri = parser::parse_uri(uri_text);
  if (!uri || uri->user.empty() || uri->host.empty()) return none;
  return room(*uri);
}

}  // namespace imcd::sim
