#include "parser/request_fields.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "guarded_bytes.h"
#include "parser/message.h"

namespace imcd::parser {
namespace {

using namespace std::string_view_literals;

// A good request, line by line, of which a test changes what it is about.
class Request {
 public:
  Request& start(std::string_view line) {
    start_ = line;
    return *this;
  }
  // Without a value: the field is left out. A name that is not there is added.
  Request& set(std::string_view name, std::string_view value) {
    const auto field = std::ranges::find(fields_, name, &Field::first);
    if (field == fields_.end()) return add(name, value);
    field->second = value;
    return *this;
  }
  Request& drop(std::string_view name) {
    std::erase_if(fields_, [name](const Field& field) { return field.first == name; });
    return *this;
  }
  Request& add(std::string_view name, std::string_view value) {
    fields_.emplace_back(name, value);
    return *this;
  }
  [[nodiscard]] std::string text() const {
    std::string out = start_ + "\r\n";
    for (const auto& [name, value] : fields_) out += name + ": " + value + "\r\n";
    return out + "\r\n";
  }

 private:
  using Field = std::pair<std::string, std::string>;
  std::string start_ = "MESSAGE sip:room@example.com SIP/2.0";
  std::vector<Field> fields_ = {{"Via", "SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bKa;rport"},
                                {"From", "\"Alice\" <sip:alice@example.com>;tag=1"},
                                {"To", "<sip:room@example.com>"},
                                {"Call-ID", "a84b4c76e66710@pc33.example.com"},
                                {"CSeq", "1 MESSAGE"},
                                {"Max-Forwards", "70"},
                                {"Content-Type", "text/plain"}};
};

struct Case {
  explicit Case(const Request& request)
      : bytes(request.text()), view(std::make_unique<MessageView>()) {
    EXPECT_TRUE(parse_message(bytes.view(), *view)) << bytes.view();
    parsed = parse_request_fields(*view, fields);
  }
  const RequestFields* operator->() const { return &fields; }
  [[nodiscard]] Fault fault() const { return parsed ? Fault::count : parsed.error().fault; }
  GuardedBytes bytes;
  std::unique_ptr<MessageView> view;
  RequestFields fields;
  Parsed<void> parsed;
};

TEST(RequestFields, AreAllThere) {
  const Case request(Request().add("Expires", "60"));
  ASSERT_TRUE(request.parsed);
  EXPECT_EQ(request->request_uri.user, "room");
  EXPECT_EQ(request->top_via.port, 5070);
  EXPECT_EQ(request->top_via.branch, "z9hG4bKa");
  EXPECT_EQ(request->via_count, 1U);
  EXPECT_EQ(request->from.display, "Alice");
  EXPECT_EQ(request->from.uri.user, "alice");
  EXPECT_EQ(request->from.tag, "1");
  EXPECT_EQ(request->to.uri.text, "sip:room@example.com");
  EXPECT_FALSE(request->to.has_tag);
  EXPECT_EQ(request->call_id, "a84b4c76e66710@pc33.example.com");
  EXPECT_EQ(request->cseq.number, 1U);
  EXPECT_EQ(request->cseq.method, "MESSAGE");
  EXPECT_EQ(request->max_forwards, 70U);
  EXPECT_EQ(request->expires_s, 60U);
}

TEST(RequestFields, AMandatoryFieldThatIsMissingIsNamed) {
  EXPECT_EQ(Case(Request().drop("Via")).fault(), Fault::missing_via);
  EXPECT_EQ(Case(Request().drop("From")).fault(), Fault::missing_from);
  EXPECT_EQ(Case(Request().drop("To")).fault(), Fault::missing_to);
  EXPECT_EQ(Case(Request().drop("Call-ID")).fault(), Fault::missing_call_id);
  EXPECT_EQ(Case(Request().drop("CSeq")).fault(), Fault::missing_cseq);
}

// RFC 2543 peers send none; a MESSAGE without a body needs no type.
TEST(RequestFields, MaxForwardsContentTypeAndExpiresMayBeMissing) {
  const Case request(Request().drop("Max-Forwards").drop("Content-Type"));
  ASSERT_TRUE(request.parsed);
  EXPECT_FALSE(request->max_forwards);
  EXPECT_FALSE(request->expires_s);
}

TEST(RequestFields, ARepeatedFieldIsNamed) {
  EXPECT_EQ(Case(Request().add("f", "<sip:b@c>;tag=2")).fault(), Fault::repeated_from);
  EXPECT_EQ(Case(Request().add("t", "<sip:b@c>")).fault(), Fault::repeated_to);
  EXPECT_EQ(Case(Request().add("i", "other")).fault(), Fault::repeated_call_id);
  EXPECT_EQ(Case(Request().add("CSeq", "1 MESSAGE")).fault(), Fault::repeated_cseq);
  EXPECT_EQ(Case(Request().add("Max-Forwards", "70")).fault(), Fault::repeated_max_forwards);
  EXPECT_EQ(Case(Request().add("c", "text/html")).fault(), Fault::repeated_content_type);
}

TEST(RequestFields, ABadRequestUriIsAFault) {
  for (const std::string_view uri :
       {"<sip:a@b>", "sip:a@b:x", "sip:2001:db8::10", "room", "sip:a@b?Route=%3Csip:c%3E"}) {
    const Case request(Request().start("MESSAGE " + std::string(uri) + " SIP/2.0"));
    EXPECT_EQ(request.fault(), Fault::bad_request_uri) << uri;
  }
}

TEST(RequestFields, AnUnknownSchemeIsNoFaultOfTheRequestUri) {
  const Case request(Request().start("MESSAGE nobody:knows SIP/2.0"));
  ASSERT_TRUE(request.parsed);
  EXPECT_EQ(request->request_uri.scheme, Scheme::other);
}

TEST(RequestFields, ViaValuesAreCountedOverFieldsAndLists) {
  const Case request(Request()
                         .set("Via", "SIP/2.0/UDP a;branch=z9hG4bK1 , SIP/2.0/TCP b")
                         .add("v", "SIP/2.0/UDP c,SIP/2.0/UDP d,\r\n SIP/2.0/UDP e"));
  ASSERT_TRUE(request.parsed);
  EXPECT_EQ(request->via_count, 5U);
  EXPECT_EQ(request->top_via.host, "a");
}

TEST(RequestFields, ABadViaAnywhereIsAFault) {
  const Case top(Request().set("Via", "SIP/2.0/UDP h:5070;rport;;").add("Via", "SIP/2.0/UDP b"));
  EXPECT_EQ(top.fault(), Fault::bad_via);
  EXPECT_EQ(top->top_via.host, "h");
  EXPECT_EQ(top->top_via.port, 5070);
  EXPECT_TRUE(top->top_via.has_rport);
  EXPECT_EQ(Case(Request().set("Via", "SIP/2.0/UDP a, b")).fault(), Fault::bad_via);
  EXPECT_EQ(Case(Request().set("Via", "")).fault(), Fault::bad_via);
  const Case second(Request().add("Via", "nonsense"));
  EXPECT_EQ(second.fault(), Fault::bad_via);
  EXPECT_EQ(second->top_via.host, "192.0.2.1");
  const Case unusable(Request().set("Via", "nonsense").add("Via", "SIP/2.0/UDP b"));
  EXPECT_EQ(unusable.fault(), Fault::bad_via);
  EXPECT_EQ(unusable->top_via.host, "") << "the second is not the top one";
}

TEST(RequestFields, BadFromAndToAreFaults) {
  EXPECT_EQ(Case(Request().set("From", "Bell, Alexander <sip:a@b>;tag=1")).fault(),
            Fault::bad_from);
  EXPECT_EQ(Case(Request().set("From", "<sip:a@b>, <sip:c@d>")).fault(), Fault::bad_from);
  EXPECT_EQ(Case(Request().set("From", "")).fault(), Fault::bad_from);
  EXPECT_EQ(Case(Request().set("To", "\"open <sip:a@b>")).fault(), Fault::bad_to);
  EXPECT_EQ(Case(Request().set("To", "< sip:a@b >")).fault(), Fault::bad_to);
}

// RFC 2543 peers send no tag.
TEST(RequestFields, AFromWithoutATagIsAccepted) {
  EXPECT_TRUE(Case(Request().set("From", "sip:alice@example.com")).parsed);
}

TEST(RequestFields, ACallIdIsAWordOrTwo) {
  for (const std::string_view value :
       {"a", "a@b", "word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "YWJj=@h", "="}) {
    const Case request(Request().set("Call-ID", value));
    EXPECT_TRUE(request.parsed) << value;
    EXPECT_EQ(request->call_id, value);
  }
  for (const std::string_view value :
       {"", "@", "a@", "@a", "a@b@c", "a b", "a,b", "a;b", "\xc3\xbc", "a\r\n b"}) {
    const Case request(Request().set("Call-ID", value));
    EXPECT_EQ(request.fault(), Fault::bad_call_id) << value;
    EXPECT_EQ(request->call_id, "");
  }
}

TEST(RequestFields, ACSeqIsANumberBelow2To31AndTheMethod) {
  for (const auto& [value, number] : std::vector<std::pair<std::string_view, std::uint32_t>>{
           {"0 MESSAGE", 0}, {"2147483647 MESSAGE", 2147483647}, {"0009\r\n  MESSAGE", 9}}) {
    const Case request(Request().set("CSeq", value));
    ASSERT_TRUE(request.parsed) << value;
    EXPECT_EQ(request->cseq.number, number);
  }
  for (const std::string_view value :
       {"", "1", "MESSAGE", "1MESSAGE", "-1 MESSAGE", "1 MESSAGE x", "1 MESS<GE", "x MESSAGE",
        "2147483648 MESSAGE", "4294967297 MESSAGE", "36893488147419103232 MESSAGE", "1, MESSAGE"}) {
    EXPECT_EQ(Case(Request().set("CSeq", value)).fault(), Fault::bad_cseq) << value;
  }
}

TEST(RequestFields, TheCSeqMethodIsTheMethodWithCase) {
  EXPECT_EQ(Case(Request().set("CSeq", "1 OPTIONS")).fault(), Fault::cseq_method_mismatch);
  EXPECT_EQ(Case(Request().set("CSeq", "1 message")).fault(), Fault::cseq_method_mismatch);
  EXPECT_EQ(Case(Request().set("CSeq", "1 MESSAGES")).fault(), Fault::cseq_method_mismatch);
}

TEST(RequestFields, MaxForwardsGoesFrom0To255) {
  EXPECT_EQ(Case(Request().set("Max-Forwards", "0"))->max_forwards, 0U);
  EXPECT_EQ(Case(Request().set("Max-Forwards", "0068"))->max_forwards, 68U);
  EXPECT_EQ(Case(Request().set("Max-Forwards", "255"))->max_forwards, 255U);
  for (const std::string_view value :
       {"", "256", "300", "-1", "x", "7 0", "18446744073709551616"}) {
    EXPECT_EQ(Case(Request().set("Max-Forwards", value)).fault(), Fault::bad_max_forwards) << value;
  }
}

TEST(RequestFields, AContentTypeIsAMediaType) {
  for (const std::string_view value :
       {"text/plain", "TEXT/Plain;charset=UTF-8", "text / plain ; charset = \"utf-8\"",
        "multipart/mixed;boundary=\"a;b\\\"c\"", "message/cpim", "text/plain;",
        "text/plain; charset=UTF-8; ", "text/plain;;charset=x",
        "multipart/mixed;boundary==_a/b=", "text/\r\n plain",
        "multipart/related;start=<a@b>;type=text/xml", "application/im-iscomposing+xml"}) {
    EXPECT_TRUE(Case(Request().set("Content-Type", value)).parsed) << value;
  }
  for (const std::string_view value :
       {"", "text", "text/", "/plain", "text/plain;charset", "text/plain;charset=", "text/plain;=x",
        "text/plain, text/html", "text/pl ain", "text/plain;a=\"open"}) {
    EXPECT_EQ(Case(Request().set("Content-Type", value)).fault(), Fault::bad_content_type) << value;
  }
}

// RFC 3261 20.19; RFC 4475 3.1.2.4 has an enormous one.
TEST(RequestFields, AnExpiresBeyond32BitsIsTheLargest) {
  EXPECT_EQ(Case(Request().set("Expires", "0"))->expires_s, 0U);
  EXPECT_EQ(Case(Request().set("Expires", "4294967295"))->expires_s, UINT32_MAX);
  EXPECT_EQ(Case(Request().set("Expires", "4294967296"))->expires_s, UINT32_MAX);
  EXPECT_EQ(Case(Request().set("Expires", std::string(100, '9')))->expires_s, UINT32_MAX);
  for (const std::string_view value : {"", "-1", "1.5", "soon", "Thu, 01 Dec 1994 16:00:00 GMT"}) {
    const Case request(Request().set("Expires", value));
    EXPECT_TRUE(request.parsed) << value;
    EXPECT_FALSE(request->expires_s) << value;
    EXPECT_EQ(request->ignored_fields, 1U) << value;
  }
  EXPECT_FALSE(Case(Request().add("Expires", "1").add("Expires", "2"))->expires_s);
}

TEST(RequestFields, TheFirstFaultIsReportedAndTheGoodFieldsAreKept) {
  const Case request(Request().drop("To").set("CSeq", "x").set("Max-Forwards", "300"));
  EXPECT_EQ(request.fault(), Fault::missing_to);
  EXPECT_EQ(request->from.tag, "1");
  EXPECT_EQ(request->call_id, "a84b4c76e66710@pc33.example.com");
  EXPECT_FALSE(request->max_forwards);
}

TEST(RequestFields, AreFilledAnew) {
  Case request(Request().drop("Max-Forwards"));
  request.fields.max_forwards = 5;
  request.fields.via_count = 9;
  ASSERT_TRUE(parse_request_fields(*request.view, request.fields));
  EXPECT_FALSE(request.fields.max_forwards);
  EXPECT_EQ(request.fields.via_count, 1U);
}

bool is_answerable(std::string_view text) {
  const GuardedBytes bytes(text);
  const auto view = std::make_unique<MessageView>();
  static_cast<void>(parse_message(bytes.view(), *view));
  return is_answerable(*view);
}

TEST(Answerable, NeedsAUsableTopVia) {
  EXPECT_TRUE(is_answerable(Request().text()));
  EXPECT_TRUE(is_answerable(Request().set("Via", "SIP/2.0/UDP 192.0.2.15;;,;,,").text()));
  EXPECT_FALSE(is_answerable(Request().drop("Via").text()));
  EXPECT_FALSE(is_answerable(Request().set("Via", "nonsense").add("Via", "SIP/2.0/UDP a").text()));
  EXPECT_FALSE(is_answerable(Request().set("Via", "SIP/2.0/UDP h;x=\0"sv).text()));
}

// RFC 4475 3.3.1 would like an answer to a request without From, To and Call-ID.
TEST(Answerable, WithoutOrWithRepeatedOtherFieldsToo) {
  for (const std::string_view name : {"From", "To", "Call-ID", "CSeq"}) {
    EXPECT_TRUE(is_answerable(Request().drop(name).text())) << name;
    EXPECT_TRUE(is_answerable(Request().add(name, "x").text())) << name;
  }
}

TEST(Answerable, NotWithControlCharactersInWhatIsCopied) {
  for (const std::string_view name : {"From", "To", "Call-ID", "CSeq"}) {
    EXPECT_FALSE(is_answerable(Request().set(name, "a\0b"sv).text())) << name;
    EXPECT_FALSE(is_answerable(Request().set(name, "a\nb").text())) << name;
    EXPECT_FALSE(is_answerable(Request().set(name, "a\rb").text())) << name;
  }
  EXPECT_TRUE(is_answerable(Request().add("Subject", "a\nb").text()));
}

// RFC 3261 17: an ACK has no response.
TEST(Answerable, NeitherAnAckNorAResponse) {
  EXPECT_FALSE(is_answerable(Request().start("ACK sip:a@b SIP/2.0").text()));
  EXPECT_FALSE(is_answerable(Request().start("SIP/2.0 200 OK").text()));
}

}  // namespace
}  // namespace imcd::parser
