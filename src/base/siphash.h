// SipHash-2-4 (Aumasson and Bernstein, 2012): a keyed hash, so that a peer who chooses what is
// hashed cannot choose where it lands. It also serves as the checksum in our branches and tags.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace imcd {

struct HashKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

// 64 bits are enough for tables that compare the whole key after the hash; what is recognized by
// its hash alone (server transactions) takes 128.
struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

// The state between two words of input.
class SipState {
 public:
  explicit SipState(HashKey key)
      : v0_(key.low ^ 0x736f6d6570736575ULL),
        v1_(key.high ^ 0x646f72616e646f6dULL),
        v2_(key.low ^ 0x6c7967656e657261ULL),
        v3_(key.high ^ 0x7465646279746573ULL) {}

  void compress(std::uint64_t word) {
    v3_ ^= word;
    round();
    round();
    v0_ ^= word;
  }
  std::uint64_t finish() {
    v2_ ^= 0xff;
    return mix();
  }
  // Another 64 bits, behind finish().
  std::uint64_t finish_again() {
    v1_ ^= 0xdd;
    return mix();
  }

 private:
  std::uint64_t mix() {
    for (int i = 0; i < 4; ++i) round();
    return v0_ ^ v1_ ^ v2_ ^ v3_;
  }
  void round() {
    v0_ += v1_;
    v1_ = std::rotl(v1_, 13) ^ v0_;
    v0_ = std::rotl(v0_, 32);
    v2_ += v3_;
    v3_ = std::rotl(v3_, 16) ^ v2_;
    v0_ += v3_;
    v3_ = std::rotl(v3_, 21) ^ v0_;
    v2_ += v1_;
    v1_ = std::rotl(v1_, 17) ^ v2_;
    v2_ = std::rotl(v2_, 32);
  }

  std::uint64_t v0_, v1_, v2_, v3_;
};

// Takes its input in pieces; the digest depends on the bytes alone, not on where they were split.
class SipHash {
 public:
  explicit SipHash(HashKey key) : state_(key) {}

  void update(std::string_view bytes) {
    total_ += bytes.size();
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    while (pending_bytes_ != 0 && left != 0) {
      take_byte(*at++);
      --left;
    }
    for (; left >= 8; left -= 8, at += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, at, 8);
      if constexpr (std::endian::native == std::endian::big) word = std::byteswap(word);
      state_.compress(word);
    }
    for (; left != 0; --left) take_byte(*at++);
  }
  void update(std::uint64_t word) {
    if (pending_bytes_ == 0 && std::endian::native == std::endian::little) {
      total_ += 8;
      return state_.compress(word);
    }
    char bytes[8];
    std::memcpy(bytes, &word, 8);
    update(std::string_view(bytes, 8));
  }

  [[nodiscard]] std::uint64_t digest() {
    state_.compress(pending_ | total_ << 56);
    return state_.finish();
  }

  // The 128-bit form of the reference implementation differs from this one in its start values;
  // nothing outside this process sees these hashes.
  [[nodiscard]] Hash128 digest128() {
    const std::uint64_t low = digest();
    return {low, state_.finish_again()};
  }

 private:
  void take_byte(char byte) {
    pending_ |= static_cast<std::uint64_t>(static_cast<unsigned char>(byte))
                << (8 * pending_bytes_);
    if (++pending_bytes_ == 8) {
      state_.compress(pending_);
      pending_ = 0;
      pending_bytes_ = 0;
    }
  }

  SipState state_;
  std::uint64_t pending_ = 0;
  unsigned pending_bytes_ = 0;
  std::uint64_t total_ = 0;
};

inline std::uint64_t siphash(HashKey key, std::string_view bytes) {
  SipHash hash(key);
  hash.update(bytes);
  return hash.digest();
}

// As SipHash of these eight bytes, the lowest first.
inline std::uint64_t siphash(HashKey key, std::uint64_t word) {
  SipState state(key);
  state.compress(word);
  state.compress(std::uint64_t{sizeof word} << 56);
  return state.finish();
}

}  // namespace imcd
