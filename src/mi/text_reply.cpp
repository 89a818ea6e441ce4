#include "mi/text_reply.h"

#include <array>
#include <chrono>
#include <fmt/format.h>
#include <iterator>

#include "base/calendar.h"

namespace imcd::mi {
namespace {

// Like C's asctime, in UTC: a core without an environment knows no time zone.
std::string calendar_text(WallTime time) {
  static constexpr std::array weekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format(
      "{} {} {:2} {:02}:{:02}:{:02} {}", weekdays[std::chrono::weekday(day).c_encoding()],
      months[unsigned(date.month()) - 1], unsigned(date.day()), clock.hours().count(),
      clock.minutes().count(), clock.seconds().count(), int(date.year()));
}

// One overload a fact.
struct LineWriter {
  std::string& out;

  template <class... Values>
  void line(fmt::format_string<Values...> layout, Values&&... values) const {
    fmt::format_to(std::back_inserter(out), layout, std::forward<Values>(values)...);
    out += '\n';
  }

  void operator()(const RoomFact& room) const {
    line("ROOM::  URI={} MEMBERS={} OWNER={}", room.uri, room.members, room.owner);
  }
  void operator()(const MembersFact& members) const {
    line("ROOM:: {} NR_OF_MEMBERS={}", members.room, members.count);
  }
  // Clients of the older modules look for MEMBER.
  void operator()(const MemberFact& member) const {
    if (!member.invited_at) return line("\tMEMBER:: {}", member.uri);
    line("\tINVITED:: {} SINCE={}", member.uri, date_time_text(*member.invited_at));
  }
  void operator()(const StatisticFact& statistic) const {
    line("{} = {}", statistic.name, statistic.value);
  }
  void operator()(const CommandFact& command) const { line("{}", command.name); }
  void operator()(const TimesFact& times) const {
    line("Now:: {}", calendar_text(times.now));
    line("Up since:: {}", calendar_text(times.since));
    line("Up time:: {} [sec]", std::chrono::floor<std::chrono::seconds>(times.up).count());
  }
  void operator()(const VersionFact& version) const { line("Server:: imcd ({})", version.text); }
};

}  // namespace

void write_text_status(const Status& status, std::string& out) {
  LineWriter{out}.line("{} {}", status.code, status.reason);
}

void write_text_fact(const Fact& fact, std::string& out) { std::visit(LineWriter{out}, fact); }

void write_text_end(std::string& out) { out += '\n'; }

}  // namespace imcd::mi
