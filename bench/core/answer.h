// The answer that a peer gives to a delivery of the core's.
#pragma once

#include <string>
#include <string_view>

namespace imcd::bench {

// `headers` are whole lines. The To tag is none, as a proxy answers that has none of its own.
inline void append_answer(std::string& out, std::string_view request, std::string_view status,
                          std::string_view headers = {}) {
  out.append("SIP/2.0 ").append(status).append("\r\n");
  for (const std::string_view name : {"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "}) {
    const std::size_t begin = request.find(name);
    out += request.substr(begin, request.find("\r\n", begin) + 2 - begin);
  }
  out.append(headers).append("Content-Length: 0\r\n\r\n");
}

}  // namespace imcd::bench
