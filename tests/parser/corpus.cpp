#include "corpus.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace imcd::parser {
namespace {

namespace fs = std::filesystem;

std::vector<CorpusFile> read_all() {
  const fs::path root = PARSER_CORPUS_DIRECTORY;
  std::vector<CorpusFile> files;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".dat") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const fs::path name = entry.path().lexically_relative(root).replace_extension();
    files.push_back({name.generic_string(), std::move(bytes)});
  }
  std::ranges::sort(files, {}, &CorpusFile::name);
  return files;
}

}  // namespace

const std::vector<CorpusFile>& corpus_files() {
  static const std::vector<CorpusFile> files = read_all();
  return files;
}

const CorpusFile& corpus_file(const std::string& name) {
  for (const CorpusFile& file : corpus_files()) {
    if (file.name == name) return file;
  }
  std::fprintf(stderr, "no such corpus file: %s\n", name.c_str());
  std::abort();
}

}  // namespace imcd::parser
