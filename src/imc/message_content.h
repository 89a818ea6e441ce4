// What the content of a message to a room is to us: text in which a command may stand and which is
// shown with its sender's name, or anything else, which is passed on as it is.
#pragma once

#include <optional>
#include <string_view>

#include "base/byte_buffer.h"
#include "parser/media_type.h"
#include "parser/message.h"

namespace imcd::imc {

// Text in which ASCII stands as itself, so that a name can be put before it. A body without
// Content-Type is taken for text/plain.
[[nodiscard]] bool is_plain_text(const parser::MessageView& view);

// RFC 3862: a text wrapped with headers of its own.
[[nodiscard]] bool is_cpim(const parser::MessageView& view);

// RFC 3261 20.12: we take the content apart in no encoding but those that change nothing.
[[nodiscard]] bool has_unreadable_encoding(const parser::MessageView& view);

// Somebody says something: no automatic answer, and not nothing.
[[nodiscard]] bool is_spoken(const parser::MessageView& view);

// RFC 3834 5: an automatic answer.
[[nodiscard]] bool is_automatic(const parser::MessageView& view);

// What a client may show as a page.
[[nodiscard]] bool is_html(const parser::MediaType& media);

// The line of a command without its prefix, up to the first line end; nothing for chat. It stands
// in the body, in what a message/cpim wraps (RFC 3862) or in a multipart/alternative, as text or as
// the text of HTML, for which `scratch` is used; perhaps behind a byte order mark, blanks
// and empty lines; blanks and NULs at its end are not part of it.
[[nodiscard]] std::optional<std::string_view> find_command_line(const parser::MessageView& view,
                                                                char prefix, ByteBuffer& scratch);

}  // namespace imcd::imc
