// The layout of replies in the old text protocol: a status line, a line a fact, an empty line. The
// old FIFO left the empty line out after some errors; here every reply ends alike.
//
//   200 OK
//   ROOM::  URI=sip:chat@example.org MEMBERS=2 OWNER=sip:alice@example.org
//
#pragma once

#include <string>

#include "mi/fact.h"
#include "mi/status.h"

namespace imcd::mi {

// Each appends to `out`.
void write_text_status(const Status& status, std::string& out);
void write_text_fact(const Fact& fact, std::string& out);
void write_text_end(std::string& out);

}  // namespace imcd::mi
