#include "report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace imcd::bench {

namespace {

using Json = nlohmann::ordered_json;

double ms(Duration time) { return std::chrono::duration<double, std::milli>(time).count(); }
double share_of(Duration cpu, Duration window) {
  return window > Duration::zero() ? ms(cpu) / ms(window) : 0;
}

Duration server_cpu(const Result& result) {
  return result.server_after.cpu - result.server_before.cpu;
}

double cpu_us_per_delivery(const Result& result) {
  const auto deliveries = result.sum().deliveries;
  return deliveries > 0 ? ms(server_cpu(result)) * 1000 / static_cast<double>(deliveries) : 0;
}

std::string headline(const Options& options) {
  const std::string load = options.is_open_loop()
                               ? fmt::format("open loop, {} messages/s", options.rate)
                               : fmt::format("closed loop, {} outstanding", options.outstanding);
  if (options.changes) {
    return fmt::format("{} clients that join and leave, {} members a room", options.rooms,
                       options.members);
  }
  return fmt::format("{} x {} members, {}-byte texts, {}", options.rooms, options.members,
                     options.body_bytes, load);
}

std::string latency_line(const char* name, const Histogram& latencies) {
  return fmt::format("{:<18}p50 {:.2f}  p90 {:.2f}  p99 {:.2f}  p99.9 {:.2f}  max {:.2f} ms\n",
                     name, ms(latencies.percentile(0.5)), ms(latencies.percentile(0.9)),
                     ms(latencies.percentile(0.99)), ms(latencies.percentile(0.999)),
                     ms(latencies.longest()));
}

Json latency_json(const Histogram& latencies) {
  return {{"count", latencies.count()},
          {"p50", ms(latencies.percentile(0.5))},
          {"p90", ms(latencies.percentile(0.9))},
          {"p99", ms(latencies.percentile(0.99))},
          {"p999", ms(latencies.percentile(0.999))},
          {"max", ms(latencies.longest())}};
}

std::string messages_text(const Result& result) {
  std::string text =
      fmt::format("{:<18}{} offered, {} accepted, ", "messages", result.offered, result.accepted);
  for (const auto& [code, count] : result.refused_by_code) {
    text += fmt::format("{} refused with {}, ", count, code);
  }
  return text +
         fmt::format("{} unanswered, {} requests sent again\n", result.unanswered, result.resent);
}

std::string rates_text(const Result& result) {
  const Second sum = result.sum();
  return fmt::format("{:<18}{:.0f} offered, {:.0f} accepted, {:.0f} refused, {:.0f} deliveries\n",
                     "each second", result.per_second(sum.offered), result.per_second(sum.accepted),
                     result.per_second(sum.refused), result.per_second(sum.deliveries));
}

std::string faults_text(const Result& result) {
  return fmt::format(
      "{:<18}{} lost, {} retransmissions, {} duplicates, {} of refused messages, {} strays; {} not "
      "seen by members who fail\n",
      "deliveries", result.lost, result.sum().retransmissions, result.duplicates,
      result.delivered_refused, result.strays, result.lost_to_failing);
}

std::string server_text(const Result& result) {
  if (result.server_after.processes == 0) return "";
  return fmt::format(
      "{:<18}{:.2f} us CPU a delivery, {:.0f} % of a core, {:.1f} MB ({:+.1f}) in {} processes\n",
      "server", cpu_us_per_delivery(result), 100 * share_of(server_cpu(result), result.window),
      static_cast<double>(result.server_after.memory_bytes) / 1e6,
      (static_cast<double>(result.server_after.memory_bytes) -
       static_cast<double>(result.server_before.memory_bytes)) /
          1e6,
      result.server_after.processes);
}

std::string tool_text(const Result& result) {
  std::string text = fmt::format(
      "{:<18}{:.0f} % of a core, at most {:.2f} ms behind, {} datagrams dropped by a receive "
      "buffer "
      "of {} bytes\n",
      "this tool", 100 * result.own_share(), ms(result.behind_longest), result.port.dropped,
      result.receive_buffer);
  if (result.is_bottleneck()) text += "THE TOOL WAS THE BOTTLENECK: it used up its core.\n";
  if (result.port.refused > 0) {
    text += fmt::format("{} times nobody listened at the server's address.\n", result.port.refused);
  }
  if (result.interrupted) text += "Interrupted: this is what there was until then.\n";
  return text;
}

Json second_json(const Second& second) {
  return {{"offered", second.offered},
          {"accepted", second.accepted},
          {"refused", second.refused},
          {"deliveries", second.deliveries},
          {"retransmissions", second.retransmissions}};
}

Json options_json(const Options& options) {
  Json json = {{"rooms", options.rooms},
               {"members", options.members},
               {"senders", options.senders},
               {"body_bytes", options.body_bytes},
               {"changes", options.changes}};
  if (options.is_open_loop()) {
    json["rate"] = options.rate;
  } else {
    json["outstanding"] = options.outstanding;
  }
  return json;
}

Json server_json(const Result& result) {
  if (result.server_after.processes == 0) return nullptr;
  return {{"cpu_us_per_delivery", cpu_us_per_delivery(result)},
          {"cpu_share", share_of(server_cpu(result), result.window)},
          {"memory_bytes_before", result.server_before.memory_bytes},
          {"memory_bytes", result.server_after.memory_bytes},
          {"processes", result.server_after.processes}};
}

Json refused_json(const Result& result) {
  Json json = Json::object();
  for (const auto& [code, count] : result.refused_by_code) json[std::to_string(code)] = count;
  return json;
}

}  // namespace

std::string report_text(const Options& options, const Result& result) {
  return fmt::format("{}; counted for {:.1f} s\n", headline(options), result.window_s()) +
         messages_text(result) + rates_text(result) +
         latency_line("send to delivery", result.delivery_latency) +
         latency_line("send to answer", result.answer_latency) + faults_text(result) +
         server_text(result) + tool_text(result);
}

std::string report_json(const Options& options, const Result& result) {
  const Second sum = result.sum();
  Json json = {
      {"load", options_json(options)},
      {"window_s", result.window_s()},
      {"messages",
       {{"offered", result.offered},
        {"accepted", result.accepted},
        {"refused", refused_json(result)},
        {"unanswered", result.unanswered},
        {"sent_again", result.resent},
        {"given_up", result.given_up}}},
      {"per_second",
       {{"offered", result.per_second(sum.offered)},
        {"accepted", result.per_second(sum.accepted)},
        {"refused", result.per_second(sum.refused)},
        {"deliveries", result.per_second(sum.deliveries)}}},
      {"deliveries",
       {{"received", result.delivery_latency.count()},
        {"lost", result.lost},
        {"not_seen_by_failing", result.lost_to_failing},
        {"retransmissions", sum.retransmissions},
        {"duplicates", result.duplicates},
        {"of_refused", result.delivered_refused},
        {"notices", result.notices},
        {"strays", result.strays}}},
      {"delivery_ms", latency_json(result.delivery_latency)},
      {"answer_ms", latency_json(result.answer_latency)},
      {"server", server_json(result)},
      {"tool",
       {{"cpu_share", result.own_share()},
        {"bottleneck", result.is_bottleneck()},
        {"behind_ms", ms(result.behind_longest)},
        {"datagrams_dropped", result.port.dropped},
        {"receive_buffer", result.receive_buffer}}},
      {"interrupted", result.interrupted},
      {"seconds", Json::array()},
  };
  for (const Second& second : result.seconds) json["seconds"].push_back(second_json(second));
  return json.dump(2) + "\n";
}

}  // namespace imcd::bench
