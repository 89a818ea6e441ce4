// FakeDns: a DNS server on loopback, in a thread of its own, that knows the records a test gives
// it.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <poll.h>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "peer.h"

namespace imcd::reactor {

class FakeDns {
 public:
  static constexpr std::uint16_t a = 1;
  static constexpr std::uint16_t cname = 5;
  static constexpr std::uint16_t aaaa = 28;
  static constexpr std::uint16_t srv = 33;

  struct Record {
    std::uint16_t type = a;
    std::uint32_t ttl_s = 60;
    std::string data;
  };

  FakeDns() = default;
  ~FakeDns() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  FakeDns(const FakeDns&) = delete;
  FakeDns& operator=(const FakeDns&) = delete;

  [[nodiscard]] const Address& address() const { return peer_.address(); }

  // It answers from now on; what follows must not be changed any more.
  void start() {
    if (!thread_.joinable()) thread_ = std::thread([this] { serve(); });
  }

  // A name that has no records is NXDOMAIN; one whose records are
  // of other types has an empty answer.
  std::map<std::string, std::vector<Record>> records;
  std::vector<std::string> silent;   // These names get no answer.
  std::vector<std::string> failing;  // These get SERVFAIL.
  std::atomic<int> questions{0};

  static std::string number16(std::uint16_t number) {
    return {static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
  }
  static std::string number32(std::uint32_t number) {
    return number16(static_cast<std::uint16_t>(number >> 16)) +
           number16(static_cast<std::uint16_t>(number & 0xffff));
  }
  static std::string name(std::string text) {
    std::string out;
    while (!text.empty()) {
      const std::size_t dot = std::min(text.find('.'), text.size());
      out += static_cast<char>(dot);
      out += text.substr(0, dot);
      text.erase(0, dot + 1);
    }
    return out + '\0';
  }
  static Record address_record(const char* ip, std::uint32_t ttl_s) {
    const Address address = *parse_ip(ip);
    const std::string bytes(address.ip.begin(), address.ip.end());
    if (address.is_ipv4()) return {a, ttl_s, bytes.substr(12)};
    return {aaaa, ttl_s, bytes};
  }
  static Record service_record(std::uint16_t priority, std::uint16_t weight, std::uint16_t port,
                               const std::string& target, std::uint32_t ttl_s) {
    return {srv, ttl_s, number16(priority) + number16(weight) + number16(port) + name(target)};
  }

 private:
  void serve() {
    while (!stop_) {
      pollfd waiting{peer_.fd(), POLLIN, 0};
      if (::poll(&waiting, 1, 20) != 1) continue;
      std::string question(512, '\0');
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const ssize_t bytes = ::recvfrom(peer_.fd(), question.data(), question.size(), 0,
                                       reinterpret_cast<sockaddr*>(&from), &size);
      if (bytes < 17) continue;
      question.resize(static_cast<std::size_t>(bytes));
      ++questions;
      const std::string answer = answer_to(question);
      if (answer.empty()) continue;
      ::sendto(peer_.fd(), answer.data(), answer.size(), 0, reinterpret_cast<sockaddr*>(&from),
               size);
    }
  }

  std::string answer_to(const std::string& question) {
    std::string asked;
    std::size_t at = 12;
    while (question.at(at) != '\0') {
      const auto length = static_cast<unsigned char>(question[at]);
      if (!asked.empty()) asked += '.';
      asked += question.substr(at + 1, length);
      at += length + 1U;
    }
    const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(question.at(at + 2)));
    if (contains(silent, asked)) return {};
    std::uint16_t code = contains(failing, asked) ? 2 : 0;
    std::string found;
    std::uint16_t count = 0;
    if (code == 0 && !records.contains(asked)) code = 3;
    for (const Record& record : records.contains(asked) ? records[asked] : std::vector<Record>{}) {
      if (record.type != type) continue;
      found += "\xc0\x0c" + number16(record.type) + number16(1) + number32(record.ttl_s) +
               number16(static_cast<std::uint16_t>(record.data.size())) + record.data;
      ++count;
    }
    return question.substr(0, 2) + number16(static_cast<std::uint16_t>(0x8180 | code)) +
           number16(1) + number16(count) + number16(0) + number16(0) +
           question.substr(12, at + 5 - 12) + found;
  }
  static bool contains(const std::vector<std::string>& names, const std::string& asked) {
    return std::find(names.begin(), names.end(), asked) != names.end();
  }

  Peer peer_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace imcd::reactor
