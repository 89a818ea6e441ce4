#include "base/figures.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

namespace imcd {
namespace {

std::map<std::string, std::uint64_t> numbers(const FigureList& list) {
  std::map<std::string, std::uint64_t> all;
  list.for_each_value([&](const FigureValue& value) {
    EXPECT_TRUE(all.emplace(value_name(value), value.number).second) << value_name(value);
  });
  return all;
}

TEST(Figures, RowsOfOneNameStandTogetherAndHaveOneKindAndTheSameLabels) {
  const Figures figures;
  std::set<std::string_view> seen;
  const FigureRow* last = nullptr;
  for (const FigureRow& row : figures.rows()) {
    if (last != nullptr && row.name == last->name) {
      EXPECT_EQ(row.kind(), last->kind()) << row.name;
      EXPECT_TRUE(
          std::ranges::equal(row.labels, last->labels, {}, &FigureLabel::name, &FigureLabel::name))
          << row.name;
    } else {
      EXPECT_TRUE(seen.insert(row.name).second) << row.name;
    }
    last = &row;
  }
}

TEST(Figures, NamesTellWhatTheyAre) {
  const Figures figures;
  for (const FigureRow& row : figures.rows()) {
    EXPECT_EQ(row.kind() == "counter", row.name.ends_with("_total")) << row.name;
    EXPECT_TRUE(std::ranges::all_of(row.name, [](char c) {
      return (c >= 'a' && c <= 'z') || c == '_';
    })) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
    EXPECT_FALSE(row.help.ends_with('.')) << row.name;
  }
}

TEST(Figures, EveryValueHasItsOwnName) {
  Figures figures;
  figures.db_up.set(1);
  at(figures.deliveries, DeliveryResult::timed_out).add(3);
  at(figures.received_bytes, Transport::tcp).add(70);
  figures.streams_outbound.add(2);
  const auto all = numbers(figures);
  EXPECT_EQ(all.at("db_up"), 1U);
  EXPECT_EQ(all.at("deliveries_total{result=timed_out}"), 3U);
  EXPECT_EQ(all.at("deliveries_total{result=accepted}"), 0U);
  EXPECT_EQ(all.at("received_bytes_total{transport=tcp}"), 70U);
  EXPECT_EQ(all.at("connections{transport=tcp,direction=outbound}"), 2U);
  EXPECT_EQ(all.at("connections{transport=tcp,direction=inbound}"), 0U);
}

TEST(Figures, FamilyIsWhatItsValuesAreTogether) {
  Figures figures;
  at(figures.responses_sent, status_class(200)).add(2);
  at(figures.responses_sent, status_class(503)).add();
  EXPECT_EQ(figures.responses_sent.value(), 3U);
  EXPECT_EQ(status_class(0), StatusClass::other);
  EXPECT_EQ(status_class(699), StatusClass::c6xx);
  EXPECT_EQ(status_class(700), StatusClass::other);
}

TEST(Figures, OnlyNamedValuesAreShown) {
  Figures figures;
  EXPECT_FALSE(numbers(figures).contains("sip_parse_errors_total{reason=empty}"));
  figures.faults.name_values({"empty", "", "not_sip"});
  at(figures.faults, FaultNumber{2}).add();
  const auto all = numbers(figures);
  EXPECT_EQ(all.at("sip_parse_errors_total{reason=empty}"), 0U);
  EXPECT_EQ(all.at("sip_parse_errors_total{reason=not_sip}"), 1U);
  EXPECT_FALSE(all.contains("sip_parse_errors_total{reason=}"));
}

TEST(Histogram, CountsBelowEachBoundAndAll) {
  Figures figures;
  for (const std::uint64_t members : {0U, 1U, 2U, 3U, 2000000U}) {
    figures.fanout_recipients.observe(members);
  }
  const auto all = numbers(figures);
  EXPECT_EQ(all.at("fanout_recipients_bucket{le=1}"), 2U);
  EXPECT_EQ(all.at("fanout_recipients_bucket{le=2}"), 3U);
  EXPECT_EQ(all.at("fanout_recipients_bucket{le=100000}"), 4U);
  EXPECT_EQ(all.at("fanout_recipients_bucket{le=+Inf}"), 5U);
  EXPECT_EQ(all.at("fanout_recipients_count"), 5U);
  EXPECT_EQ(all.at("fanout_recipients_sum"), 2000006U);
}

TEST(Histogram, DurationsAreShownInSeconds) {
  Figures figures;
  figures.db_commit_seconds.observe(3ms);
  figures.db_commit_seconds.observe(40s);
  const auto all = numbers(figures);
  EXPECT_EQ(all.at("db_commit_seconds_bucket{le=0.0025}"), 0U);
  EXPECT_EQ(all.at("db_commit_seconds_bucket{le=0.005}"), 1U);
  EXPECT_EQ(all.at("db_commit_seconds_bucket{le=30}"), 1U);
  EXPECT_EQ(all.at("db_commit_seconds_bucket{le=+Inf}"), 2U);
  EXPECT_EQ(all.at("db_commit_seconds_sum_us"), 40'003'000U);
}

}  // namespace
}  // namespace imcd
