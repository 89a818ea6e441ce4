// How an option and its value are shown in a complaint: without the password that they may have.
// A complaint is about something mistyped, so it is not known where a password begins: whatever may
// be part of one is hidden, rather too much than too little. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace imcd::config {

// `setting` is an option and its value, as `db_url = mysql://imcd:secret@host/imcd`, or a line or
// an argument in which no option could be found. Hidden are
//
//     of any URL      what is between the user and the last @, as a password may hold any of `:`,
//                     `/`, `%` and `@`; without an @, what is behind the host and no port
//     of a database   what stands where a URL's password would, be it a URL or not
//     of a password   all but the path of a file
//
// and bytes that would disturb a terminal or a log are `?`.
std::string shown_setting(std::string_view setting);

}  // namespace imcd::config
