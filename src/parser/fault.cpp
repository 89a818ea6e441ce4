#include "parser/fault.h"

#include <array>

namespace imcd::parser {
namespace {

struct Row {
  Fault fault;
  FaultAnswer answer;
};

// In the order of the enum.
constexpr std::array rows = {
    Row{Fault::empty, {0, "Empty Datagram", "empty"}},
    Row{Fault::stun, {0, "STUN Message", "stun"}},
    Row{Fault::not_sip, {0, "Not a SIP Message", "not_sip"}},
    Row{Fault::bad_status_line, {0, "Bad Status Line", "bad_status_line"}},

    Row{Fault::bad_request_line, {400, "Bad Request Line", "bad_request_line"}},
    Row{Fault::bad_version, {505, "SIP Version Not Supported", "bad_version"}},
    Row{Fault::bad_request_uri, {400, "Bad Request-URI", "bad_request_uri"}},
    Row{Fault::bad_header_line, {400, "Bad Header Field Name", "bad_header_line"}},
    Row{Fault::header_not_ended,
        {400, "Missing Empty Line After Header Fields", "header_not_ended"}},
    Row{Fault::too_many_headers, {400, "Too Many Header Fields", "too_many_headers"}},
    Row{Fault::header_too_long, {400, "Header Field Too Long", "header_too_long"}},
    Row{Fault::control_character,
        {400, "Control Character in Start Line or Header Field", "control_character"}},

    Row{Fault::missing_via, {400, "Missing Via Header", "missing_via"}},
    Row{Fault::missing_from, {400, "Missing From Header", "missing_from"}},
    Row{Fault::missing_to, {400, "Missing To Header", "missing_to"}},
    Row{Fault::missing_call_id, {400, "Missing Call-ID Header", "missing_call_id"}},
    Row{Fault::missing_cseq, {400, "Missing CSeq Header", "missing_cseq"}},

    Row{Fault::repeated_from, {400, "Repeated From Header", "repeated_from"}},
    Row{Fault::repeated_to, {400, "Repeated To Header", "repeated_to"}},
    Row{Fault::repeated_call_id, {400, "Repeated Call-ID Header", "repeated_call_id"}},
    Row{Fault::repeated_cseq, {400, "Repeated CSeq Header", "repeated_cseq"}},
    Row{Fault::repeated_max_forwards,
        {400, "Repeated Max-Forwards Header", "repeated_max_forwards"}},
    Row{Fault::repeated_content_length,
        {400, "Repeated Content-Length Header", "repeated_content_length"}},
    Row{Fault::repeated_content_type,
        {400, "Repeated Content-Type Header", "repeated_content_type"}},

    Row{Fault::bad_via, {400, "Bad Via Header", "bad_via"}},
    Row{Fault::bad_from, {400, "Bad From Header", "bad_from"}},
    Row{Fault::bad_to, {400, "Bad To Header", "bad_to"}},
    Row{Fault::bad_call_id, {400, "Bad Call-ID Header", "bad_call_id"}},
    Row{Fault::call_id_too_long, {400, "Call-ID Too Long", "call_id_too_long"}},
    Row{Fault::bad_cseq, {400, "Bad CSeq Header", "bad_cseq"}},
    Row{Fault::cseq_method_mismatch, {400, "CSeq Method Does Not Match", "cseq_method_mismatch"}},
    Row{Fault::bad_max_forwards, {400, "Bad Max-Forwards Header", "bad_max_forwards"}},
    Row{Fault::bad_content_length, {400, "Bad Content-Length Header", "bad_content_length"}},
    Row{Fault::content_length_beyond,
        {400, "Content-Length Beyond Datagram", "content_length_beyond"}},
    Row{Fault::bad_content_type, {400, "Bad Content-Type Header", "bad_content_type"}},
    Row{Fault::bad_uri, {400, "Bad URI", "bad_uri"}},
    Row{Fault::bad_p_asserted_identity,
        {403, "Bad P-Asserted-Identity Header", "bad_p_asserted_identity"}},
    Row{Fault::two_sip_identities,
        {403, "Two SIP Identities In P-Asserted-Identity", "two_sip_identities"}},

    Row{Fault::missing_content_length,
        {400, "Missing Content-Length Header", "missing_content_length"}},
    Row{Fault::head_too_long, {513, "Message Too Large", "head_too_long"}},
    Row{Fault::body_too_long, {413, "Request Entity Too Large", "body_too_long"}},
};

static_assert(rows.size() == static_cast<std::size_t>(Fault::count));
static_assert([] {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].fault != static_cast<Fault>(i)) return false;
  }
  return true;
}());

}  // namespace

FaultAnswer fault_answer(Fault fault) { return rows[static_cast<std::size_t>(fault)].answer; }

}  // namespace imcd::parser
