#include "imc/command_run.h"

#include <fmt/format.h>

#include "base/sip_uri.h"
#include "parser/address_of_record.h"

namespace imcd::imc {
namespace {

// `what` is a room or a user.
std::string address_notice(parser::AddressFault fault, std::string_view what) {
  if (fault == parser::AddressFault::other_scheme) {
    return fmt::format(
        "That is no {0}'s name: only sip:, sips: and im: addresses are understood. A {0} is NAME, "
        "NAME@HOST or sip:NAME@HOST.",
        what);
  }
  return fmt::format("That is no {0}'s name. A {0} is NAME, NAME@HOST or sip:NAME@HOST.", what);
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
    const auto uri = parser::read_address(command_.room, message_.room.host, address_text_);
    if (!uri) {
      refuse(reply::bad_command, address_notice(uri.error(), "room"));
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
  const auto uri = parser::read_address(command_.user, message_.room.host, storage);
  if (!uri) {
    refuse(reply::bad_command, address_notice(uri.error(), "user"));
  } else if (const auto fault = House::find_name_fault(*uri)) {
    refuse(*fault);
  } else {
    return house_.identities.intern_named(*uri);
  }
  return {};
}

std::optional<std::string> CommandRun::require_address() {
  std::string storage;
  std::string key;
  const auto uri = parser::read_address(command_.user, message_.room.host, storage);
  if (!uri) {
    refuse(reply::bad_command, address_notice(uri.error(), "user"));
  } else if (const auto fault = House::find_name_fault(*uri)) {
    refuse(*fault);
  } else if (parser::write_address_of_record_key(key, *uri)) {
    return key;
  }
  return std::nullopt;
}

bool CommandRun::require_space() {
  if (room_->members.members() + room_->members.invited() < house_.settings.max_members) {
    return true;
  }
  refuse(reply::room_is_full, fmt::format("{} is full.", room_->address()));
  return false;
}

bool CommandRun::require_fewer_rooms() {
  const auto fault = house_.find_user_fault(*sender_);
  if (fault) refuse(*fault);
  return !fault;
}

bool CommandRun::require_leave(const Identity& who, bool is_new) {
  if (is_new && !require_space()) return false;
  const auto fault = house_.find_unasked_fault(who, *sender_, is_new, now_.mono);
  if (!fault) return true;
  house_.figures.unasked_refused.add();
  refuse(*fault);
  return false;
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
