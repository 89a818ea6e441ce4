// FakeKernel: stands in for sendmmsg. It follows a script, one step a call, and then takes all it
// is given; what it took is kept in order, and runs are cut into their datagrams.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
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
  static inline unsigned runs = 0;
  static inline int refuses_runs = 0;            // With this errno.
  static inline std::function<void()> on_taken;  // Each time datagrams were taken.

  static void start(std::deque<int> steps) {
    script = std::move(steps);
    error_for_ever = 0;
    sent.clear();
    calls = 0;
    runs = 0;
    refuses_runs = 0;
    on_taken = nullptr;
  }

  // As Linux does: by the size that is told with the message, not by its parts.
  static void take(const msghdr& header) {
    std::string bytes;
    for (std::size_t i = 0; i < header.msg_iovlen; ++i) {
      bytes.append(static_cast<const char*>(header.msg_iov[i].iov_base), header.msg_iov[i].iov_len);
    }
    std::size_t segment = bytes.size();
    if (header.msg_controllen != 0) {
      const cmsghdr* const part = CMSG_FIRSTHDR(&header);
      std::uint16_t told = 0;
      std::memcpy(&told, CMSG_DATA(part), sizeof told);
      segment = told;
      ++runs;
    }
    do {
      sent.push_back(bytes.substr(0, segment));
      bytes.erase(0, segment);
    } while (!bytes.empty());
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
    if (refuses_runs && messages[0].msg_hdr.msg_controllen != 0) {
      errno = refuses_runs;
      return -1;
    }
    unsigned taken = std::min(count, static_cast<unsigned>(step));
    for (unsigned i = 0; i < taken; ++i) {
      if (refuses_runs && messages[i].msg_hdr.msg_controllen != 0) {
        taken = i;
        break;
      }
      take(messages[i].msg_hdr);
    }
    if (on_taken) on_taken();
    return static_cast<int>(taken);
  }
};

}  // namespace imcd::reactor
