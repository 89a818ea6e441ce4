#include "parser/request_fields.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "parser/cursor.h"
#include "parser/media_type.h"

namespace imcd::parser {
namespace {

constexpr std::uint64_t cseq_max = (1ULL << 31) - 1;

// What one message's checks share.
struct Check {
  const MessageView& view;
  FirstFault fault;

  // The value of a field that must be there once; nothing, and a fault, when it is not.
  std::optional<std::string_view> find_one(HeaderName name, Fault missing, Fault repeated) {
    const auto value = find_at_most_one(name, repeated);
    if (!view.find(name)) fault.note(missing);
    return value;
  }
  std::optional<std::string_view> find_at_most_one(HeaderName name, Fault repeated) {
    if (!view.is_repeated(name)) return view.find(name);
    fault.note(repeated);
    return std::nullopt;
  }
};

void check_request_uri(Check& check, Uri& out) {
  if (const auto parsed = parse_uri(check.view.request_uri, out); !parsed) {
    check.fault.note(Fault::bad_request_uri, parsed.error().offset);
    out = {};
    return;
  }
  // RFC 3261 19.1.1, table 1: a Request-URI has no headers (RFC 4475 3.1.2.11).
  if (!out.headers.empty()) check.fault.note(Fault::bad_request_uri, out.text.size());
}

// Every value of one Via field. A response needs no more than the first, but copies all of them in
// their order, which a list that falls apart further on does not have.
void check_via_field(Check& check, std::string_view value, bool is_top, RequestFields& fields) {
  std::size_t begin = 0;
  Via other;
  do {
    Via& via = is_top && begin == 0 ? fields.top_via : other;
    if (const auto parsed = parse_via(value.substr(begin), via); !parsed) {
      if (&via == &fields.top_via) via = usable_via(value).value_or(Via{});
      check.fault.note(Fault::bad_via, begin + parsed.error().offset);
      return;
    }
    ++fields.via_count;
    begin += via.next;
  } while (begin < value.size());
}

void check_via(Check& check, RequestFields& fields) {
  const std::uint8_t top = check.view.first[static_cast<std::size_t>(HeaderName::via)];
  if (top == MessageView::absent) check.fault.note(Fault::missing_via);
  for (std::size_t i = top; i < check.view.header_count; ++i) {
    const HeaderField& field = check.view.headers[i];
    if (field.name == HeaderName::via) check_via_field(check, field.value, i == top, fields);
  }
}

void check_name_addr(Check& check, std::optional<std::string_view> value, Fault bad,
                     NameAddr& out) {
  if (!value) return;
  const auto parsed = parse_name_addr(*value, bad, out);
  if (parsed && out.next == value->size()) return;
  check.fault.note(parsed ? ParseError{bad, static_cast<std::uint32_t>(out.next)} : parsed.error());
  out = {};
}

// callid = word [ "@" word ]
bool is_call_id(std::string_view value) {
  Cursor cursor(value);
  if (cursor.take_long_run<CharSet::word>().empty()) return false;
  if (cursor.take('@') && cursor.take_long_run<CharSet::word>().empty()) return false;
  return cursor.at_end();
}

void check_call_id(Check& check, RequestFields& fields) {
  const auto value =
      check.find_one(HeaderName::call_id, Fault::missing_call_id, Fault::repeated_call_id);
  if (!value) return;
  if (!is_call_id(*value)) return check.fault.note(Fault::bad_call_id);
  if (value->size() > limits::call_id_bytes_max) {
    return check.fault.note(Fault::call_id_too_long, limits::call_id_bytes_max);
  }
  fields.call_id = *value;
}

void check_cseq(Check& check, RequestFields& fields) {
  const auto value = check.find_one(HeaderName::cseq, Fault::missing_cseq, Fault::repeated_cseq);
  if (!value) return;
  const Parsed<CSeq> cseq = parse_cseq(*value);
  if (!cseq) {
    check.fault.note(cseq.error());
    return;
  }
  fields.cseq = *cseq;
  if (cseq->method != check.view.method_text) check.fault.note(Fault::cseq_method_mismatch);
}

void check_max_forwards(Check& check, RequestFields& fields) {
  const auto value = check.find_at_most_one(HeaderName::max_forwards, Fault::repeated_max_forwards);
  if (!value) return;
  if (const auto number = parse_number(*value, limits::max_forwards_max)) {
    fields.max_forwards = static_cast<std::uint32_t>(*number);
  } else {
    check.fault.note(Fault::bad_max_forwards);
  }
}

void check_content_type(Check& check) {
  const auto value = check.find_at_most_one(HeaderName::content_type, Fault::repeated_content_type);
  if (value && !parse_media_type(*value)) check.fault.note(Fault::bad_content_type);
}

// delta-seconds = 1*DIGIT. RFC 3261 20.19 ends at 2^32-1; more is as good as that. A date, which
// RFC 2543 had there, is as if it were not there (RFC 3261 8.2.2), and so are two: which would
// hold?
void check_expires(const MessageView& view, RequestFields& fields) {
  const auto value = view.find(HeaderName::expires);
  if (!value) return;
  if (is_all_in(CharSet::digit, *value) && !view.is_repeated(HeaderName::expires)) {
    fields.expires_s =
        static_cast<std::uint32_t>(parse_number(*value, UINT32_MAX).value_or(UINT32_MAX));
  } else {
    ++fields.ignored_fields;
  }
}

bool is_unclean(const HeaderField& field) {
  switch (field.name) {
    case HeaderName::from:
    case HeaderName::to:
    case HeaderName::call_id:
    case HeaderName::cseq:
      return field.unclean;
    default:
      return false;
  }
}

}  // namespace

Parsed<CSeq> parse_cseq(std::string_view value) {
  Cursor cursor(value);
  CSeq cseq;
  const auto number = parse_number(cursor.take_run(CharSet::digit), cseq_max);
  const bool has_space = cursor.take_white_space();
  cseq.method = cursor.take_run(CharSet::token);
  if (!number || !has_space || cseq.method.empty() || !cursor.at_end()) {
    return std::unexpected(
        ParseError{Fault::bad_cseq, static_cast<std::uint32_t>(cursor.offset())});
  }
  cseq.number = static_cast<std::uint32_t>(*number);
  return cseq;
}

Parsed<void> parse_request_fields(const MessageView& view, RequestFields& fields) {
  fields = {};
  Check check{view, {}};
  check_request_uri(check, fields.request_uri);
  check_via(check, fields);
  check_name_addr(check,
                  check.find_one(HeaderName::from, Fault::missing_from, Fault::repeated_from),
                  Fault::bad_from, fields.from);
  check_name_addr(check, check.find_one(HeaderName::to, Fault::missing_to, Fault::repeated_to),
                  Fault::bad_to, fields.to);
  check_call_id(check, fields);
  check_cseq(check, fields);
  check_max_forwards(check, fields);
  check_content_type(check);
  check_expires(view, fields);
  return check.fault.result();
}

bool is_answerable(const MessageView& view) {
  if (!view.is_request || view.method == Method::ack) return false;
  const auto via = view.find(HeaderName::via);
  if (!via || view.headers[view.first[static_cast<std::size_t>(HeaderName::via)]].unclean) {
    return false;
  }
  const auto* const end = view.headers.begin() + view.header_count;
  return usable_via(*via).has_value() && std::none_of(view.headers.begin(), end, is_unclean);
}

}  // namespace imcd::parser
