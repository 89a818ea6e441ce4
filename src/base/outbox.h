// Outbox: what the core wants done, in order, as data. The core appends while it handles one input;
// the caller (reactor, simulator, fuzzer, benchmark) carries the actions out and clears it. Nothing
// in it borrows from the core. It keeps its capacity, so a steady state allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/byte_buffer.h"
#include "base/log.h"
#include "base/names.h"

namespace imcd {

// Names one batch of the journal; counts up from 1.
using BatchId = std::uint64_t;
// Names one reply to a management client, from the opening of its FIFO to its close.
using MiReplyId = std::uint32_t;

// What became of an action on a reply FIFO.
enum class MiReplyEvent : std::uint8_t {
  opened,     // Ready for the first write.
  no_reader,  // ENXIO or ENOENT: the client has not opened it yet; asking again may succeed.
  refused,    // Not a FIFO, a link, more than one link, no permission: never try again.
  writable,   // The last write is in the pipe; the next may follow.
  broken,     // The reader is gone. The reply is closed.
};

class Outbox {
 public:
  struct Datagram {
    Flow to;
    std::size_t offset = 0;  // Into bytes().
    std::size_t size = 0;
  };
  struct MiReplyAction {
    enum class Kind : std::uint8_t { open, write, close };
    Kind kind = Kind::open;
    MiReplyId reply = 0;
    std::string text;  // open: the FIFO's name; write: the bytes; close: empty.
  };

  struct StreamAction {
    enum class Kind : std::uint8_t { open, close, abort };
    Kind kind = Kind::open;
    Flow flow;  // open: all of it; else only the stream counts.
  };

  // Bytes appended to the returned buffer between begin_datagram and end_datagram are one datagram,
  // or go to the stream that the flow names, in order and unframed.
  ByteBuffer& begin_datagram() {
    begin_ = bytes_.size();
    return bytes_;
  }
  void end_datagram(const Flow& to) { datagrams_.push_back({to, begin_, bytes_.size() - begin_}); }

  [[nodiscard]] std::span<const Datagram> datagrams() const { return datagrams_; }
  [[nodiscard]] std::string_view bytes(const Datagram& datagram) const {
    return bytes_.view(datagram.offset, datagram.size);
  }

  // A connection to this peer is to be made, under the number in the flow, which has the bit
  // opened_by_us. It may be written to once Core::on_stream_open tells that it is there.
  void open_stream(const Flow& flow) {
    stream_actions_.push_back({StreamAction::Kind::open, flow});
  }
  // Closed once all that was written before is sent, or at once. Neither is answered.
  void close_stream(StreamId stream) { end_stream(StreamAction::Kind::close, stream); }
  void abort_stream(StreamId stream) { end_stream(StreamAction::Kind::abort, stream); }
  // Carried out behind all datagrams.
  [[nodiscard]] std::span<const StreamAction> stream_actions() const { return stream_actions_; }

  // What has been written since the last clear().
  [[nodiscard]] std::size_t written_bytes() const { return bytes_.size(); }

  // A reply FIFO of the client's is to be opened, written to, closed. The answers come back as
  // Core::on_mi_reply events; closing has none.
  void open_mi_reply(MiReplyId reply, std::string_view name) {
    mi_replies_.push_back({MiReplyAction::Kind::open, reply, std::string(name)});
  }
  void write_mi_reply(MiReplyId reply, std::string bytes) {
    mi_replies_.push_back({MiReplyAction::Kind::write, reply, std::move(bytes)});
  }
  void close_mi_reply(MiReplyId reply) {
    mi_replies_.push_back({MiReplyAction::Kind::close, reply, {}});
  }
  [[nodiscard]] std::span<const MiReplyAction> mi_replies() const { return mi_replies_; }

  // The batch is ready: take it from the journal and hand it to the store.
  void submit_batch(BatchId batch) { batches_.push_back(batch); }
  [[nodiscard]] std::span<const BatchId> batches() const { return batches_; }

  // The DNS is to be asked. Each question gets one answer, as Core::on_resolved, in any order.
  void resolve(NameQuestion question) { questions_.push_back(std::move(question)); }
  [[nodiscard]] std::span<const NameQuestion> questions() const { return questions_; }

  void log(LogLine line) { log_.push_back(std::move(line)); }
  [[nodiscard]] std::span<const LogLine> log_lines() const { return log_; }

  // The process is to end with this code once everything above is carried out.
  void exit(int code) { exit_code_ = code; }
  [[nodiscard]] std::optional<int> exit_code() const { return exit_code_; }

  [[nodiscard]] bool empty() const {
    return datagrams_.empty() && stream_actions_.empty() && mi_replies_.empty() &&
           batches_.empty() && questions_.empty() && log_.empty() && !exit_code_;
  }
  void clear() {
    bytes_.clear();
    datagrams_.clear();
    stream_actions_.clear();
    mi_replies_.clear();
    batches_.clear();
    questions_.clear();
    log_.clear();
    exit_code_.reset();
  }

 private:
  void end_stream(StreamAction::Kind kind, StreamId stream) {
    Flow flow;
    flow.stream = stream;
    stream_actions_.push_back({kind, flow});
  }

  ByteBuffer bytes_;
  std::size_t begin_ = 0;
  std::vector<Datagram> datagrams_;
  std::vector<StreamAction> stream_actions_;
  std::vector<MiReplyAction> mi_replies_;
  std::vector<BatchId> batches_;
  std::vector<NameQuestion> questions_;
  std::vector<LogLine> log_;
  std::optional<int> exit_code_;
};

}  // namespace imcd
