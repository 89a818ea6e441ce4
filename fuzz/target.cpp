#include "target.h"

#include <cstdio>
#include <cstdlib>

namespace imcd::fuzz {

void expect_none(const std::optional<std::string>& broken) {
  if (!broken) return;
  std::fprintf(stderr, "property broken: %s\n", broken->c_str());
  std::abort();
}

void expect(bool holds, std::string_view sentence) {
  if (!holds) expect_none(std::string(sentence));
}

}  // namespace imcd::fuzz
