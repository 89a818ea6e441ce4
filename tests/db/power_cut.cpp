#include "power_cut.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace imcd::db {
namespace {

std::string read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

void PowerCut::apply(std::string& content, const Change& change) {
  if (change.is_truncation) {
    content.resize(std::min(content.size(), change.offset));
    return;
  }
  const std::size_t end = change.offset + change.bytes.size();
  if (content.size() < end) content.resize(end);
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

int PowerCut::pass() {
  if (left_ == 0) return SQLITE_IOERR;
  return --left_ == 0 ? SQLITE_IOERR : SQLITE_OK;
}

int PowerCut::on_open(const std::string& path) {
  if (is_dark()) return SQLITE_CANTOPEN;
  // What is there before anything is written counts as synced.
  if (!files_.contains(path)) files_[path].synced = read_all(path);
  return SQLITE_OK;
}

int PowerCut::on_write(const std::string& path, std::string_view bytes, std::size_t offset) {
  if (is_dark()) return SQLITE_IOERR_WRITE;
  // Also the one in whose middle the power goes.
  files_[path].since.push_back({offset, std::string(bytes), false});
  return pass();
}

int PowerCut::on_truncate(const std::string& path, std::size_t size) {
  if (is_dark()) return SQLITE_IOERR_TRUNCATE;
  files_[path].since.push_back({size, {}, true});
  return pass();
}

int PowerCut::on_synced(const std::string& path) {
  if (const int code = pass(); code != SQLITE_OK) return code;
  File& file = files_[path];
  for (const Change& change : file.since) apply(file.synced, change);
  file.since.clear();
  return SQLITE_OK;
}

int PowerCut::on_delete(const std::string& path) {
  if (is_dark()) return SQLITE_IOERR_DELETE;
  files_.erase(path);
  return SQLITE_OK;
}

std::string PowerCut::found_after(const File& file) {
  std::string content = file.synced;
  // A disk writes in an order of its own, so that of what was not synced any part may be there.
  const std::size_t kept = std::uniform_int_distribution<std::size_t>(0, 4)(chance_);
  for (std::size_t i = 0; i < file.since.size(); ++i) {
    const Change& change = file.since[i];
    const bool is_last = i + 1 == file.since.size();
    if (!is_last && std::uniform_int_distribution<std::size_t>(1, 4)(chance_) > kept) continue;
    Change done = change;
    if (is_last && !done.is_truncation) {
      const std::size_t size = done.bytes.size();
      done.bytes.resize(std::uniform_int_distribution<std::size_t>(0, size)(chance_));
    }
    apply(content, done);
  }
  return content;
}

void PowerCut::restore() {
  left_ = 0;
  for (const auto& [path, file] : files_) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << found_after(file);
    // Shared memory is no file to the disk.
    std::filesystem::remove(path + "-shm");
  }
}

}  // namespace imcd::db
