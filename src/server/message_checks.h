// What a UAS reads out of a MESSAGE before a room has a say (RFC 3261 8.2): pure functions of its
// fields.
#pragma once

#include <cstdint>
#include <optional>

#include "base/reply.h"
#include "parser/fault.h"
#include "parser/message.h"
#include "parser/request_fields.h"
#include "parser/uri.h"

namespace imcd::server {

// An address of a scheme that is understood with a user part, of a length that rooms and users
// have.
bool names_user(const parser::Uri& uri);

// RFC 3261 8.2.2.3: whether it names an extension, of which we have none. An empty field names
// none.
bool requires_extension(const parser::MessageView& view);

// What makes a MESSAGE unfit for any room. These answers need no memory: the same request is
// refused in the same way again.
std::optional<Reply> check_message(const parser::MessageView& view,
                                   const parser::RequestFields& fields);

// Who sent it. RFC 3325 9.1: what a trusted peer asserts counts, in any number of fields together:
// at most one SIP value, beside which those of other schemes don't matter. Where something is
// asserted, From is never believed: two SIP values and what can't be read are errors, and what
// names no user a room could have (another scheme, no user part, the anonymous host, nothing at
// all) is nobody. From counts only where nothing is asserted.
parser::Parsed<std::optional<parser::Uri>> sender_identity(const parser::MessageView& view,
                                                           const parser::RequestFields& fields);

// RFC 3323 4.2 and RFC 3325 9.3: `Privacy: id` and the anonymous From.
bool asks_for_anonymity(const parser::MessageView& view, const parser::RequestFields& fields);

}  // namespace imcd::server
