#include <cstdlib>
#include <ctime>

// Needs <ctime> and does not say so.
#include <osipparser2/osip_parser.h>

#include "reader.h"

namespace imcd::bench {
namespace {

std::uint64_t number(const char* text) {
  return text == nullptr ? 0 : std::strtoul(text, nullptr, 10);
}

void add_address(Digest& digest, osip_from_t* address) {
  osip_generic_param_t* tag = nullptr;
  osip_from_get_tag(address, &tag);
  digest.add(address->url->username);
  digest.add(address->url->host);
  digest.add(tag == nullptr ? nullptr : tag->gvalue);
}

void add_via(Digest& digest, osip_message_t* message) {
  auto* via = static_cast<osip_via_t*>(osip_list_get(&message->vias, 0));
  osip_generic_param_t* branch = nullptr;
  osip_generic_param_t* rport = nullptr;
  osip_via_param_get_byname(via, const_cast<char*>("branch"), &branch);
  osip_via_param_get_byname(via, const_cast<char*>("rport"), &rport);
  digest.add(branch == nullptr ? nullptr : branch->gvalue);
  digest.add(via->host);
  digest.add(number(via->port));
  digest.add(std::uint64_t{rport != nullptr});
}

}  // namespace

std::uint64_t read_with_osip(std::string_view bytes) {
  [[maybe_unused]] static const int is_ready = parser_init();
  osip_message_t* message = nullptr;
  osip_message_init(&message);
  Digest digest;
  const bool is_good = osip_message_parse(message, bytes.data(), bytes.size()) == 0;
  if (is_good) {
    add_via(digest, message);
    add_address(digest, message->from);
    add_address(digest, message->to);
    digest.add(message->call_id->number);
    digest.add(message->call_id->host);
    digest.add(number(message->cseq->number));
    digest.add(message->cseq->method);
    const osip_content_type_t* const type = message->content_type;
    osip_header_t* max_forwards = nullptr;
    osip_message_header_get_byname(message, "max-forwards", 0, &max_forwards);
    digest.add(type == nullptr ? nullptr : type->type);
    digest.add(type == nullptr ? nullptr : type->subtype);
    digest.add(number(message->content_length->value));
    digest.add(number(max_forwards == nullptr ? nullptr : max_forwards->hvalue));
    const auto* body = static_cast<const osip_body_t*>(osip_list_get(&message->bodies, 0));
    digest.add(body == nullptr ? std::string_view() : std::string_view(body->body, body->length));
  }
  osip_message_free(message);
  return is_good ? digest.value() : 0;
}

}  // namespace imcd::bench
