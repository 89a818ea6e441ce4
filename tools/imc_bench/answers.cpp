#include "answers.h"

#include "base/byte_buffer.h"

namespace imcd::bench {

void Answers::answer(const SipText& request, Manner manner, MonoTime now) {
  switch (manner) {
    case Manner::silent:
      return;
    case Manner::late: {
      ByteBuffer bytes;
      write_response(bytes, request, 200);
      late_.push_back({now + options_.shares.late_by, std::string(bytes.view())});
      return;
    }
    case Manner::prompt:
    case Manner::refusing:
      write_response(port_.begin_datagram(), request,
                     manner == Manner::prompt ? 200 : options_.shares.code);
      port_.end_datagram();
  }
}

void Answers::send_late(MonoTime now) {
  while (!late_.empty() && late_.front().due <= now) {
    port_.begin_datagram().append(late_.front().bytes);
    port_.end_datagram();
    late_.pop_front();
  }
}

}  // namespace imcd::bench
