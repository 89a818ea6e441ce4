// Request: one request under way, while the bytes it came in are at hand.
#pragma once

#include "base/address.h"
#include "base/siphash.h"
#include "parser/message.h"
#include "parser/request_fields.h"

namespace imcd::server {

struct Request {
  const parser::MessageView& view;
  const parser::RequestFields& fields;
  Flow from;
  Hash128 key;  // Of its transaction, from which the To tag of its responses is made.
};

}  // namespace imcd::server
