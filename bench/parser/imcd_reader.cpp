#include "base/text.h"
#include "messages.h"
#include "parser/message.h"
#include "parser/own_response.h"
#include "parser/request_fields.h"
#include "reader.h"

namespace imcd::bench {
namespace {

using parser::HeaderName;

// One of each serves for all messages, as in the server.
parser::MessageView view;
parser::RequestFields fields;
const tm::BranchCodec codec(branch_key);

void add_name_addr(Digest& digest, const parser::NameAddr& name_addr) {
  digest.add(name_addr.uri.user);
  digest.add(name_addr.uri.host);
  digest.add(name_addr.tag);
}

std::string_view media_type() {
  const std::string_view value = view.find(HeaderName::content_type).value_or("");
  return value.substr(0, value.find(';'));
}

std::uint64_t digest_of_fields() {
  Digest digest;
  digest.add(fields.top_via.branch);
  digest.add(fields.top_via.host);
  digest.add(std::uint64_t{fields.top_via.port});
  digest.add(std::uint64_t{fields.top_via.has_rport});
  add_name_addr(digest, fields.from);
  add_name_addr(digest, fields.to);
  digest.add_halves(fields.call_id, '@');
  digest.add(std::uint64_t{fields.cseq.number});
  digest.add(fields.cseq.method);
  digest.add_halves(media_type(), '/');
  digest.add(std::uint64_t{view.body.size()});
  digest.add(std::uint64_t{fields.max_forwards.value_or(0)});
  digest.add(view.body);
  return digest.value();
}

// The server asks for less of a response; the others always read all of it.
bool parse_response_fields() {
  fields = {};
  const auto via = parser::parse_via(view.find(HeaderName::via).value_or(""));
  const auto from =
      parser::parse_name_addr(view.find(HeaderName::from).value_or(""), parser::Fault::bad_from);
  const auto to =
      parser::parse_name_addr(view.find(HeaderName::to).value_or(""), parser::Fault::bad_to);
  const auto cseq = parser::parse_cseq(view.find(HeaderName::cseq).value_or(""));
  if (!via || !from || !to || !cseq) return false;
  fields.top_via = *via;
  fields.from = *from;
  fields.to = *to;
  fields.call_id = view.find(HeaderName::call_id).value_or("");
  fields.cseq = *cseq;
  return true;
}

}  // namespace

std::uint64_t read_with_imcd(std::string_view bytes) {
  if (!parser::parse_message(bytes, view)) return 0;
  const bool is_good = view.is_request ? parser::parse_request_fields(view, fields).has_value()
                                       : parse_response_fields();
  return is_good ? digest_of_fields() : 0;
}

std::uint64_t match_with_imcd(std::string_view bytes) {
  const auto response = parser::find_own_response(bytes);
  if (!response || response->is_to_options) return 0;
  return codec.read_branch(response->branch) == branch_id ? response->status : 0;
}

}  // namespace imcd::bench
