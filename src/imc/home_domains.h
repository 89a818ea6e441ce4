// HomeDomains: the domains under which a room can be addressed (option domain). The first is the
// home of rooms addressed at any of them; without any, each domain is its own.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "parser/uri.h"

namespace imcd::imc {

class HomeDomains {
 public:
  explicit HomeDomains(std::vector<std::string> domains) : domains_(std::move(domains)) {}

  // The URI with its host replaced by the home domain where it is one of its aliases. The result
  // points into `uri`'s text and into this.
  [[nodiscard]] parser::Uri canonical(const parser::Uri& uri) const {
    parser::Uri home = uri;
    for (const std::string& domain : domains_) {
      if (equal_ignoring_case(domain, uri.host)) home.host = domains_.front();
    }
    return home;
  }

  // Whether the predicate holds for the canonical URI under one of its domain's names.
  template <class Is>
  [[nodiscard]] bool any_spelling(const parser::Uri& uri, Is&& is) const {
    if (is(uri)) return true;
    if (domains_.empty() || !equal_ignoring_case(domains_.front(), uri.host)) return false;
    parser::Uri spelling = uri;
    return std::ranges::any_of(domains_, [&](const std::string& domain) {
      spelling.host = domain;
      return is(spelling);
    });
  }

 private:
  std::vector<std::string> domains_;
};

}  // namespace imcd::imc
