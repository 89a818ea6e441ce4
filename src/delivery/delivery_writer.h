// Writes deliveries: MESSAGE requests from a room to one user (RFC 3428 4, DESIGN 5).
//
// The head names the user and the transaction and is written anew for each datagram, also for a
// retransmission; the common part follows it and is written once per room message.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "parser/message.h"
#include "tm/client_transactions.h"

namespace imcd::delivery {

// Our part of Via: how the request goes, and our host and port as peers reach us.
struct OwnVia {
  Transport transport = Transport::udp;
  std::string_view sent_by;
};

// Request line, Via, To, Call-ID, CSeq.
// `even`: the branch is padded, so that the deliveries of one message to one next hop have few
// different lengths, mostly one: then the kernel takes them as a run (DESIGN 3). The padding
// follows from the member's URI alone, as a retransmission must be the same bytes.
void write_delivery_head(ByteBuffer& out, std::string_view member_uri, const OwnVia& via,
                         const tm::BranchCodec::Token& token, bool even);

// What the common part is made of. Texts are ours or checked unless said otherwise.
struct CommonPart {
  std::string_view display;   // From a peer: quoted by the writer. Empty: none.
  std::string_view from_uri;  // The room, or the address that was asked.
  std::uint64_t from_tag = 0;
  std::uint32_t max_forwards = 0;
  std::string_view instance;       // For X-IMC-Loop.
  std::string_view in_reply_to;    // From a peer; a notice's command. Empty: none.
  std::string_view extra_headers;  // Option extra_hdrs: whole lines.
};
// From and what follows it, up to where content fields begin.
void write_common_fields(ByteBuffer& out, const CommonPart& part);

// The sender's fields that travel with the content (RFC 3261 7.4.1, RFC 2045 3; RFC 3428 5 has Date
// and Expires too). `type`: of content that is not the original's, of which then only what holds
// for both is written; empty: it is the original's. `expires_s`: what the original's Expires says.
void write_content_fields(ByteBuffer& out, const parser::MessageView& original,
                          std::string_view type, std::optional<std::uint32_t> expires_s);

// Content-Length, the empty line and the body, which may come in two pieces.
void write_body(ByteBuffer& out, std::string_view first, std::string_view second = {});

}  // namespace imcd::delivery
