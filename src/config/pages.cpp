#include "config/pages.h"

#include <fmt/format.h>
#include <iterator>
#include <optional>

#include "config/defaults.h"
#include "config/option.h"

namespace imcd::config {
namespace {

constexpr std::size_t columns = 100;

// Words of `text` on as many lines as it takes, each begun with `prefix`.
void wrap(std::string& out, std::string_view text, std::string_view prefix) {
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (column != 0 && column + 1 + end > columns) {
      out += '\n';
      column = 0;
    }
    out += column == 0 ? prefix : " ";
    column += (column == 0 ? prefix.size() : 1) + end;
    out += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

// "1 to 64" for a number, else nothing.
std::string bounds_text(const Option& option) {
  if (option.bounds.highest == 0) return {};
  return fmt::format("{} to {}", option.bounds.lowest, option.bounds.highest);
}

std::string_view change_text(Change change) {
  return change == Change::reloadable ? "reloadable" : "restart";
}

// The default with the blanks of a repeatable option's values made into commas.
std::string default_text(const Option& option) {
  if (option.fallback.empty()) return "none";
  std::string text;
  for (char c : option.fallback) {
    if (c == ' ') text += ',';
    text += c;
  }
  return text;
}

std::string remarks(const Option& option) {
  std::string text;
  const auto add = [&](std::string_view remark) {
    if (remark.empty()) return;
    if (!text.empty()) text += "; ";
    text += remark;
  };
  if (option.field.repeatable()) add("repeatable");
  add(bounds_text(option));
  add(fmt::format("default: {}", default_text(option)));
  add(change_text(option.change));
  return text;
}

// Calls `each` with every option and, before the first of a group, `title` with the group.
template <class Title, class Each>
void for_each_by_group(Title title, Each each) {
  std::optional<Group> group;
  for (const Option& option : option_table()) {
    if (group != option.group) title(option.group);
    group = option.group;
    each(option);
  }
}

constexpr std::string_view directories_text =
    "{state} is $STATE_DIRECTORY, else $XDG_STATE_HOME/imcd, else ~/.local/state/imcd. "
    "{runtime} is $RUNTIME_DIRECTORY, else $XDG_RUNTIME_DIR, else /tmp.";

// In a Markdown table a | ends the cell, within backquotes too.
std::string escape_cell(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string help_page() {
  std::string out =
      "Usage: imcd [-c FILE] [--KEY VALUE | --KEY=VALUE]...\n"
      "\n"
      "imcd serves rooms for SIP instant messages: what one member sends goes to all others.\n"
      "\n"
      "  -c FILE           read options from FILE: lines of `KEY = VALUE`, comments begin with #\n"
      "  --check           say whether the configuration is good, and exit\n"
      "  --db_check        say what is wrong in the database, and exit\n"
      "  --sample_config   print a configuration file with all defaults, and exit\n"
      "  --version         print the version, and exit\n"
      "  -h, --help        print this page, and exit\n"
      "\n"
      "An option on the command line wins over the file. A repeatable one replaces its defaults.\n"
      "What is `reloadable` can change while imcd runs; `restart`: only when it starts again.\n";
  wrap(out, directories_text, "");
  for_each_by_group(
      [&](Group group) { fmt::format_to(std::back_inserter(out), "\n{}\n", group_title(group)); },
      [&](const Option& option) {
        fmt::format_to(std::back_inserter(out), "  --{} {}\n", option.name, option.form);
        wrap(out, fmt::format("{} ({})", option.help, remarks(option)), "      ");
      });
  return out;
}

std::string sample_page(const Environment& environment) {
  std::string out =
      "# imcd.conf - use it with `imcd -c imcd.conf`, check it with `imcd -c imcd.conf --check`.\n"
      "#\n"
      "# Each option stands here with its default. Take away the # before an option to change it.\n"
      "# What is `reloadable` can change while imcd runs; `restart`: only when it starts again.\n"
      "# A comment has a line of its own.\n";
  for_each_by_group(
      [&](Group group) {
        fmt::format_to(std::back_inserter(out), "\n# --- {} ---\n", group_title(group));
      },
      [&](const Option& option) {
        out += '\n';
        const std::string bounds = bounds_text(option);
        wrap(out,
             fmt::format("{}: {}{}{}{}; {}", option.form, option.help, bounds.empty() ? "" : "; ",
                         bounds, option.field.repeatable() ? "; repeatable" : "",
                         change_text(option.change)),
             "# ");
        auto values = default_values(option, environment);
        if (!values || values->empty()) values = std::vector<std::string>{""};
        for (const std::string& value : *values) {
          fmt::format_to(std::back_inserter(out), "#{} ={}{}\n", option.name,
                         value.empty() ? "" : " ", value);
        }
      });
  return out;
}

std::string options_page() {
  std::string out =
      "# Options\n"
      "\n"
      "Each option is a line `key = value` of the file that `imcd -c FILE` reads, and an argument "
      "`--key value` or\n"
      "`--key=value`. The command line wins over the file. A repeatable option that is given "
      "anywhere replaces its\n"
      "defaults; an empty value makes its list empty. Any other option may be given once in each "
      "place.\n"
      "\n"
      "In a file, an empty line or one that starts with `#` is skipped, and blanks around key and "
      "value do not count. A\n"
      "comment has a line of its own: a `#` in a value belongs to it (`imc_cmd_start_char = #`), "
      "and one after a blank in\n"
      "a value is refused.\n"
      "\n"
      "`imcd --check` says whether a configuration is good, naming everything that is wrong. "
      "`imcd --sample_config` prints\n"
      "a file to start from. This page is made by the same table.\n"
      "\n"
      "The last column says whether an option can change while imcd runs (reloadable) or only when "
      "it starts again\n"
      "(restart).\n";
  for_each_by_group(
      [&](Group group) {
        fmt::format_to(std::back_inserter(out),
                       "\n## {}\n\n| option | value | default | meaning | change |\n"
                       "| --- | --- | --- | --- | --- |\n",
                       group_title(group));
      },
      [&](const Option& option) {
        const std::string bounds = bounds_text(option);
        fmt::format_to(std::back_inserter(out), "| `{}` | `{}`{}{}{} | `{}` | {} | {} |\n",
                       option.name, escape_cell(option.form), bounds.empty() ? "" : ", ", bounds,
                       option.field.repeatable() ? ", repeatable" : "",
                       escape_cell(default_text(option)), escape_cell(option.help),
                       change_text(option.change));
      });
  out += "\n## Directories\n\n";
  out +=
      "`{state}` is `$STATE_DIRECTORY`, else `$XDG_STATE_HOME/imcd`, else `~/.local/state/imcd`; "
      "it is made where it lacks.\n"
      "`{runtime}` is `$RUNTIME_DIRECTORY`, else `$XDG_RUNTIME_DIR`, else `/tmp`.\n";
  return out;
}

}  // namespace imcd::config
