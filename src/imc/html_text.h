// The text of an HTML document, as its reader would see it: without tags, comments, scripts and
// styles, with entities decoded, blanks run together, and lines where paragraphs and the like
// begin. No parser of HTML: whatever the document is, one walk over it ends with a text in UTF-8
// that has no control characters but line ends, and no more than twice the bytes.
#pragma once

#include <string_view>

#include "base/byte_buffer.h"

namespace imcd::imc {

// Appends the text, without blanks and line ends around it. Bytes that are no UTF-8 are taken for
// ISO 8859-1.
void write_html_text(ByteBuffer& out, std::string_view html);

}  // namespace imcd::imc
