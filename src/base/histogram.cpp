#include "base/histogram.h"

#include "base/check.h"

namespace imcd {
namespace {

constexpr std::uint64_t microseconds_per_second = 1'000'000;

// As a decimal number without needless zeros.
std::string seconds_text(std::uint64_t microseconds) {
  std::string text = std::to_string(microseconds / microseconds_per_second);
  std::string fraction = std::to_string(microseconds % microseconds_per_second);
  fraction.insert(0, 6 - fraction.size(), '0');
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + '.' + fraction;
}

}  // namespace

Histogram::Histogram(FigureList& list, std::string_view name, std::span<const std::uint64_t> bounds,
                     std::string_view help)
    : bounds_(bounds), is_duration_(name.ends_with("_seconds")) {
  CHECK(bounds.size() <= bounds_max);
  list.enter({name, {}, help, this});
}

std::string Histogram::bound_text(std::size_t bucket) const {
  if (bucket == bounds_.size()) return "+Inf";
  return is_duration_ ? seconds_text(bounds_[bucket]) : std::to_string(bounds_[bucket]);
}

}  // namespace imcd
