#include "db_check.h"

#include <cstddef>
#include <fmt/format.h>
#include <string_view>

#include "imc/row_check.h"
#include "make_store.h"

namespace imcd {
namespace {

constexpr int nothing_wrong = 0;
constexpr int something_wrong = 1;
constexpr int not_read = 2;

struct Reader {
  imc::RowCheck check;
  std::size_t rooms = 0;
  std::size_t members = 0;
  std::size_t findings = 0;

  void say(std::string_view finding) {
    ++findings;
    fmt::print("{}\n", finding);
  }
  void say_all() {
    for (const std::string& finding : check.take_findings()) say(finding);
  }
  void take(const records::LoadedRows& piece) {
    for (const std::string& skipped : piece.skipped) say(skipped);
    piece.for_each_table([this](const auto& rows) {
      for (const auto& row : rows) check.add(row);
    });
    rooms += piece.of<records::RoomRow>().size();
    members += piece.of<records::MemberRow>().size();
    say_all();
  }
};

int complain(std::string_view text) {
  fmt::print(stderr, "imcd: {}\n", text);
  return not_read;
}

}  // namespace

int check_database(const Settings& settings) {
  auto store = make_store(settings.storage, Access::read);
  if (!store) return complain(store.error().text);
  if (const auto opened = (*store)->open(); !opened) return complain(opened.error().text);
  Reader reader{imc::RowCheck(settings.conference.domains)};
  for (const std::string& warning : (*store)->take_warnings()) reader.say(warning);
  const auto take = [](void* context, records::LoadedRows&& piece) {
    static_cast<Reader*>(context)->take(piece);
    return true;
  };
  if (const auto loaded = (*store)->load(take, &reader); !loaded) {
    return complain(loaded.error().text);
  }
  reader.check.finish();
  reader.say_all();
  fmt::print("{} rooms, {} members, {} findings\n", reader.rooms, reader.members, reader.findings);
  return reader.findings == 0 ? nothing_wrong : something_wrong;
}

}  // namespace imcd
