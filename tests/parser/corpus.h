// The message files under tests/parser/corpus, which several tests run through.
#pragma once

#include <string>
#include <vector>

namespace imcd::parser {

struct CorpusFile {
  std::string name;   // "rfc4475/wsinv".
  std::string bytes;  // Exactly those of the file.
};

// All of them, sorted by name; read once.
const std::vector<CorpusFile>& corpus_files();

// One of them; a name that is not there ends the test program.
const CorpusFile& corpus_file(const std::string& name);

}  // namespace imcd::parser
