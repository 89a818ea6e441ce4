// Prints docs/OPTIONS.md. The lint suite compares it with the committed page.
#include <cstdio>

#include "config/pages.h"

int main() {
  const std::string page = imcd::config::options_page();
  return std::fputs(page.c_str(), stdout) < 0 || std::fflush(stdout) != 0 ? 1 : 0;
}
