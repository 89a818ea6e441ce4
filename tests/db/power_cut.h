// PowerCut: a disk that loses its power. Of each file it knows what was there when it was last
// synced and what was written since. When the power goes, in the middle of a chosen write, all
// further calls fail; restore() then makes of the files what a machine would find that comes up
// again: what was synced is there, of what was not an arbitrary part, and the last write of that is
// torn in the middle.
#pragma once

#include <cstddef>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "faulty_vfs.h"

namespace imcd::db {

class PowerCut final : public DiskWatcher {
 public:
  // The power goes at this many writes, truncations and syncs.
  PowerCut(std::size_t operations, unsigned seed) : left_(operations), chance_(seed) {}

  int on_open(const std::string& path) override;
  int on_write(const std::string& path, std::string_view bytes, std::size_t offset) override;
  int on_truncate(const std::string& path, std::size_t size) override;
  int on_synced(const std::string& path) override;
  int on_delete(const std::string& path) override;

  [[nodiscard]] bool is_dark() const { return left_ == 0; }
  // Cuts now, if it was not done, and writes the files. All connections are closed by then.
  void restore();

 private:
  struct Change {
    std::size_t offset = 0;
    std::string bytes;
    bool is_truncation = false;  // To `offset` bytes.
  };
  struct File {
    std::string synced;
    std::vector<Change> since;
  };

  static void apply(std::string& content, const Change& change);
  // Counts one operation; an error once the power is gone.
  int pass();
  std::string found_after(const File& file);

  std::size_t left_;
  std::mt19937 chance_;
  std::map<std::string, File> files_;
};

}  // namespace imcd::db
