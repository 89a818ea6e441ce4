#include "base/figure_list.h"

#include "base/counter.h"
#include "base/gauge.h"
#include "base/histogram.h"

namespace imcd {
namespace {

using Visit = std::function<void(const FigureValue&)>;

void visit_histogram(const FigureRow& row, const Histogram& histogram, const Visit& visit) {
  std::uint64_t count = 0;
  for (std::size_t bucket = 0; bucket < histogram.buckets(); ++bucket) {
    count += histogram.in_bucket(bucket);
    const std::string bound = histogram.bound_text(bucket);
    visit({row, {}, "_bucket", bound, count});
  }
  visit({row, {}, "_sum", {}, histogram.sum()});
  visit({row, {}, "_count", {}, count});
}

// The numbers of a row without labels: one; else one for each combination of texts.
template <class Number>
void visit_family(const FigureRow& row, const Number* first, const Visit& visit) {
  std::size_t size = 1;
  for (const FigureLabel& label : row.labels) size *= label.texts.size();
  std::vector<std::string_view> texts(row.labels.size());
  for (std::size_t i = 0; i < size; ++i) {
    std::size_t rest = i;
    bool is_named = true;
    for (std::size_t label = row.labels.size(); label-- > 0;) {
      const auto& of_label = row.labels[label].texts;
      texts[label] = of_label[rest % of_label.size()];
      rest /= of_label.size();
      is_named &= !texts[label].empty();
    }
    if (is_named) visit({row, texts, {}, {}, static_cast<std::uint64_t>(first[i].value())});
  }
}

}  // namespace

std::string_view FigureRow::kind() const {
  if (std::holds_alternative<const Counter*>(first)) return "counter";
  return std::holds_alternative<const Gauge*>(first) ? "gauge" : "histogram";
}

std::string_view FigureRow::unit() const {
  for (const std::string_view unit : {"bytes", "seconds"}) {
    if (name.contains(unit)) return unit;
  }
  return {};
}

std::size_t FigureList::enter(FigureRow row) {
  if (row.help.empty()) row.help = rows_.back().help;
  rows_.push_back(std::move(row));
  return rows_.size() - 1;
}

void FigureList::for_each_value(const Visit& visit) const {
  for (const FigureRow& row : rows_) {
    if (const auto* const counter = std::get_if<const Counter*>(&row.first)) {
      visit_family(row, *counter, visit);
    } else if (const auto* const gauge = std::get_if<const Gauge*>(&row.first)) {
      visit_family(row, *gauge, visit);
    } else {
      visit_histogram(row, *std::get<const Histogram*>(row.first), visit);
    }
  }
}

std::string value_name(const FigureValue& value) {
  std::string name(value.row.name);
  name += value.suffix;
  if (value.suffix == "_sum" && value.row.unit() == "seconds") name += "_us";
  std::string labels;
  const auto add = [&](std::string_view label, std::string_view text) {
    labels += labels.empty() ? "" : ",";
    labels.append(label).append("=").append(text);
  };
  for (std::size_t i = 0; i < value.texts.size(); ++i)
    add(value.row.labels[i].name, value.texts[i]);
  if (!value.bound.empty()) add("le", value.bound);
  return labels.empty() ? name : name + '{' + labels + '}';
}

}  // namespace imcd
