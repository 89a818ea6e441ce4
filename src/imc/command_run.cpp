#include "imc/command_run.h"

#include <fmt/format.h>
#include <optional>

#include "base/sip_uri.h"
#include "base/text.h"
#include "parser/address_of_record.h"

namespace imcd::imc {
namespace {

// NAME, NAME@HOST or sip:NAME@HOST, also in angle brackets. `storage` becomes what the result
// points into.
std::optional<parser::Uri> resolve(std::string_view text, std::string_view default_host,
                                   std::string& storage) {
  if (text.size() >= 2 && text.front() == '<' && text.back() == '>') {
    text = text.substr(1, text.size() - 2);
  }
  const bool has_scheme =
      starts_with_ignoring_case(text, "sip:") || starts_with_ignoring_case(text, "sips:");
  storage = has_scheme ? std::string(text) : fmt::format("sip:{}", text);
  if (!has_scheme && !text.contains('@')) {
    storage += '@';
    storage += default_host;
  }
  return parser::parse_address(storage);
}

}  // namespace

void CommandRun::run() {
  const ChatCommandRow& row = *command_.row;
  if (row.enters && message_.anonymous) {
    return refuse(reply::anonymous, "Rooms show who speaks, so anonymous users can't enter.");
  }
  if (row.arguments.room && !find_target()) return;
  row.carry_out(*this);
}

// False when the name is bad, which is then told.
bool CommandRun::find_target() {
  address_ = message_.room;
  if (!command_.room.empty()) {
    const auto uri = resolve(command_.room, message_.room.host, address_text_);
    if (!uri) {
      refuse(reply::bad_command,
             "That is no room's name. A room is NAME, NAME@HOST or sip:NAME@HOST.");
      return false;
    }
    address_ = *uri;
  }
  address_ = house_.rooms().canonical(address_);
  if (const auto fault = House::find_name_fault(address_)) {
    refuse(*fault);
    return false;
  }
  room_ = house_.rooms().find(house_.rooms().key(address_));
  if (room_ == nullptr) {
    outcome_.room_uri = sip_uri(address_.user, address_.host);
    return true;
  }
  self_ = room_->members.find(*sender_);
  outcome_.room_uri = room_->uri();
  outcome_.room_key = room_->key();
  outcome_.room_serial = room_->serial;
  return true;
}

bool CommandRun::require_room() {
  if (room_ != nullptr) return true;
  refuse(reply::no_such_room, fmt::format("There is no room {}@{}.", address_.user, address_.host));
  return false;
}

bool CommandRun::require_member() {
  if (!require_room()) return false;
  if (self_ != nullptr && self_->is_member()) return true;
  refuse(reply::not_a_member, fmt::format("You are not a member of {}.", room_->address()));
  return false;
}

bool CommandRun::require_rank() {
  if (!require_member()) return false;
  if (self_->has_rank()) return true;
  refuse(reply::not_allowed,
         fmt::format("Only the owner and admins of {} may do that.", room_->address()));
  return false;
}

IdentityRef CommandRun::require_user() {
  std::string storage;
  const auto uri = resolve(command_.user, message_.room.host, storage);
  if (uri && parser::names_fit(*uri)) return house_.identities.intern(*uri);
  refuse(reply::bad_command, "That is no user's name. A user is NAME, NAME@HOST or sip:NAME@HOST.");
  return {};
}

bool CommandRun::require_space(const Identity& who) {
  if (room_->members.members() + room_->members.invited() >= house_.settings.max_members) {
    refuse(reply::room_is_full, fmt::format("{} is full.", room_->address()));
    return false;
  }
  const auto fault = house_.find_user_fault(who);
  if (fault) refuse(*fault);
  return !fault;
}

void CommandRun::refuse(Reply reply, std::string text) {
  outcome_.reply = reply;
  tell_sender(std::move(text));
}

void CommandRun::tell(Identity& who, std::string text) {
  outcome_.notices.push_back(
      {Notice::To::user, IdentityRef(house_.identities, who), {}, std::move(text)});
}

void CommandRun::tell_room(std::string text, Identity& except) {
  outcome_.notices.push_back(
      {Notice::To::room, IdentityRef(house_.identities, except), {}, std::move(text)});
}

}  // namespace imcd::imc
