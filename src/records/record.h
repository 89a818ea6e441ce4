// Record: one change of one row of any table, all that persistence knows of rooms.
#pragma once

#include <string>
#include <type_traits>
#include <variant>

#include "records/rows.h"

namespace imcd::records {

using Record = Rows::Record;

template <class Row>
const typename Row::Key& key_of(const Put<Row>& put) {
  return put.row.key;
}
template <class Row>
const typename Row::Key& key_of(const Erase<Row>& erase) {
  return erase.key;
}

// The key, where the record is of a `Row`; else null.
template <class Row>
const typename Row::Key* find_key(const Record& record) {
  if (const auto* put = std::get_if<Put<Row>>(&record)) return &put->row.key;
  if (const auto* erase = std::get_if<Erase<Row>>(&record)) return &erase->key;
  return nullptr;
}

// The URI of the room that a record is about; empty: about none.
inline std::string room_of(const Record& record) {
  const auto of_key = []<class Key>(const Key& key) -> std::string {
    if constexpr (std::is_same_v<Key, RoomRow::Key>) {
      return uri_of(key);
    } else if constexpr (requires { key.room; }) {
      return key.room;
    } else {
      return {};
    }
  };
  return std::visit([&of_key](const auto& change) { return of_key(key_of(change)); }, record);
}

}  // namespace imcd::records
