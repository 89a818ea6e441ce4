#include "messages.h"

#include <array>
#include <fmt/format.h>

#include "base/byte_buffer.h"

namespace imcd::bench {
namespace {

constexpr std::string_view text =
    "Shall we meet at the harbour at noon? The boat leaves at half past twelve, and the tide will "
    "not wait for anybody, as the old man at the quay keeps saying. Bring a coat: it is windy out "
    "there, and the sandwiches if there is time to make some. I have the tickets and the map.";

// The head and as much of the text as makes `bytes` in all.
std::string with_text(std::string head, std::size_t bytes) {
  const std::size_t fixed = head.size() + std::string_view("Content-Length: 123\r\n\r\n").size();
  const std::string body(text.substr(0, std::min(bytes - fixed, text.size())));
  return fmt::format("{}Content-Length: {}\r\n\r\n{}", head, body.size(), body);
}

std::string straight() {
  return with_text(
      "MESSAGE sip:chat-42@conference.example.org SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 192.0.2.17:5060;branch=z9hG4bK776asdhds83fa;rport\r\n"
      "Max-Forwards: 70\r\n"
      "From: \"Alice\" <sip:alice@example.org>;tag=49583\r\n"
      "To: <sip:chat-42@conference.example.org>\r\n"
      "Call-ID: asd88asd77a@192.0.2.17\r\n"
      "CSeq: 1 MESSAGE\r\n"
      "Content-Type: text/plain\r\n",
      400);
}

std::string through_two_proxies() {
  return with_text(
      "MESSAGE sip:chat-42@conference.example.org SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 198.51.100.20:5060;branch=z9hG4bK1d32.4f9c1a6b7e2d8c05.0\r\n"
      "Via: SIP/2.0/UDP 203.0.113.8:5060;rport=5060;received=203.0.113.8;"
      "branch=z9hG4bKcydzigwkX\r\n"
      "Via: SIP/2.0/UDP 192.168.1.17:54321;rport=54321;received=192.0.2.99;"
      "branch=z9hG4bKPjbaf3d1c2e4f64a7f\r\n"
      "Max-Forwards: 68\r\n"
      "From: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n"
      "To: <sip:chat-42@conference.example.org>\r\n"
      "Call-ID: 3848276298220188511@example.org\r\n"
      "CSeq: 20 MESSAGE\r\n"
      "Contact: <sip:alice@192.0.2.99:54321;ob>\r\n"
      "User-Agent: Example Phone/5.2.3\r\n"
      "Content-Type: text/plain;charset=UTF-8\r\n",
      800);
}

std::string with_everything() {
  return with_text(
      "MESSAGE sip:chat-42@conference.example.org SIP/2.0\r\n"
      "Record-Route: <sip:198.51.100.20;lr;ftag=9fxced76sl>\r\n"
      "Record-Route: <sip:203.0.113.8;lr;ftag=9fxced76sl>\r\n"
      "Via: SIP/2.0/UDP 198.51.100.20:5060;branch=z9hG4bK1d32.4f9c1a6b7e2d8c05.0\r\n"
      "Via: SIP/2.0/UDP 203.0.113.8:5060;rport=5060;received=203.0.113.8;"
      "branch=z9hG4bKcydzigwkX\r\n"
      "Via: SIP/2.0/UDP 192.168.1.17:54321;rport=54321;received=192.0.2.99;"
      "branch=z9hG4bKPjbaf3d1c2e4f64a7f\r\n"
      "Max-Forwards: 68\r\n"
      "From: \"Alice Liddell\" <sip:alice@example.org>;tag=9fxced76sl\r\n"
      "To: <sip:chat-42@conference.example.org>\r\n"
      "Call-ID: 3848276298220188511@example.org\r\n"
      "CSeq: 20 MESSAGE\r\n"
      "Contact: <sip:alice@192.0.2.99:54321;ob>\r\n"
      "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO\r\n"
      "Supported: replaces, norefersub, gruu\r\n"
      "P-Asserted-Identity: \"Alice Liddell\" <sip:alice@example.org>\r\n"
      "User-Agent: Example Phone/5.2.3\r\n"
      "Date: Sat, 01 Aug 2026 10:20:30 GMT\r\n"
      "Expires: 3600\r\n"
      "X-Trace: 4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n"
      "Content-Type: text/plain;charset=UTF-8\r\n",
      1300);
}

// As a user agent behind the proxy answers what delivery/delivery_writer.h writes.
std::string answer() {
  ByteBuffer token;
  tm::BranchCodec(branch_key).write_token(token, branch_id);
  return fmt::format(
      "SIP/2.0 200 OK\r\n"
      "Via: SIP/2.0/UDP 192.0.2.1:5060;rport=5060;received=192.0.2.1;branch=z9hG4bK{0}\r\n"
      "To: <sip:alice@example.org>;tag=8be4c2a1\r\n"
      "Call-ID: {0}\r\n"
      "CSeq: 1 MESSAGE\r\n"
      "From: \"bob@example.org\" <sip:chat-42@conference.example.org>;tag=0123456789abcdef\r\n"
      "Content-Length: 0\r\n"
      "\r\n",
      token.view());
}

}  // namespace

std::span<const Message> messages() {
  static const std::array all = {
      Message{"message-400", straight()}, Message{"message-800", through_two_proxies()},
      Message{"message-1300", with_everything()}, Message{"answer-200", answer()}};
  return all;
}

const Message* find_message(std::string_view name) {
  for (const Message& message : messages()) {
    if (message.name == name) return &message;
  }
  return nullptr;
}

}  // namespace imcd::bench
