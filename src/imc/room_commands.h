// RoomCommands: executes one chat command. It lives for one call of Conference::on_message, reads
// and changes rooms through the Conference, and fills an Outcome.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "imc/command.h"
#include "imc/conference.h"

namespace imcd::imc {

class RoomCommands {
 public:
  RoomCommands(Conference& conference, const RoomMessage& message, Outcome& outcome, WallTime now);

  // `line` is the command without its prefix.
  void run(std::string_view line);

 private:
  // The room that a command is about; `room` is null when there is none of that name.
  struct Target {
    std::string uri_text;  // What `uri` points into.
    parser::Uri uri;
    RoomKey key;
    Room* room = nullptr;
    Member* self = nullptr;  // The sender in it: a member or invited.
  };

  void execute(const Command& command);
  void create(const Command& command);
  void join();
  void invite(const Command& command);
  void accept();
  void deny();
  void add(const Command& command);
  void remove(const Command& command);
  void modify(const Command& command);
  void hand_over(Member& member);
  void exit();
  void destroy();
  void list();
  void rooms();
  void help(const Command& command);

  // Parts of the above.
  bool find_target(std::string_view room_text);
  void enter_room(Member* member);
  void make_room(bool is_private);
  void readdress_sender();
  void refuse_private();
  bool require_space(const Identity& who);
  // A list in as many notices as it takes, at most limits::list_lines_max lines.
  class Lines;
  bool require_room();
  bool require_member();
  bool require_rank();
  std::optional<parser::Uri> resolve_user(std::string_view text, std::string& storage);
  std::optional<parser::Uri> resolve(std::string_view text, std::string& storage) const;
  [[nodiscard]] bool names_fit(const parser::Uri& uri) const;
  [[nodiscard]] static bool is_rank(const Member& member);

  void refuse(Reply reply, std::string text);
  void tell_sender(std::string text);
  void tell(Identity& who, std::string text);
  void tell_room(std::string text, Identity& except);
  void record_end_of_room();
  void record_member(records::Record::Kind kind, const Identity& who, std::uint32_t flags = 0);
  void record_invitation(const Identity& who);
  void record_end_of_invitation(const Identity& who);

  Conference& conference_;
  const RoomMessage& message_;
  Outcome& outcome_;
  WallTime now_;
  IdentityRef sender_;
  Target target_;
};

}  // namespace imcd::imc
