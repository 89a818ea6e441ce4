// Workload: what no ordinary client sends, and what the server must refuse, ignore or see through.

#include <fmt/format.h>

#include "sim/workload.h"

namespace imcd::sim {

void Workload::strange() {
  switch (dice_.below(9)) {
    case 0:
      return malformed();
    case 1:
    case 2:
      return junk();
    case 3:
      return odd_method();
    case 4:
      return refused_by_header();
    case 5:
    case 6:
      return odd_identity();
    case 7:
      return odd_content();
    default:
      return odd_members();
  }
}

// A good request with one line that is missing, repeated or wrong.
void Workload::malformed() {
  Draft message = draft(any_user(), room_uri(0), chat_text());
  write_vias(message);
  std::string bytes = text(message);
  constexpr std::string_view names[] = {
      "Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: ", "Max-Forwards: ", "Content-Length: "};
  const std::size_t begin = bytes.find(dice_.pick(names));
  const std::size_t end = bytes.find("\r\n", begin) + 2;
  const std::string line = bytes.substr(begin, end - begin);
  switch (dice_.below(3)) {
    case 0:
      bytes.erase(begin, end - begin);
      break;
    case 1:
      bytes.insert(begin, line);
      break;
    default:
      bytes.insert(begin + line.find(' ') + 1, "\x01<,;\"");
      break;
  }
  requests_.start(message.source, bytes);
}

void Workload::junk() {
  world_.counts.add(Fault::junk);
  std::string bytes;
  switch (dice_.below(6)) {
    case 0:
      break;
    case 1:
      bytes = "\r\n\r\n";
      break;
    case 2:
      bytes.assign("\x00\x01\x00\x00\x21\x12\xa4\x42", 8);
      break;
    case 3:
      bytes.resize(dice_.below(2000));
      for (char& byte : bytes) byte = static_cast<char>(dice_.next());
      break;
    case 4:
      bytes = "MESSAGE sip:r0@example.org SIP/2.0\r\n" + filler(dice_.below(600));
      break;
    default: {
      // As large as a datagram can be.
      Draft message = draft(any_user(), room_uri(0), chat_text());
      message.body += std::string(60000, 'x');
      write_vias(message);
      bytes = text(message);
      break;
    }
  }
  requests_.start(peers_.source_of(any_user()), bytes, false);
}

void Workload::odd_method() {
  if (dice_.chance(0.4) && last_) {
    // RFC 3261 9.1: the CANCEL has the branch of what it would end.
    Draft cancel = *last_;
    cancel.method = "CANCEL";
    cancel.body.clear();
    requests_.start(cancel.source, text(cancel), false);
    return;
  }
  const std::string methods[] = {"OPTIONS", "OPTIONS", "INVITE",   "REGISTER",
                                 "ACK",     "message", "SUBSCRIBE"};
  Draft message = draft(any_user(), room_uri(0), "");
  message.method = dice_.pick(methods);
  write_vias(message);
  requests_.start(message.source, text(message), message.method != "ACK");
}

void Workload::refused_by_header() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  Draft message = draft(member_of(room), room_uri(room), chat_text());
  const std::string prefix(1, world_.plan.settings.conference.command_prefix);
  switch (dice_.below(7)) {
    case 0:
      message.max_forwards = "0";
      break;
    case 1:
      message.extra = "Require: 100rel\r\n";
      break;
    case 2:
      message.room = dice_.chance(0.5) ? "tel:+4930123" : "http://example.org/";
      break;
    case 3:
      message.extra = "Content-Encoding: gzip\r\n";
      message.body = prefix + "join";
      break;
    case 4:
      message.room = "sip:example.org";
      break;
    case 5: {
      // RFC 3261 8.2.2.2: the same request by another way.
      send(message);
      Draft fork = *last_;
      fork.branch = fmt::format("z9hG4bKfork{}{}", Requests::branch_mark, requests_.next_number());
      // Another user's with the same identifiers is no branch of it.
      if (dice_.chance(0.3)) {
        const std::string_view tag = std::string_view(last_->from).substr(last_->from.find('>'));
        fork.from = fmt::format("<{}{}", peers_.users()[any_user()].uri, tag);
      }
      return send(fork);
    }
    default:
      message.extra = "Auto-Submitted: auto-replied\r\n";
      break;
  }
  send(message);
}

// RFC 3325 9.1, kept and not.
std::string Workload::asserted_identity() {
  const std::string_view uri = peers_.users()[any_user()].uri;
  switch (dice_.below(8)) {
    case 0:
      return "P-Asserted-Identity: tel:+15550100\r\n";
    case 1:
      return "P-Asserted-Identity:\r\n";
    case 2:
      return "P-Asserted-Identity: <sip:127.0.0.1:5090>\r\n";
    case 3:
      return fmt::format("P-Asserted-Identity: <{}>, <{}>\r\n", uri,
                         peers_.users()[any_user()].uri);
    case 4:
      return fmt::format("P-Asserted-Identity: tel:1\r\nP-Asserted-Identity: <{}>\r\n", uri);
    default:
      return fmt::format("P-Asserted-Identity: \"X\" <{}>\r\n", uri);
  }
}

void Workload::odd_identity() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  const std::string prefix(1, world_.plan.settings.conference.command_prefix);
  const std::string what = dice_.chance(0.5) ? prefix + "join" : chat_text();
  Draft message = draft(member_of(room), room_uri(room), what);
  switch (dice_.below(8)) {
    case 0:
      message.extra = "Privacy: header; id\r\n";
      break;
    case 1:
      message.from = "\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=a";
      break;
    case 2:
      message.extra = asserted_identity();
      break;
    case 3:
      message.from = fmt::format("<{}>;tag=room{}", room_uri(dice_.below(world_.plan.rooms)),
                                 requests_.next_number());
      break;
    case 4:
      message.extra = "X-IMC-Loop: 0123456789abcdef;sip:r0@elsewhere.example\r\n";
      break;
    case 5:
      message.source = foreign_address();
      break;
    case 6: {
      // RFC 3261 17.2.3 without the cookie.
      message.branch = fmt::format("old{}{}", Requests::branch_mark, requests_.next_number());
      break;
    }
    default: {
      // A copy of the newest request, from elsewhere.
      if (!last_) return;
      const std::string bytes = text(*last_);
      return requests_.start(Address::ipv4({127, 0, 3, 7}, 5060), bytes, false);
    }
  }
  send(message);
}

void Workload::odd_content() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  const std::string prefix(1, world_.plan.settings.conference.command_prefix);
  Draft message = draft(member_of(room), room_uri(room), chat_text());
  switch (dice_.below(6)) {
    case 0:
      message.content_type = "message/cpim";
      message.body =
          fmt::format("From: <im:a@b>\r\n\r\nContent-Type: text/plain\r\n\r\n{}{}", prefix, "join");
      break;
    case 1:
      message.content_type = "message/cpim";
      message.body = "From: <im:a@b>\r\n\r\nContent-Type: text/plain\r\n\r\n" + message.body;
      break;
    case 2:
      message.content_type = "application/octet-stream";
      message.body += std::string("\0\r\n\xff", 4);
      break;
    case 3:
      message.content_type = "text/html;charset=utf-8";
      message.body = "<b>hi</b> " + prefix + message.body;
      break;
    case 4:
      message.body.clear();
      break;
    default:
      message.content_type = "application/im-iscomposing+xml";
      break;
  }
  send(message);
}

// Members who are nobody, and rooms as members of rooms.
void Workload::odd_members() {
  const std::size_t room = dice_.below(world_.plan.rooms);
  const std::string someone[] = {
      fmt::format("g{}@nowhere.example", dice_.below(5)),
      fmt::format("sip:g{}@127.0.0.77:5060", dice_.below(5)),
      fmt::format("r{}@example.org", dice_.below(world_.plan.rooms)),
      fmt::format("sip:r{}@127.0.0.1:5070", dice_.below(world_.plan.rooms)),
  };
  const bool adds = dice_.chance(0.6);
  send(draft(ranked_in(room), room_uri(room),
             fmt::format("{}{} {}", world_.plan.settings.conference.command_prefix,
                         adds ? "add" : "invite", dice_.pick(someone))));
}

}  // namespace imcd::sim
