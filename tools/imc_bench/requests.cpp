#include "requests.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/text.h"

namespace imcd::bench {

namespace {

std::string_view command_of(Kind kind) {
  switch (kind) {
    case Kind::create:
      return "#create ";
    case Kind::join:
      return "#join ";
    case Kind::exit:
      return "#exit ";
    case Kind::destroy:
      return "#destroy ";
    case Kind::chat:
      break;
  }
  return "";
}

}  // namespace

Requests::Requests(const Options& options, const Crowd& crowd, std::uint32_t run)
    : options_(options),
      crowd_(crowd),
      branch_(fmt::format("z9hG4bKb{:06x}n", run & 0xffffff)),
      call_id_(fmt::format("{:06x}-", run & 0xffffff)) {
  via_ = fmt::format("Via: SIP/2.0/{} {};rport;branch={}", options.tcp ? "TCP" : "UDP",
                     address_text(options.listen), branch_);
}

std::uint32_t Requests::send(Request request, MonoTime now, Port& port) {
  const auto number = static_cast<std::uint32_t>(requests_.size());
  requests_.push_back(std::move(request));
  write(number, port.begin_datagram());
  port.end_datagram();
  // RFC 3261 17.1.2.2: TCP does the repeating itself.
  if (!options_.tcp) lanes_.front().push_back({now + intervals.front(), number, 0});
  return number;
}

void Requests::write(std::uint32_t number, ByteBuffer& out) {
  const Request& request = requests_[number];
  write_text(number, request);
  out.append("MESSAGE ");
  crowd_.write_room(out, request.sender.room);
  out.append(" SIP/2.0\r\n");
  out.append(via_);
  out.append_number(number);
  out.append("\r\nMax-Forwards: 70\r\nFrom: <");
  crowd_.write_member(out, request.sender);
  out.append(">;tag=");
  out.append_number(number);
  out.append("\r\nTo: <");
  crowd_.write_room(out, request.sender.room);
  out.append(">\r\nCall-ID: ");
  out.append(call_id_);
  out.append_number(number);
  out.append("\r\nCSeq: 1 MESSAGE\r\nContent-Type: text/plain\r\nContent-Length: ");
  out.append_number(text_.size());
  out.append("\r\n\r\n");
  out.append(text_.view());
}

// A chat text begins with its mark and is filled up to the length that was asked for.
void Requests::write_text(std::uint32_t number, const Request& request) {
  text_.clear();
  text_.append(command_of(request.kind));
  if (request.kind != Kind::chat) return crowd_.write_room_name(text_, request.sender.room);
  text_.append('~');
  text_.append_number(number);
  text_.append("~ ");
  while (text_.size() < options_.body_bytes) text_.append('x');
}

std::optional<std::uint32_t> Requests::find_by_branch(std::string_view branch) const {
  if (!branch.starts_with(branch_) || requests_.empty()) return std::nullopt;
  const auto number = parse_number(branch.substr(branch_.size()), requests_.size() - 1);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::optional<std::uint32_t> Requests::find_by_text(std::string_view text) const {
  const auto start = text.find('~');
  if (start == std::string_view::npos || requests_.empty()) return std::nullopt;
  text.remove_prefix(start + 1);
  const auto number = parse_number(text.substr(0, text.find('~')), requests_.size() - 1);
  if (!number || requests_[*number].kind != Kind::chat) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

void Requests::send_again(MonoTime now, Port& port) {
  for (std::size_t lane = 0; lane < lanes_.size(); ++lane) {
    auto& waiting = lanes_[lane];
    while (!waiting.empty() && waiting.front().due <= now) {
      Unanswered entry = waiting.front();
      waiting.pop_front();
      if (requests_[entry.number].status != 0 || ++entry.tries > tries_max) continue;
      write(entry.number, port.begin_datagram());
      port.end_datagram();
      ++resent_;
      const std::size_t next = std::min(lane + 1, lanes_.size() - 1);
      entry.due = now + intervals[next];
      lanes_[next].push_back(entry);
    }
  }
}

MonoTime Requests::next_deadline() const {
  MonoTime earliest = MonoTime::max();
  for (const auto& lane : lanes_) {
    if (!lane.empty()) earliest = std::min(earliest, lane.front().due);
  }
  return earliest;
}

}  // namespace imcd::bench
