#include "imc/block_commands.h"

#include <fmt/format.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "imc/command_run.h"
#include "imc/notice_lines.h"

namespace imcd::imc {
namespace {

void show_blocks(CommandRun& run) {
  const auto& blocks = run.house().changes.blocks().of(run.sender()->key());
  NoticeLines lines(run, fmt::format("You have blocked {}:", blocks.size()));
  std::size_t hidden = 0;
  for (const Block& block : blocks) {
    if (lines.full()) {
      ++hidden;
      continue;
    }
    lines.add(fmt::format("{} (since {})", block.blocked, date_text(block.made_at)));
  }
  lines.end(hidden);
}

}  // namespace

void block_user(CommandRun& run) {
  if (run.command().user.empty()) return show_blocks(run);
  const auto blocked = run.require_address();
  if (!blocked) return;
  const Blocks& blocks = run.house().changes.blocks();
  if (!blocks.has(run.sender()->key(), *blocked) && !blocks.has_space(run.sender()->key())) {
    return run.refuse(reply::too_many_blocks,
                      "There is no space for another block. "
                      "One of *@HOST counts for all of that host.");
  }
  run.apply(BlockPut{*run.sender(), *blocked, run.now().wall});
  run.tell_sender(
      fmt::format("{} can't add you to rooms or invite you any more. {}unblock {} "
                  "ends that.",
                  *blocked, run.prefix(), *blocked));
}

void unblock_user(CommandRun& run) {
  const auto blocked = run.require_address();
  if (!blocked) return;
  if (!run.house().changes.blocks().has(run.sender()->key(), *blocked)) {
    return run.refuse(reply::no_such_block, fmt::format("You have not blocked {}.", *blocked));
  }
  run.apply(BlockGone{*run.sender(), *blocked});
  run.tell_sender(fmt::format("{} may add you to rooms and invite you again.", *blocked));
}

}  // namespace imcd::imc
