#include <cstdlib>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>

#include "reader.h"

namespace imcd::bench {
namespace {

std::uint64_t number(const char* text) {
  return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
}

void add_address(Digest& digest, const sip_addr_t& address) {
  digest.add(address.a_url->url_user);
  digest.add(address.a_url->url_host);
  digest.add(address.a_tag);
}

void add_message(Digest& digest, const sip_t& sip) {
  digest.add(sip.sip_via->v_branch);
  digest.add(sip.sip_via->v_host);
  digest.add(number(sip.sip_via->v_port));
  digest.add(std::uint64_t{sip.sip_via->v_rport != nullptr});
  add_address(digest, *sip.sip_from);
  add_address(digest, *sip.sip_to);
  digest.add_halves(sip.sip_call_id->i_id, '@');
  digest.add(std::uint64_t{sip.sip_cseq->cs_seq});
  digest.add(sip.sip_cseq->cs_method_name);
  const sip_content_type_t* const type = sip.sip_content_type;
  digest.add_halves(type == nullptr ? std::string_view() : std::string_view(type->c_type), '/');
  digest.add(std::uint64_t{sip.sip_content_length->l_length});
  digest.add(std::uint64_t{sip.sip_max_forwards == nullptr ? 0 : sip.sip_max_forwards->mf_count});
  const sip_payload_t* const body = sip.sip_payload;
  digest.add(body == nullptr ? std::string_view() : std::string_view(body->pl_data, body->pl_len));
}

}  // namespace

std::uint64_t read_with_sofia(std::string_view bytes) {
  msg_t* message =
      msg_make(sip_default_mclass(), 0, bytes.data(), static_cast<ssize_t>(bytes.size()));
  const sip_t* const sip = sip_object(message);
  Digest digest;
  const bool is_good = sip != nullptr && sip->sip_error == nullptr && sip->sip_via != nullptr &&
                       sip->sip_from != nullptr && sip->sip_to != nullptr &&
                       sip->sip_call_id != nullptr && sip->sip_cseq != nullptr;
  if (is_good) add_message(digest, *sip);
  msg_destroy(message);
  return is_good ? digest.value() : 0;
}

}  // namespace imcd::bench
