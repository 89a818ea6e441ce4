// Takes the place of the MySQL store in a build without the client library.
#include "db/mysql_options.h"

namespace imcd::db {

Result<std::unique_ptr<Store>> make_mysql_store(MysqlOptions /*options*/) {
  return fail(
      "MySQL is not built in: this imcd was built without libmariadb (meson option -Dmysql)");
}

}  // namespace imcd::db
