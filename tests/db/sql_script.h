// A script of share/sql, without its comments.
#pragma once

#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace imcd::db {

inline std::string read_sql_script(const std::string& name) {
  std::ifstream file(std::string(SQL_SCRIPTS) + "/" + name);
  EXPECT_TRUE(file) << name;
  std::string script;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("--")) script += line + "\n";
  }
  return script;
}

// Its statements, one by one.
inline std::vector<std::string> statements_of(const std::string& script) {
  std::vector<std::string> statements;
  for (std::size_t at = 0, end = 0; (end = script.find(";\n", at)) != std::string::npos;
       at = end + 2) {
    statements.push_back(script.substr(at, end - at));
  }
  return statements;
}

}  // namespace imcd::db
