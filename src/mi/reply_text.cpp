#include "mi/reply_text.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "mi/text_reply.h"

namespace imcd::mi {

ReplyText::ReplyText(Findings findings) : findings_(std::move(findings)), all_given_(false) {
  write_text_status(findings_.status, text_);
}

std::string ReplyText::next_chunk(Control& control) {
  while (!all_given_ && text_.size() < limits::mi_reply_chunk_bytes) give_more(control);
  const std::size_t size = std::min(text_.size(), limits::mi_reply_chunk_bytes);
  std::string chunk = text_.substr(0, size);
  text_.erase(0, size);
  return chunk;
}

void ReplyText::give_more(Control& control) {
  all_given_ = !findings_.give_facts || findings_.give_facts(control, [this](const Fact& fact) {
    write_text_fact(fact, text_);
    return text_.size() < limits::mi_reply_chunk_bytes;
  });
  if (all_given_) write_text_end(text_);
}

}  // namespace imcd::mi
