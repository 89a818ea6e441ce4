// Prints docs/FIGURES.md. The lint suite compares it with the committed page.
#include <cstdio>
#include <string>

#include "base/figures.h"

namespace imcd {
namespace {

constexpr const char* head =
    "# Figures\n"
    "\n"
    "What imcd counts. The management command `get_statistics` gives each as `imcd:NAME`, with its "
    "labels in "
    "braces:\n"
    "`imcd:deliveries_total{result=accepted}`. `get_statistics imcd:` gives all of them, `imc:` "
    "the few that older "
    "clients\n"
    "know. A histogram has a number for each bound (how many were at most so large), `_sum` and "
    "`_count`; a sum of "
    "seconds\n"
    "ends in `_sum_us` there and is in microseconds. This page is made by the same table.\n"
    "\n"
    "| figure | kind | labels | is |\n"
    "| --- | --- | --- | --- |\n";

std::string label_text(const FigureLabel& label) {
  std::string text = "`" + std::string(label.name) + "`";
  const char* separator = ": ";
  for (const std::string_view value : label.texts) {
    if (value.empty()) continue;
    text.append(separator).append(value);
    separator = ", ";
  }
  return text;
}

std::string row_text(const FigureRow& row) {
  std::string labels;
  for (const FigureLabel& label : row.labels) {
    labels += (labels.empty() ? "" : "; ") + label_text(label);
  }
  std::string kind(row.kind());
  if (!row.unit().empty()) kind.append(", ").append(row.unit());
  return "| `" + std::string(row.name) + "` | " + kind + " | " + labels + " | " +
         std::string(row.help) + " |\n";
}

}  // namespace
}  // namespace imcd

int main() {
  const imcd::Figures figures;
  std::string page = imcd::head;
  for (const imcd::FigureRow& row : figures.rows()) page += imcd::row_text(row);
  return std::fputs(page.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
