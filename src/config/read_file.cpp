// The one function of this folder that touches the machine.
#include "config/read_file.h"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <system_error>

namespace imcd::config {
namespace {

// A configuration file of this size is none.
constexpr std::size_t file_bytes_max = 1U << 20;

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const auto cannot = [&] {
    const int cause = errno != 0 ? errno : EIO;
    return fail(fmt::format("cannot read {}: {}", path, std::generic_category().message(cause)));
  };
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return cannot();
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (file.fail() && !file.eof())) return cannot();
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max) {
    return fail(fmt::format("cannot read {}: expected at most {} bytes", path, file_bytes_max));
  }
  return text;
}

}  // namespace imcd::config
