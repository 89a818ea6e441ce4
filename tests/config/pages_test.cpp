#include "config/pages.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "config/option.h"
#include "fixture.h"

namespace imcd::config {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(OptionTable, NamesAreUniqueAndGroupsStandTogether) {
  std::set<std::string_view> names;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    EXPECT_EQ(find_option(option.name), &option);
  }
  EXPECT_TRUE(std::ranges::is_sorted(option_table(), {}, &Option::group));
}

TEST(OptionTable, FindsNothingForAnUnknownName) {
  EXPECT_EQ(find_option("no_such_option"), nullptr);
  EXPECT_EQ(find_option(""), nullptr);
  EXPECT_EQ(find_similar_option("no_such_option"), nullptr);
  EXPECT_EQ(find_similar_option(std::string(100'000, 'a')), nullptr);
}

TEST(Help, FitsAHundredColumnsAndNamesEveryOption) {
  const std::string page = help_page();
  for (const std::string& line : lines_of(page)) EXPECT_LE(line.size(), 100U) << line;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(page.contains("\n  --" + std::string(option.name) + " ")) << option.name;
  }
  for (Group group :
       {Group::network, Group::rooms, Group::database, Group::management, Group::process}) {
    EXPECT_TRUE(page.contains("\n" + std::string(group_title(group)) + "\n"));
  }
}

TEST(SampleFile, YieldsTheDefaultsAsItIsAndWithEveryOptionUncommented) {
  const Settings defaults = load({})->settings;
  const std::string sample = load({"--sample_config"})->page;
  const auto as_it_is = load_file(sample);
  ASSERT_TRUE(as_it_is) << as_it_is.error().text;
  EXPECT_EQ(as_it_is->settings, defaults);

  std::string uncommented;
  for (const std::string& line : lines_of(sample)) {
    const bool option = line.starts_with('#') && !line.starts_with("# ") && line.contains(" =");
    uncommented += option ? line.substr(1) : line;
    uncommented += '\n';
  }
  const auto loaded = load_file(uncommented);
  ASSERT_TRUE(loaded) << loaded.error().text;
  EXPECT_EQ(loaded->settings, defaults);
  for (const Option& option : option_table()) {
    EXPECT_TRUE(uncommented.contains("\n" + std::string(option.name) + " =")) << option.name;
  }
}

TEST(SampleFile, NamesTheDirectoriesOfTheOneWhoAsks) {
  const Environment environment =
      environment_of({{"STATE_DIRECTORY", "/var/lib/imcd"}, {"RUNTIME_DIRECTORY", "/run/imcd"}});
  const std::string sample = sample_page(environment);
  EXPECT_TRUE(sample.contains("\n#db_url = sqlite:////var/lib/imcd/imcd.db\n"));
  EXPECT_TRUE(sample.contains("\n#mi_fifo = /run/imcd/imcd_fifo\n"));
}

TEST(OptionsPage, HasARowForEveryOption) {
  const std::string page = options_page();
  for (const Option& option : option_table()) {
    EXPECT_TRUE(page.contains("\n| `" + std::string(option.name) + "` | ")) << option.name;
  }
}

}  // namespace
}  // namespace imcd::config
