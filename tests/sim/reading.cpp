#include "sim/reading.h"

#include <fmt/format.h>

#include "base/siphash.h"
#include "base/text.h"
#include "parser/cpim.h"
#include "parser/host.h"
#include "sim/world.h"

namespace imcd::sim {

using parser::HeaderName;
using Shape = Reading::Shape;

namespace {

constexpr HashKey hash_key{0x51, 0x17};

std::uint32_t check_of(std::uint32_t number) { return (number * 2654435761U) >> 16; }

bool is_sip_address(const parser::Uri& uri) {
  return uri.scheme == parser::Scheme::sip || uri.scheme == parser::Scheme::sips ||
         uri.scheme == parser::Scheme::im;
}

bool names_somebody(const parser::Uri& uri) {
  return is_sip_address(uri) && !uri.user.empty() && !uri.host.empty() &&
         uri.user.size() <= limits::user_bytes_max && uri.host.size() <= limits::domain_bytes_max;
}

bool is_type(std::string_view content_type, std::string_view type) {
  return equal_ignoring_case(trim(content_type.substr(0, content_type.find(';'))), type);
}

bool is_plain(std::string_view content_type) {
  return content_type.empty() || is_type(content_type, "text/plain");
}

// The parts are kept apart, so that none can grow into the next.
void add(std::string& text, std::string_view part) {
  text += part;
  text += '\0';
}

}  // namespace

std::string chat_mark(std::uint32_t number) {
  return fmt::format("~{}.{}~", number, check_of(number));
}

std::optional<std::uint32_t> find_chat_mark(std::string_view body) {
  const std::size_t begin = body.find('~');
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t dot = body.find('.', begin);
  const std::size_t end = body.find('~', begin + 1);
  if (dot == std::string_view::npos || end == std::string_view::npos || dot > end) {
    return std::nullopt;
  }
  const auto number = parse_number(body.substr(begin + 1, dot - begin - 1), 0xfffffff);
  const auto check = parse_number(body.substr(dot + 1, end - dot - 1), 0xffffffff);
  if (!number || !check || *check != check_of(static_cast<std::uint32_t>(*number))) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(*number);
}

std::uint64_t Reader::hash(std::string_view text) { return siphash(hash_key, text); }

// --- Transactions --------------------------------------------------------------------------------

// What request and response have in common.
std::uint64_t Reader::answer_hash(const parser::Via& via, std::string_view method,
                                  const parser::MessageView& view) {
  scratch_.clear();
  add(scratch_, method);
  for (const char c : via.host) scratch_ += lower(c);
  add(scratch_, fmt::format_int(via.port).c_str());
  add(scratch_, via.branch);
  if (!via.has_branch_cookie) {
    add(scratch_, view.find(HeaderName::call_id).value_or(std::string_view{}));
    add(scratch_, view.find(HeaderName::from).value_or(std::string_view{}));
    add(scratch_, view.find(HeaderName::cseq).value_or(std::string_view{}));
  }
  return hash(scratch_);
}

std::uint64_t Reader::transaction_hash(std::string_view method) {
  const std::uint64_t common = answer_hash(fields_.top_via, method, view_);
  if (fields_.top_via.has_branch_cookie) return common;
  scratch_.clear();
  add(scratch_, method);
  add(scratch_, view_.request_uri);
  add(scratch_, fields_.to.tag);
  add(scratch_, fields_.from.tag);
  add(scratch_, fields_.call_id);
  add(scratch_, fmt::format_int(fields_.cseq.number).c_str());
  add(scratch_, fields_.top_via.text);
  return hash(scratch_);
}

std::optional<std::uint64_t> Reader::read_response(const parser::MessageView& response) {
  const auto via_field = response.find(HeaderName::via);
  const auto cseq_field = response.find(HeaderName::cseq);
  if (!via_field || !cseq_field) return std::nullopt;
  const auto via = parser::parse_via(*via_field);
  const auto cseq = parser::parse_cseq(*cseq_field);
  if (!via || !cseq) return std::nullopt;
  return answer_hash(*via, cseq->method, response);
}

void Reader::read_answer(Reading& reading) {
  reading.shape = Shape::response;
  const auto via_field = view_.find(HeaderName::via);
  const auto cseq_field = view_.find(HeaderName::cseq);
  if (!via_field || !cseq_field) return;
  const auto via = parser::parse_via(*via_field);
  const auto cseq = parser::parse_cseq(*cseq_field);
  if (!via || !cseq || cseq->method != "MESSAGE") return;
  reading.branch = via->branch;
  reading.status = view_.status;
}

// RFC 3261 18.2.2 and RFC 3581 4: to maddr where there is one, else to the address that the request
// came from; the port is that of sent-by unless rport asks for the request's own. A stranger has no
// maddr.
std::optional<Address> Reader::answer_to(const Address& from) const {
  constexpr std::uint16_t default_port = 5060;
  const auto field = view_.find(HeaderName::via);
  const auto via = field ? parser::usable_via(*field) : std::nullopt;
  if (!via) return std::nullopt;
  const std::uint16_t sent_by_port = via->port != 0 ? via->port : default_port;
  Address to = from;
  const auto maddr =
      is_trusted(from) ? parser::parse_host_address(via->maddr) : std::optional<Address>{};
  if (maddr) to = *maddr;
  if (maddr || !via->has_rport) to.port = sent_by_port;
  return to;
}

// The server may take this one by the short way, which does not ask whether the rest is good.
Reading Reader::read_own(const parser::OwnResponse& own, bool is_whole) {
  Reading reading{.shape = Shape::response};
  if (!own.is_to_options) {
    reading.branch = own.branch;
    reading.status = own.status;
  }
  if (!is_whole) return reading;
  Reading whole;
  read_answer(whole);
  if (whole.branch.empty()) return reading;
  if (whole.branch != reading.branch || whole.status != reading.status) {
    throw Violation("both ways read the same",
                    fmt::format("branch {}, status {} by the short way, {}, {} by the long one",
                                reading.branch, reading.status, whole.branch, whole.status));
  }
  return reading;
}

// --- Requests ------------------------------------------------------------------------------------

Reading Reader::read(std::string_view bytes, const Address& from) {
  Reading reading{.shape = Shape::noise};
  const bool is_whole = parser::parse_message(bytes, view_).has_value();
  if (const auto own = parser::find_own_response(bytes)) return read_own(*own, is_whole);
  if (view_.is_request) reading.answer_to = answer_to(from);
  if (!is_whole) return reading;
  if (!view_.is_request) {
    read_answer(reading);
    return reading;
  }
  fields_ = {};
  if (!parser::parse_request_fields(view_, fields_)) {
    reading.shape = Shape::malformed;
    return reading;
  }
  reading.via_count = fields_.via_count;
  switch (view_.method) {
    case parser::Method::ack:
      reading.shape = Shape::ack;
      return reading;
    case parser::Method::options:
      reading.shape = Shape::options;
      if (!is_sip_address(fields_.request_uri)) {
        reading.refused_with = 416;
      } else if (view_.find(HeaderName::require)) {
        reading.refused_with = 420;
      }
      break;
    case parser::Method::cancel:
      reading.shape = Shape::cancel;
      break;
    case parser::Method::other:
      reading.shape = Shape::other_method;
      break;
    case parser::Method::message:
      reading.shape = Shape::message;
      read_message(reading);
      break;
  }
  // A CANCEL names the MESSAGE it would end (RFC 3261 9.2).
  const bool is_cancel = reading.shape == Shape::cancel;
  reading.transaction = transaction_hash(is_cancel ? "MESSAGE" : view_.method_text);
  reading.answer = answer_hash(fields_.top_via, view_.method_text, view_);
  return reading;
}

void Reader::read_message(Reading& reading) {
  reading.call_id = hash(fields_.call_id);
  if (!is_sip_address(fields_.request_uri)) {
    reading.refused_with = 416;
  } else if (fields_.to.has_tag) {
    reading.refused_with = 481;
  } else if (view_.find(HeaderName::require)) {
    reading.refused_with = 420;
  } else if (fields_.max_forwards == 0U) {
    reading.refused_with = 483;
  }
  if (reading.refused_with != 0) return;
  const parser::Uri& room =
      settings_.server.room_address_is_request_uri ? fields_.request_uri : fields_.to.uri;
  const auto who = sender();
  if (!names_somebody(room)) {
    reading.refused_when_serving = 404;
  } else if (!who) {
    reading.refused_when_serving = 403;
  }
  if (reading.refused_when_serving != 0) return;
  Ask& ask = reading.ask;
  ask.sender = names_.user(*who);
  reading.fork = fork_hash(ask.sender);
  ask.addressed = names_.room(room);
  ask.host = room.host;
  ask.is_anonymous = is_anonymous();
  ask.is_marked = view_.find(HeaderName::x_imc_loop).has_value();
  reading.expires_s = fields_.expires_s;
  read_content(reading);
}

std::uint64_t Reader::fork_hash(UserId sender) {
  scratch_.clear();
  add(scratch_, fields_.from.tag);
  add(scratch_, fields_.call_id);
  add(scratch_, fmt::format_int(fields_.cseq.number).c_str());
  add(scratch_, fmt::format_int(sender).c_str());
  return siphash(hash_key, scratch_);
}

void Reader::read_content(Reading& reading) {
  Ask& ask = reading.ask;
  const auto type = view_.find(HeaderName::content_type).value_or(std::string_view{});
  const auto encoding = view_.find(HeaderName::content_encoding);
  const auto automatic = view_.find(HeaderName::auto_submitted);
  ask.is_encoded = encoding && !equal_ignoring_case(trim(*encoding), "identity");
  std::string_view text = is_plain(type) ? view_.body : std::string_view{};
  if (is_type(type, "message/cpim")) {
    const auto cpim = parser::parse_cpim(view_.body);
    if (cpim && is_plain(cpim->content_type)) text = cpim->content;
    // The only sender that the workload names is nobody's.
    ask.is_forged = view_.body.starts_with("From: <im:a@b>");
  }
  if (text.starts_with(settings_.conference.command_prefix)) {
    ask.is_command = true;
    ask.command = text.substr(1, text.find_first_of("\r\n") - 1);
  }
  reading.body = view_.body;
  ask.goes_nowhere =
      view_.body.empty() || (automatic && !starts_with_ignoring_case(*automatic, "no"));
  reading.chat = find_chat_mark(view_.body);
}

// Nobody: something is asserted that is no user's address, and then From doesn't matter.
std::optional<parser::Uri> Reader::sender() const {
  std::vector<parser::Uri> asserted;
  bool is_readable = true;
  for (std::size_t i = 0; i < view_.header_count; ++i) {
    if (view_.headers[i].name != HeaderName::p_asserted_identity) continue;
    std::string_view rest = view_.headers[i].value;
    while (!rest.empty() && is_readable) {
      const auto value = parser::parse_name_addr(rest, parser::Fault::bad_p_asserted_identity);
      is_readable = value.has_value();
      if (!is_readable) break;
      if (is_sip_address(value->uri)) asserted.push_back(value->uri);
      rest.remove_prefix(value->next);
    }
  }
  if (!view_.find(HeaderName::p_asserted_identity)) asserted.push_back(fields_.from.uri);
  const bool is_one = is_readable && asserted.size() == 1 && names_somebody(asserted.front());
  if (!is_one) return std::nullopt;
  const bool is_nobody = view_.find(HeaderName::p_asserted_identity) &&
                         equal_ignoring_case(asserted.front().host, "anonymous.invalid");
  return is_nobody ? std::nullopt : std::optional(asserted.front());
}

bool Reader::is_anonymous() const {
  if (equal_ignoring_case(fields_.from.uri.host, "anonymous.invalid")) return true;
  std::string_view rest = view_.find(HeaderName::privacy).value_or(std::string_view{});
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    if (equal_ignoring_case(trim(rest.substr(0, end)), "id")) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace imcd::sim
