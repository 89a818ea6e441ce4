// ByteBuffer: bytes that are appended, never inserted. Unlike std::string it grows without zeroing
// what will be overwritten anyway, and clear() keeps the capacity, so that a buffer used every turn
// stops allocating once it has seen its largest turn.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace imcd {

class ByteBuffer {
 public:
  ByteBuffer() = default;
  explicit ByteBuffer(std::size_t capacity) { reserve(capacity); }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] char* data() { return bytes_.get(); }
  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::string_view view(std::size_t offset, std::size_t length) const {
    return {bytes_.get() + offset, length};
  }

  void clear() { size_ = 0; }

  // Shortens to `size`, which must not be above size().
  void truncate(std::size_t size) { size_ = size; }

  // Makes room for `length` more bytes and returns where they go; they count only when append or
  // advance says so. The pointer holds until the next call that may grow the buffer.
  char* reserve(std::size_t length) {
    if (capacity_ - size_ < length) grow(size_ + length);
    return bytes_.get() + size_;
  }
  void advance(std::size_t length) { size_ += length; }

  void append(std::string_view text) {
    if (text.empty()) return;
    std::memcpy(reserve(text.size()), text.data(), text.size());
    size_ += text.size();
  }
  void append(char byte) {
    *reserve(1) = byte;
    ++size_;
  }

  // Decimal digits, no sign, no leading zeros.
  void append_number(std::uint64_t number) {
    char digits[20];
    char* at = digits + sizeof digits;
    do {
      *--at = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    append({at, static_cast<std::size_t>(digits + sizeof digits - at)});
  }

  // The lowest `digits` hexadecimal digits, lower case, with leading zeros.
  void append_hex(std::uint64_t number, unsigned digits) {
    char* at = reserve(digits);
    for (unsigned left = digits; left > 0; --left) {
      *at++ = "0123456789abcdef"[(number >> (4 * (left - 1))) & 15];
    }
    size_ += digits;
  }

 private:
  void grow(std::size_t needed) {
    std::size_t capacity = capacity_ < 256 ? 256 : capacity_ * 2;
    if (capacity < needed) capacity = needed;
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace imcd
