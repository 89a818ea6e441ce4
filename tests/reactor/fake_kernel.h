// FakeKernel: stands in for sendmmsg. It follows a script, one step a call, and then takes all it
// is given; what it took is kept in order.
#pragma once

#include <algorithm>
#include <cerrno>
#include <deque>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace imcd::reactor {

struct FakeKernel {
  // A number above 0: takes at most so many; below: fails with that errno.
  static inline std::deque<int> script;
  static inline int error_for_ever = 0;  // Once the script has ended.
  static inline std::vector<std::string> sent;
  static inline unsigned calls = 0;
  static inline std::function<void()> on_taken;  // Each time datagrams were taken.

  static void start(std::deque<int> steps) {
    script = std::move(steps);
    error_for_ever = 0;
    sent.clear();
    calls = 0;
    on_taken = nullptr;
  }

  static int send(int /*fd*/, mmsghdr* messages, unsigned count, int /*flags*/) {
    ++calls;
    int step = error_for_ever != 0 ? -error_for_ever : static_cast<int>(count);
    if (!script.empty()) {
      step = script.front();
      script.pop_front();
    }
    if (step < 0) {
      errno = -step;
      return -1;
    }
    const unsigned taken = std::min(count, static_cast<unsigned>(step));
    for (unsigned i = 0; i < taken; ++i) {
      const iovec& part = *messages[i].msg_hdr.msg_iov;
      sent.emplace_back(static_cast<const char*>(part.iov_base), part.iov_len);
    }
    if (on_taken) on_taken();
    return static_cast<int>(taken);
  }
};

}  // namespace imcd::reactor
