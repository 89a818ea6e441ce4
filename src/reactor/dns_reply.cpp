#include "reactor/dns_reply.h"

#include <algorithm>
#include <ares.h>
#include <optional>
#include <string>

namespace imcd::reactor {
namespace {

constexpr std::size_t header_bytes = 12;

// Reads the reply from front to back; after the first thing that isn't there all is nothing.
class Reader {
 public:
  explicit Reader(std::span<const unsigned char> reply) : reply_(reply) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  void go_to(std::size_t at) {
    ok_ = ok_ && at <= reply_.size();
    at_ = ok_ ? at : 0;
  }
  std::uint16_t number16() {
    if (!ok_ || reply_.size() - at_ < 2) {
      ok_ = false;
      return 0;
    }
    const auto number = static_cast<std::uint16_t>(reply_[at_] << 8 | reply_[at_ + 1]);
    at_ += 2;
    return number;
  }
  std::uint32_t number32() {
    const std::uint32_t high = number16();
    return high << 16 | number16();
  }
  std::string name() {
    char* text = nullptr;
    long bytes = 0;
    if (!ok_ || at_ >= reply_.size() ||
        ares_expand_name(reply_.data() + at_, reply_.data(), static_cast<int>(reply_.size()), &text,
                         &bytes) != ARES_SUCCESS) {
      ok_ = false;
      return {};
    }
    std::string name(text);
    ares_free_string(text);
    go_to(at_ + static_cast<std::size_t>(bytes));
    return name;
  }

 private:
  std::span<const unsigned char> reply_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace

NameAnswer read_services(std::span<const unsigned char> reply) {
  Reader reader(reply);
  reader.go_to(4);
  const std::uint16_t questions = reader.number16();
  const std::uint16_t answers = reader.number16();
  reader.go_to(header_bytes);
  for (int i = 0; i < questions && reader.ok(); ++i) {
    reader.name();
    reader.number32();  // Type and class.
  }
  NameAnswer found{.outcome = NameAnswer::Outcome::none};
  std::uint32_t ttl = INT32_MAX;
  for (int i = 0; i < answers && reader.ok(); ++i) {
    reader.name();
    const std::uint16_t type = reader.number16();
    reader.number16();  // Class.
    ttl = std::min(ttl, reader.number32());
    const std::uint16_t bytes = reader.number16();
    const std::size_t end = reader.at() + bytes;
    if (type == dns_type_srv) {
      Service service;
      service.priority = reader.number16();
      service.weight = reader.number16();
      service.port = reader.number16();
      service.target = reader.name();
      found.services.push_back(std::move(service));
    }
    reader.go_to(end);
  }
  if (!reader.ok()) return {};
  if (!found.services.empty()) found.outcome = NameAnswer::Outcome::found;
  found.ttl = std::chrono::seconds(ttl);
  return found;
}

}  // namespace imcd::reactor
