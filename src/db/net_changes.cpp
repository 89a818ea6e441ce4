#include "db/net_changes.h"

#include <map>
#include <set>
#include <tuple>
#include <variant>

namespace imcd::db {
namespace {

template <class Key>
struct ByKey {
  bool operator()(const Key* a, const Key* b) const { return *a < *b; }
};

// The last word on each row of a table: what is put, or null where it is erased.
template <class Row>
using LastWords = std::map<const typename Row::Key*, const Row*, ByKey<typename Row::Key>>;

class Reader {
 public:
  explicit Reader(const Batch& batch) {
    for (const Bundle& bundle : batch.bundles) {
      for (const records::Record& record : bundle.records) {
        std::visit([this](const auto& change) { read(change); }, record);
      }
    }
  }

  template <class Row>
  LastWords<Row>& of() {
    return std::get<LastWords<Row>>(words_);
  }
  std::set<std::string> emptied_rooms;

 private:
  template <class Row>
  void read(const records::Put<Row>& put) {
    of<Row>()[&put.row.key] = &put.row;
  }
  template <class Row>
  void read(const records::Erase<Row>& erase) {
    if constexpr (std::is_same_v<Row, records::RoomRow>) forget_rows_of(uri_of(erase.key));
    of<Row>()[&erase.key] = nullptr;
  }

  // They go with the room, so what was said about them before doesn't matter any more.
  void forget_rows_of(const std::string& room) {
    emptied_rooms.insert(room);
    records::Rows::for_each([&]<class Row>(const Row&) {
      if constexpr (records::OfRoom<Row>) {
        typename Row::Key lowest;
        lowest.room = room;
        auto& words = of<Row>();
        auto at = words.lower_bound(&lowest);
        while (at != words.end() && at->first->room == room) at = words.erase(at);
      }
    });
  }

  records::Rows::Each<LastWords> words_;
};

}  // namespace

NetChanges::NetChanges(const Batch& batch) {
  Reader reader(batch);
  emptied_rooms.assign(reader.emptied_rooms.begin(), reader.emptied_rooms.end());
  records::Rows::for_each([&]<class Row>(const Row&) {
    auto& rows = std::get<NetRows<Row>>(rows_);
    for (const auto& [key, row] : reader.of<Row>()) {
      if (row != nullptr) {
        rows.put.push_back(row);
      } else {
        rows.erased.push_back(key);
      }
    }
  });
}

}  // namespace imcd::db
