#include "server/stream_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace imcd::server {

using parser::StreamFramer;

namespace {

// What one stream keeps of a buffer that is empty.
constexpr std::size_t kept_bytes = 4096;
// Beside the accepted ones, at most one for each next hop.
constexpr std::size_t slots_max = limits::streams_max + limits::hops_max;

}  // namespace

std::size_t StreamTable::HostHash::operator()(const Address& host) const {
  return siphash(key, {reinterpret_cast<const char*>(host.ip.data()), host.ip.size()});
}

Address StreamTable::host_of(const Flow& flow) {
  Address host = flow.peer;
  host.port = 0;
  return host;
}

StreamTable::StreamTable(HashKey key) : streams_(slots_max), accepted_from_(0, HostHash{key}) {}

std::optional<StreamRefusal> StreamTable::add(const Flow& flow, MonoTime now) {
  CHECK(!slots_.contains(flow.stream));
  const bool is_accepted = !is_opened_by_us(flow.stream);
  if (is_accepted && accepted_.streams >= limits::streams_max) return StreamRefusal::too_many;
  Holder& holder = is_accepted ? accepted_from_[host_of(flow)] : opened_;
  if (is_accepted) {
    if (holder.streams >= limits::streams_of_peer_max) return StreamRefusal::too_many_here;
    ++accepted_.streams;
  }
  ++holder.streams;
  const std::uint32_t slot = streams_.take();
  Stream& stream = streams_[slot];
  stream = Stream{};
  stream.flow = flow;
  stream.holder = &holder;
  slots_.emplace(flow.stream, slot);
  stream.wait = is_accepted ? Wait::idle : Wait::ping;
  lane(stream.wait).arm(streams_, slot, now);
  return std::nullopt;
}

void StreamTable::remove(StreamId id) {
  const auto found = slots_.find(id);
  if (found == slots_.end()) return;
  const std::uint32_t slot = found->second;
  Stream& stream = streams_[slot];
  lane(stream.wait).cancel(streams_, slot);
  take_partial_bytes(stream, stream.partial.size());
  stream.partial = ByteBuffer();
  --stream.holder->streams;
  if (!is_opened_by_us(id)) {
    --accepted_.streams;
    if (stream.holder->streams == 0) accepted_from_.erase(host_of(stream.flow));
  }
  slots_.erase(found);
  streams_.give_back(slot);
}

// What was kept and what is new, in one piece. A few bytes are added to the stream's own buffer, so
// that a message that comes a byte at a time is copied once; many are not, so that its buffer stays
// as small as what is kept.
std::string_view StreamTable::join(std::uint32_t slot, std::string_view bytes) {
  Stream& stream = streams_[slot];
  is_in_partial_ = false;
  if (stream.partial.empty()) return bytes;
  if (bytes.size() <= stream.partial.size()) {
    stream.partial.append(bytes);
    add_partial_bytes(stream, bytes.size());
    is_in_partial_ = true;
    return stream.partial.view();
  }
  joined_.clear();
  joined_.append(stream.partial.view());
  joined_.append(bytes);
  return joined_.view();
}

StreamFramer::Piece StreamTable::next_piece(std::uint32_t slot, std::string_view rest) {
  Stream& stream = streams_[slot];
  StreamFramer::Piece piece = stream.framer.next(rest);
  if (piece.kind == StreamFramer::Kind::empty_line && stream.is_asked) {
    stream.is_asked = false;
    stream.answers_pings = true;
    stream.framer.forget_empty_line();
  }
  return piece;
}

// `goes_on`: what is kept belongs to the message of which some was kept before.
void StreamTable::keep(std::uint32_t slot, std::string_view rest, bool goes_on, MonoTime now) {
  Stream& stream = streams_[slot];
  take_partial_bytes(stream, stream.partial.size());
  if (is_in_partial_) {
    if (!goes_on) std::memmove(stream.partial.data(), rest.data(), rest.size());
    stream.partial.truncate(rest.size());
  } else {
    stream.partial.clear();
    stream.partial.append(rest);
  }
  if (rest.empty() && stream.partial.capacity() > kept_bytes) stream.partial = ByteBuffer();
  add_partial_bytes(stream, stream.partial.size());
  if (rest.empty()) {
    wait_for(slot, is_opened_by_us(stream.flow.stream) ? Wait::ping : Wait::idle, now);
  } else if (!goes_on) {
    wait_for(slot, Wait::message, now);  // The time of a message runs from its beginning.
  }
}

void StreamTable::add_partial_bytes(const Stream& stream, std::size_t bytes) {
  stream.holder->partial_bytes += bytes;
  if (!is_opened_by_us(stream.flow.stream)) accepted_.partial_bytes += bytes;
}

void StreamTable::take_partial_bytes(const Stream& stream, std::size_t bytes) {
  stream.holder->partial_bytes -= bytes;
  if (!is_opened_by_us(stream.flow.stream)) accepted_.partial_bytes -= bytes;
}

const StreamTable::Holder* StreamTable::find_crowding_holder() const {
  if (accepted_.partial_bytes <= limits::stream_partial_bytes_max) return nullptr;
  const auto most = std::ranges::max_element(accepted_from_, {}, [](const auto& host) {
    return std::pair(host.second.partial_bytes, host.first.ip);
  });
  return &most->second;
}

std::optional<StreamId> StreamTable::find_crowding() const {
  const Holder* const holder = find_crowding_holder();
  if (holder == nullptr) return std::nullopt;
  std::pair<std::size_t, StreamId> largest;
  for (const auto& [id, slot] : slots_) {
    const Stream& stream = streams_[slot];
    if (stream.holder == holder) largest = std::max(largest, std::pair(stream.partial.size(), id));
  }
  return largest.second;
}

void StreamTable::wait_for(std::uint32_t slot, Wait wait, MonoTime now) {
  Stream& stream = streams_[slot];
  lane(stream.wait).cancel(streams_, slot);
  stream.wait = wait;
  lane(wait).arm(streams_, slot, now);
}

std::optional<StreamTable::Due> StreamTable::next_due(MonoTime now) {
  for (TimerLane& lane : lanes_) {
    while (const auto slot = lane.pop_due(streams_, now)) {
      Stream& stream = streams_[*slot];
      const Wait waited = stream.wait;
      stream.wait = waited == Wait::ping ? Wait::pong : Wait::ping;
      this->lane(stream.wait).arm(streams_, *slot, now);
      switch (waited) {
        case Wait::ping:
          stream.is_asked = true;
          return Due{stream.flow, std::nullopt};
        case Wait::pong:
          // Not all peers know pings (RFC 5626 3.5.1): silence counts only after an answer.
          stream.is_asked = false;
          if (stream.answers_pings) return Due{stream.flow, StreamEnd::no_pong};
          break;
        case Wait::idle:
          return Due{stream.flow, StreamEnd::idle};
        case Wait::message:
        case Wait::count:
          return Due{stream.flow, StreamEnd::slow_message};
      }
    }
  }
  return std::nullopt;
}

std::optional<MonoTime> StreamTable::next_deadline() const {
  std::optional<MonoTime> first;
  for (const TimerLane& lane : lanes_) {
    first = earlier(first, lane.next_deadline(streams_));
  }
  return first;
}

}  // namespace imcd::server
