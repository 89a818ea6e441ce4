// Replays a target's seeds and every file below the paths named, so that what a fuzzer once found
// is an ordinary test for both compilers. With --write DIRECTORY it writes the seeds instead, for
// the fuzzer to begin with.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "target.h"

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_below(const fs::path& path) {
  std::vector<fs::path> files;
  if (!fs::is_directory(path)) {
    if (fs::exists(path)) files.push_back(path);
    return files;
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

int write_seeds(const fs::path& directory) {
  fs::create_directories(directory);
  std::size_t number = 0;
  imcd::fuzz::add_seeds([&](std::string_view seed) {
    std::ofstream out(directory / ("seed-" + std::to_string(number++)), std::ios::binary);
    out << seed;
  });
  return 0;
}

int replay(const std::vector<fs::path>& paths) {
  std::size_t seeds = 0;
  std::size_t files = 0;
  imcd::fuzz::add_seeds([&](std::string_view seed) {
    imcd::fuzz::test_input(std::string(seed));
    ++seeds;
  });
  for (const fs::path& path : paths) {
    for (const fs::path& file : files_below(path)) {
      std::fprintf(stderr, "%s\n", file.c_str());
      imcd::fuzz::test_input(read_file(file));
      ++files;
    }
  }
  std::printf("%zu seeds and %zu files replayed\n", seeds, files);
  return seeds + files == 0 ? 1 : 0;
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  if (arguments.size() == 2 && arguments[0] == "--write") return write_seeds(arguments[1]);
  return replay({arguments.begin(), arguments.end()});
}
