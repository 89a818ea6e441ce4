#include "counting.h"

#include <algorithm>

#include "clock.h"

namespace imcd::bench {

void Counting::start(MonoTime now) {
  from_ = now + options_.warmup;
  until_ = from_ + options_.duration;
}

MonoTime Counting::begin() {
  is_on_ = true;
  result.server_before = measure_process_tree(options_.pid);
  own_cpu_before_ = own_cpu();
  from_ = mono_now();
  until_ = from_ + options_.duration;
  return from_;
}

void Counting::end(MonoTime now) {
  if (!is_on_) return;
  is_on_ = false;
  result.window = std::min(now, until_) - from_;
  result.own_cpu = own_cpu() - own_cpu_before_;
  result.server_after = measure_process_tree(options_.pid);
}

Second* Counting::second(MonoTime now) {
  if (!is_on_ || now >= until_) return nullptr;
  const auto index = static_cast<std::size_t>((now - from_) / Duration(1s));
  if (index >= result.seconds.size()) result.seconds.resize(index + 1);
  return &result.seconds[index];
}

}  // namespace imcd::bench
