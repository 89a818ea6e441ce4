#include "delivery/failure_log.h"

#include <algorithm>
#include <string>

#include "base/limits.h"
#include "base/timer_lane.h"

namespace imcd::delivery {
namespace {

const char* text_of(DeliveryResult result) {
  switch (result) {
    case DeliveryResult::refused:
      return "deliveries are refused";
    case DeliveryResult::timed_out:
      return "deliveries get no answer";
    case DeliveryResult::lost:
      return "deliveries are lost with their connection";
    case DeliveryResult::unroutable:
      return "deliveries have no way to go";
    case DeliveryResult::accepted:
    case DeliveryResult::dropped:
    case DeliveryResult::count:
      break;
  }
  return "deliveries fail";
}

// That somebody is not registered is everyday news.
LogLevel level_of(const FailureLog::Failure& failure) {
  const bool is_absence = failure.result == DeliveryResult::refused && failure.code == 480;
  return is_absence ? LogLevel::info : LogLevel::warning;
}

}  // namespace

void FailureLog::note(const Failure& failure, MonoTime now) {
  std::optional<Failure> name = failure;
  auto entry = std::ranges::find(entries_, name, &Entry::failure);
  if (entry == entries_.end() && entries_.size() >= limits::failures_told_max) {
    name.reset();
    entry = std::ranges::find(entries_, name, &Entry::failure);
  }
  if (entry == entries_.end()) {
    entry = entries_.insert(entry, {name, 0, now});
    tell_at_ = now;
  }
  ++entry->count;
}

void FailureLog::tell_due(MonoTime now, Outbox& out) {
  std::erase_if(entries_,
                [now](const Entry& entry) { return entry.tell_at <= now && entry.count == 0; });
  tell_at_.reset();
  for (Entry& entry : entries_) {
    if (entry.tell_at <= now) {
      write(entry, out);
      entry.count = 0;
      entry.tell_at = now + limits::failures_told_every;
    }
    tell_at_ = earlier(tell_at_, entry.tell_at);
  }
}

void FailureLog::write(const Entry& entry, Outbox& out) {
  LogLine line{LogLevel::warning, "deliveries to further next hops fail", {}};
  if (entry.failure) {
    line.level = level_of(*entry.failure);
    line.text = text_of(entry.failure->result);
    if (!entry.failure->hop.address.empty()) {
      line.fields.emplace_back("peer", endpoint_text(entry.failure->hop));
    }
    if (entry.failure->code != 0) {
      line.fields.emplace_back("code", std::to_string(entry.failure->code));
    }
  }
  line.fields.emplace_back("count", std::to_string(entry.count));
  out.log(std::move(line));
}

}  // namespace imcd::delivery
