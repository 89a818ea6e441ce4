// Runs the documents under tests/parser/cases: what the parser must see in each message and URI, or
// how it must refuse it. The words of their `expect` blocks are explained by `fields` below; those
// that speak of the whole server are read by tests/server/cases_test.cpp.
#include "parser/cases.h"

#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "guarded_bytes.h"
#include "parser/cpim.h"
#include "parser/message.h"
#include "parser/request_fields.h"

namespace imcd::parser {
namespace {

struct Message {
  explicit Message(const Case& one) : bytes(one.bytes) {
    parsed = parse_message(bytes.view(), *view);
    if (parsed && view->is_request) parsed = parse_request_fields(*view, fields);
  }
  GuardedBytes bytes;
  std::unique_ptr<MessageView> view = std::make_unique<MessageView>();
  RequestFields fields;
  Parsed<void> parsed;
};

// `accepted`, `refused: CODE REASON`, or `dropped: LABEL` where no answer can be given.
std::string outcome(const Message& message) {
  if (message.parsed) return "accepted: ";
  const FaultAnswer answer = fault_answer(message.parsed.error().fault);
  if (answer.code == 0 || !is_answerable(*message.view))
    return fmt::format("dropped: {}", answer.label);
  return fmt::format("refused: {} {}", answer.code, answer.reason);
}

bool is_outcome(std::string_view key) {
  return key == "accepted" || key == "refused" || key == "dropped";
}

// For tests/server.
bool is_for_server(std::string_view key) { return key == "served" || key == "as MESSAGE"; }

constexpr std::string_view absent = "(none)";

std::string text(std::optional<std::uint32_t> value) {
  return value ? std::to_string(*value) : std::string(absent);
}
std::string text(bool value) { return value ? "yes" : "no"; }

std::string scheme_text(Scheme scheme) {
  switch (scheme) {
    case Scheme::sip:
      return "sip";
    case Scheme::sips:
      return "sips";
    case Scheme::im:
      return "im";
    case Scheme::pres:
      return "pres";
    case Scheme::tel:
      return "tel";
    case Scheme::other:
      return "other";
  }
  return "?";
}

std::string key_text(const Uri& uri) {
  std::string key;
  return write_address_of_record_key(key, uri) ? key : std::string(absent);
}

using UriField = std::string (*)(const Uri&);
const std::map<std::string_view, UriField> uri_fields = {
    {"scheme", [](const Uri& uri) { return scheme_text(uri.scheme); }},
    {"user", [](const Uri& uri) { return std::string(uri.user); }},
    {"password", [](const Uri& uri) { return std::string(uri.password); }},
    {"host", [](const Uri& uri) { return std::string(uri.host); }},
    {"port", [](const Uri& uri) { return std::to_string(uri.port); }},
    {"parameters", [](const Uri& uri) { return std::string(uri.parameters); }},
    {"headers", [](const Uri& uri) { return std::string(uri.headers); }},
    {"opaque", [](const Uri& uri) { return std::string(uri.opaque); }},
    {"key",
     [](const Uri& uri) { return key_text(uri); }},  // Under which rooms and users are found.
};

using ViaField = std::string (*)(const Via&);
const std::map<std::string_view, ViaField> via_fields = {
    {"text", [](const Via& via) { return std::string(via.text); }},
    {"transport", [](const Via& via) { return std::string(via.transport); }},
    {"host", [](const Via& via) { return std::string(via.host); }},
    {"port", [](const Via& via) { return std::to_string(via.port); }},
    {"branch", [](const Via& via) { return std::string(via.branch); }},
    {"has-cookie", [](const Via& via) { return text(via.has_branch_cookie); }},
    {"received", [](const Via& via) { return std::string(via.received); }},
    {"maddr", [](const Via& via) { return std::string(via.maddr); }},
    {"rport", [](const Via& via) { return text(via.has_rport); }},
};

std::string cpim_field(const MessageView& view, std::string_view key) {
  const auto cpim = parse_cpim(view.body);
  if (!cpim) return std::string(absent);
  return std::string(key == "content-type" ? cpim->content_type : cpim->content);
}

using MessageField = std::string (*)(const MessageView&, const RequestFields&);
const std::map<std::string_view, MessageField> message_fields = {
    {"method",
     [](const MessageView& view, const RequestFields&) { return std::string(view.method_text); }},
    {"request-uri",
     [](const MessageView& view, const RequestFields&) { return std::string(view.request_uri); }},
    {"status",
     [](const MessageView& view, const RequestFields&) { return std::to_string(view.status); }},
    {"reason",
     [](const MessageView& view, const RequestFields&) { return std::string(view.reason); }},
    {"headers", [](const MessageView& view,
                   const RequestFields&) { return std::to_string(view.header_count); }},
    {"body", [](const MessageView& view, const RequestFields&) { return std::string(view.body); }},
    {"body-bytes", [](const MessageView& view,
                      const RequestFields&) { return std::to_string(view.body.size()); }},
    {"vias", [](const MessageView&,
                const RequestFields& fields) { return std::to_string(fields.via_count); }},
    {"call-id",
     [](const MessageView&, const RequestFields& fields) { return std::string(fields.call_id); }},
    {"cseq",
     [](const MessageView&, const RequestFields& fields) {
       return fmt::format("{} {}", fields.cseq.number, fields.cseq.method);
     }},
    {"max-forwards",
     [](const MessageView&, const RequestFields& fields) { return text(fields.max_forwards); }},
    {"expires",
     [](const MessageView&, const RequestFields& fields) { return text(fields.expires_s); }},
};

std::string name_addr_field(const NameAddr& name_addr, std::string_view key) {
  if (key == "display") return std::string(name_addr.display);
  if (key == "tag") return name_addr.has_tag ? std::string(name_addr.tag) : std::string(absent);
  const auto field = uri_fields.find(key);
  return field == uri_fields.end() ? "no such word" : field->second(name_addr.uri);
}

// `header NAME`: the value of the first field whose name is written so.
std::string header_value(const MessageView& view, std::string_view name) {
  for (std::size_t i = 0; i < view.header_count; ++i) {
    if (view.headers[i].name_text == name) return std::string(view.headers[i].value);
  }
  return std::string(absent);
}

std::string field_text(const Message& message, std::string_view key) {
  if (const auto field = message_fields.find(key); field != message_fields.end()) {
    return field->second(*message.view, message.fields);
  }
  if (key.starts_with("header ")) return header_value(*message.view, key.substr(7));
  const std::size_t dot = key.find('.');
  const std::string_view whose = key.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? key : key.substr(dot + 1);
  if (whose == "from") return name_addr_field(message.fields.from, rest);
  if (whose == "to") return name_addr_field(message.fields.to, rest);
  if (whose == "cpim") return cpim_field(*message.view, rest);
  if (whose == "via" && via_fields.contains(rest)) {
    return via_fields.at(rest)(message.fields.top_via);
  }
  if (whose == "request-uri" && uri_fields.contains(rest)) {
    return uri_fields.at(rest)(message.fields.request_uri);
  }
  return "no such word";
}

void run_message(const Case& one) {
  const Message message(one);
  bool has_outcome = false;
  for (const auto& [key, value] : one.expectations) {
    if (is_for_server(key)) continue;
    if (is_outcome(key)) {
      has_outcome = true;
      EXPECT_EQ(outcome(message), key + ": " + value);
    } else {
      EXPECT_EQ(field_text(message, key), value) << key;
    }
  }
  EXPECT_TRUE(has_outcome) << "says neither accepted nor refused nor dropped";
}

void run_uri(const Case& one) {
  const GuardedBytes bytes(one.bytes);
  const Parsed<Uri> uri = parse_uri(bytes.view());
  EXPECT_EQ(one.expectations.front().key, uri ? "accepted" : "refused");
  for (const auto& [key, value] : one.expectations) {
    if (is_outcome(key)) continue;
    const auto field = uri_fields.find(key);
    ASSERT_NE(field, uri_fields.end()) << key;
    if (uri) {
      EXPECT_EQ(field->second(*uri), value) << key;
    }
  }
}

TEST(Cases, EachIsReadAsItsDocumentSays) {
  for (const Case& one : cases()) {
    SCOPED_TRACE(one.name);
    if (one.is_message()) {
      run_message(one);
    } else {
      run_uri(one);
    }
  }
}

// A document that went away would be missed by nobody else.
TEST(Cases, AllOfRfc4475AndRfc5118AreThere) {
  std::map<std::string, int> counts;
  for (const Case& one : cases()) ++counts[one.name.substr(0, one.name.find('/'))];
  EXPECT_EQ(counts["rfc4475"], 49);
  EXPECT_EQ(counts["rfc5118"], 12);
}

// Of each fault that can be answered there is a case, so that its reason is read by somebody.
TEST(Cases, EachFaultHasOne) {
  std::set<std::string, std::less<>> seen;
  for (const Case& one : cases()) {
    if (const auto refused = one.find("refused"); refused && one.is_message())
      seen.emplace(*refused);
    if (const auto dropped = one.find("dropped")) seen.emplace(*dropped);
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(Fault::count); ++i) {
    const auto fault = static_cast<Fault>(i);
    // Of values that the server looks at, not parse_request_fields.
    if (fault == Fault::bad_uri || fault == Fault::bad_p_asserted_identity ||
        fault == Fault::two_sip_identities) {
      continue;
    }
    if (fault >= Fault::missing_content_length) continue;  // Of streams: stream_framer_test.cpp.
    const FaultAnswer answer = fault_answer(fault);
    const std::string refusal = fmt::format("{} {}", answer.code, answer.reason);
    const bool is_seen = seen.contains(refusal) || seen.contains(answer.label);
    EXPECT_TRUE(is_seen) << answer.label;
  }
}

// --- The form of the documents ------------------------------------------------------------------

std::string error_of(std::string_view document) {
  try {
    static_cast<void>(read_cases(document, "d"));
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

TEST(CaseDocument, BytesAreThoseOfTheLinesWithEscapes) {
  const auto all = read_cases(
      "# t\n## a\nprose\n```sip\nA "
      "\\x00\\r\\n\\t\\\\\n\nB\\\nC\\{3*x\\n}\\\n```\n```expect\naccepted\nk: \\x41\n"
      "```\n## b\n```uri\nsip:a@b\n```\n```expect\nrefused\n```\n",
      "d");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].name, "d: a");
  EXPECT_EQ(all[0].bytes, std::string("A \0\r\n\t\\\r\n\r\nBCx\nx\nx\n", 19));
  EXPECT_EQ(all[0].find("k"), "A");
  EXPECT_EQ(all[0].find("accepted"), "");
  EXPECT_EQ(all[0].find("other"), std::nullopt);
  EXPECT_EQ(all[1].bytes, "sip:a@b");
}

TEST(CaseDocument, WhatIsNotInTheFormIsNamedWithItsLine) {
  EXPECT_EQ(error_of("```sip\n```\n"), "d.md:1: a block before the first case");
  EXPECT_EQ(error_of("## a\n```sip\n"), "d.md:2: a block does not end");
  EXPECT_EQ(error_of("## a\n```sip\nx\n```\n"), "d.md:4: a case expects nothing");
  EXPECT_EQ(error_of("## a\n```expect\n```\n"),
            "d.md:2: nothing is received before the expectations");
  EXPECT_EQ(error_of("## a\n```sip\n```\n```uri\n```\n"), "d.md:4: a case receives one thing");
  EXPECT_EQ(error_of("## a\n```text\n```\n"), "d.md:2: no such kind of block");
  EXPECT_EQ(error_of("## a\n```sip\n\\q\n```\n"), "d.md:3: no such escape");
  EXPECT_EQ(error_of("## a\n```sip\n\\x0g\n```\n"), "d.md:3: bad \\xHH");
  EXPECT_EQ(error_of("## a\n```sip\n\\{x*y}\n```\n"), "d.md:3: bad number in \\{N*text}");
  EXPECT_EQ(error_of("## a\n```sip\n\\{3x}\n```\n"), "d.md:3: bad \\{N*text}");
  EXPECT_EQ(error_of("## a"), "d.md:0: the last line does not end");
  EXPECT_EQ(error_of("## a\n```uri\nx\n```\n```expect\nk\n```\n## a\n"),
            "d.md:8: there is a case of that name already");
}

}  // namespace
}  // namespace imcd::parser
