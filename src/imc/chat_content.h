// ChatContent: what members get of a chat message, and its reader, which judges content by what it
// can look like to them (option content_types).
//
//   text/plain              behind the speaker's prefix; look-alikes marked (imc/look_alikes.h)
//   HTML                    its text, as text/plain; as it is only where an operator names the type
//   message/cpim            as it is, if its From is the sender's (imc/cpim_sender.h); HTML in it
//                           becomes text
//   what content_types has  as it is, byte for byte
//   all else                refused with 415
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/reply.h"
#include "identity/identity.h"
#include "parser/media_type.h"
#include "parser/message.h"

namespace imcd::imc {

struct ChatContent {
  std::string_view body;    // Points into the message, or into the reader until its next use.
  std::string_view type;    // Instead of the message's Content-Type; empty: that one holds.
  bool has_prefix = false;  // `<user@host>: ` goes in front.
};

class ChatContentReader {
 public:
  // Each is `type/subtype`, `type/*` or `*/*`.
  void apply(const std::vector<std::string>& content_types) { content_types_ = content_types; }

  [[nodiscard]] std::expected<ChatContent, Reply> read(const parser::MessageView& view,
                                                       const Identity& sender);

 private:
  [[nodiscard]] std::expected<ChatContent, Reply> read_cpim(const parser::MessageView& view,
                                                            const Identity& sender);
  [[nodiscard]] std::string_view text_of(std::string_view html);
  [[nodiscard]] bool is_relayed(const parser::MediaType& media) const;

  std::vector<std::string> content_types_;
  ByteBuffer named_;      // Scratch: a message/cpim with its sender filled in,
  ByteBuffer rewritten_;  // and one with text in place of HTML.
  ByteBuffer text_;       // Scratch: the text of an HTML document.
  ByteBuffer marked_;     // Scratch: a text with marks.
};

}  // namespace imcd::imc
