// re.h comes last: it leaves the standard headers it needs to others.
#include <cstdbool>
#include <cstdint>
#include <sys/types.h>

extern "C" {
#include <re.h>
}

#include "reader.h"

namespace imcd::bench {
namespace {

std::string_view text(const pl& part) { return {part.p, part.l}; }

void add_address(Digest& digest, const sip_taddr& address) {
  digest.add(text(address.uri.user));
  digest.add(text(address.uri.host));
  digest.add(text(address.tag));
}

void add_via(Digest& digest, const sip_via& via) {
  pl end = PL_INIT;
  digest.add(text(via.branch));
  pl host = PL_INIT;
  pl port = PL_INIT;
  static_cast<void>(uri_decode_hostport(&via.sentby, &host, &port));
  digest.add(text(host));
  digest.add(std::uint64_t{pl_u32(&port)});
  digest.add(std::uint64_t{msg_param_exists(&via.params, "rport", &end) == 0});
}

void add_message(Digest& digest, const sip_msg& message) {
  add_via(digest, message.via);
  add_address(digest, message.from);
  add_address(digest, message.to);
  digest.add_halves(text(message.callid), '@');
  digest.add(std::uint64_t{message.cseq.num});
  digest.add(text(message.cseq.met));
  digest.add(text(message.ctyp.type));
  digest.add(text(message.ctyp.subtype));
  digest.add(std::uint64_t{pl_u32(&message.clen)});
  digest.add(std::uint64_t{pl_u32(&message.maxfwd)});
  const mbuf& body = *message.mb;
  digest.add(
      std::string_view(reinterpret_cast<const char*>(body.buf + body.pos), body.end - body.pos));
}

}  // namespace

std::uint64_t read_with_re(std::string_view bytes) {
  // Its messages keep their buffer, which it gets in a block of its own from the socket, too.
  mbuf* buffer = mbuf_alloc(bytes.size());
  static_cast<void>(
      mbuf_write_mem(buffer, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
  mbuf_set_pos(buffer, 0);
  sip_msg* message = nullptr;
  Digest digest;
  const bool is_good = sip_msg_decode(&message, buffer) == 0;
  if (is_good) add_message(digest, *message);
  mem_deref(message);
  mem_deref(buffer);
  return is_good ? digest.value() : 0;
}

}  // namespace imcd::bench
