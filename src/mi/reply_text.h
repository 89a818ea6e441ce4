// ReplyText: the reply to a command as bytes, in chunks that a pipe takes at once. A chunk is
// written when the one before it is in the pipe, so a list of a million rooms costs one chunk of
// memory and is as long as its reader wants to wait.
#pragma once

#include <string>

#include "mi/findings.h"

namespace imcd::mi {

class ReplyText {
 public:
  // Nothing to say.
  ReplyText() = default;
  explicit ReplyText(Findings findings);

  // At most limits::mi_reply_chunk_bytes; empty when all has been said.
  std::string next_chunk(Control& control);

 private:
  void give_more(Control& control);

  Findings findings_;
  std::string text_;  // Written, not yet in a chunk: at most a chunk and a line.
  bool all_given_ = true;
};

}  // namespace imcd::mi
