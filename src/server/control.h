// Control: what management commands see of the server.
#pragma once

#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "base/figures.h"
#include "base/time.h"
#include "imc/conference.h"
#include "mi/control.h"
#include "parser/uri.h"

namespace imcd::server {

class Control final : public mi::Control {
 public:
  // Both must outlive this.
  Control(imc::Conference& conference, const Figures& figures, std::string version, Instant started)
      : conference_(conference),
        figures_(figures),
        version_(std::move(version)),
        started_(started) {}

  bool walk_rooms(std::size_t& cursor, const VisitRoom& visit) override;
  std::expected<RoomInfo, mi::Status> find_room(std::string_view text) override;
  bool walk_members(std::string_view room_uri, std::uint64_t serial, std::size_t& cursor,
                    const VisitMember& visit) override;
  mi::Status create_room(std::string_view room, std::string_view owner, bool is_private) override;
  [[nodiscard]] std::vector<Statistic> statistics() const override;
  [[nodiscard]] Instant started() const override { return started_; }
  [[nodiscard]] std::string_view version() const override { return version_; }

  // Whether room changes may be made now; the server says so before each input.
  void allow_changes(bool allowed) { changes_allowed_ = allowed; }
  [[nodiscard]] bool has_changes() const { return !changes_.empty(); }
  // What operators changed since the last call, to be journaled.
  std::vector<imc::Outcome> take_changes() { return std::exchange(changes_, {}); }

 private:
  [[nodiscard]] const imc::Room* find(const parser::Uri& uri) const;
  RoomInfo describe(const imc::Room& room);

  imc::Conference& conference_;
  const Figures& figures_;
  std::string version_;
  Instant started_;
  std::string owner_;  // Scratch, so that views hold until the next call.
  std::string member_;
  bool changes_allowed_ = false;
  std::vector<imc::Outcome> changes_;
};

}  // namespace imcd::server
