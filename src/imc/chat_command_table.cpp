#include "imc/chat_command_table.h"

#include <array>

#include "base/text.h"
#include "imc/block_commands.h"
#include "imc/entry_commands.h"
#include "imc/leaving_commands.h"
#include "imc/list_commands.h"
#include "imc/membership_commands.h"
#include "imc/role_commands.h"

namespace imcd::imc {
namespace {

constexpr ChatCommandArguments room{.room = true};
constexpr ChatCommandArguments user_room{.user = true, .room = true};

constexpr std::array rows = {
    ChatCommandRow{.name = "create",
                   .alias = "",
                   .arguments = {.room = true, .is_private = true},
                   .enters = true,
                   .usage = "[ROOM] [private]",
                   .help = "makes a room that you own, or joins a public one",
                   .carry_out = create_room},
    ChatCommandRow{.name = "join",
                   .alias = "",
                   .arguments = room,
                   .enters = true,
                   .usage = "[ROOM]",
                   .help = "enters a room; a private one needs an invitation",
                   .carry_out = join_room},
    ChatCommandRow{.name = "invite",
                   .alias = "",
                   .arguments = user_room,
                   .usage = "USER [ROOM]",
                   .help = "invites somebody (owner, admins)",
                   .carry_out = invite_user},
    ChatCommandRow{.name = "accept",
                   .alias = "",
                   .arguments = room,
                   .enters = true,
                   .usage = "[ROOM]",
                   .help = "accepts an invitation",
                   .carry_out = accept_invitation},
    ChatCommandRow{.name = "deny",
                   .alias = "reject",
                   .arguments = room,
                   .usage = "[ROOM]",
                   .help = "declines an invitation",
                   .carry_out = deny_invitation},
    ChatCommandRow{.name = "add",
                   .alias = "",
                   .arguments = user_room,
                   .usage = "USER [ROOM]",
                   .help = "makes somebody a member (owner, admins)",
                   .carry_out = add_member},
    ChatCommandRow{.name = "remove",
                   .alias = "kick",
                   .arguments = user_room,
                   .usage = "USER [ROOM]",
                   .help = "puts somebody out (owner, admins)",
                   .carry_out = remove_member},
    ChatCommandRow{.name = "modify",
                   .alias = "",
                   .arguments = {.user = true, .role = true, .room = true},
                   .usage = "USER admin|member|owner [ROOM]",
                   .help = "changes a role (owner)",
                   .carry_out = modify_role},
    ChatCommandRow{.name = "exit",
                   .alias = "leave",
                   .arguments = room,
                   .usage = "[ROOM]",
                   .help = "leaves the room",
                   .carry_out = exit_room},
    ChatCommandRow{.name = "destroy",
                   .alias = "",
                   .arguments = room,
                   .usage = "[ROOM]",
                   .help = "ends the room for everybody (owner)",
                   .carry_out = destroy_room},
    ChatCommandRow{.name = "list",
                   .alias = "members",
                   .arguments = room,
                   .changes_rooms = false,
                   .usage = "[ROOM]",
                   .help = "shows the members; * is the owner, ~ an admin",
                   .carry_out = list_members},
    ChatCommandRow{.name = "rooms",
                   .alias = "",
                   .arguments = {},
                   .changes_rooms = false,
                   .usage = "",
                   .help = "shows the rooms that you may see",
                   .carry_out = list_rooms},
    ChatCommandRow{.name = "block",
                   .alias = "",
                   .arguments = {.user = true, .may_lack_user = true},
                   .usage = "[USER|*@HOST]",
                   .help = "ends that they add or invite you, or shows whom you have blocked",
                   .carry_out = block_user},
    ChatCommandRow{.name = "unblock",
                   .alias = "",
                   .arguments = {.user = true},
                   .usage = "USER|*@HOST",
                   .help = "ends a block",
                   .carry_out = unblock_user},
    ChatCommandRow{.name = "help",
                   .alias = "",
                   .arguments = {.command = true},
                   .changes_rooms = false,
                   .usage = "[COMMAND]",
                   .help = "shows the commands",
                   .carry_out = show_help},
};

}  // namespace

std::span<const ChatCommandRow> chat_command_rows() { return rows; }

const ChatCommandRow* find_chat_command(std::string_view name) {
  for (const ChatCommandRow& row : rows) {
    if (equal_ignoring_case(row.name, name) || equal_ignoring_case(row.alias, name)) return &row;
  }
  return nullptr;
}

}  // namespace imcd::imc
