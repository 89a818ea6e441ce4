// The messages of RFC 4475 and RFC 5118, as they are, cut at each byte and mutated. What each must
// lead to is in a table; what must hold for any bytes at all is in check_properties.
#include "corpus.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <string>

#include "base/random.h"
#include "base/text.h"
#include "guarded_bytes.h"
#include "parser/message.h"
#include "parser/writer.h"
#include "support/allocation_count.h"

namespace imcd::parser {
namespace {

constexpr Fault none = Fault::count;

struct Outcome {
  Fault fault = none;
  bool is_answerable = false;
};

// Of a request both steps, of a response the first; more than that nobody asks of every message.
Outcome read(std::string_view bytes, MessageView& view, RequestFields& fields) {
  Parsed<void> parsed = parse_message(bytes, view);
  if (parsed && view.is_request) parsed = parse_request_fields(view, fields);
  return {parsed ? none : parsed.error().fault, is_answerable(view)};
}

// RFC 4475 and RFC 5118 say of each file what is wrong with it, and often leave a choice. Where
// they do, the stricter one is taken for what a UAS acts on, and what it only passes on is not
// judged.
const std::map<std::string, Fault> expected = {
    // RFC 4475 3.1.1, valid messages.
    {"rfc4475/dblreq", none},
    {"rfc4475/esc01", none},
    {"rfc4475/esc02", none},
    {"rfc4475/escnull", none},
    {"rfc4475/intmeth", none},
    {"rfc4475/longreq", none},
    {"rfc4475/lwsdisp", none},
    {"rfc4475/mpart01", none},
    {"rfc4475/noreason", none},
    {"rfc4475/semiuri", none},
    {"rfc4475/transports", none},
    {"rfc4475/unreason", none},
    {"rfc4475/wsinv", none},
    // RFC 4475 3.1.2, invalid messages.
    {"rfc4475/badaspec", Fault::bad_to},
    {"rfc4475/baddate", none},  // The Date is passed on, not acted on.
    {"rfc4475/baddn", Fault::bad_from},
    {"rfc4475/badinv01", Fault::bad_via},
    {"rfc4475/badvers", Fault::bad_version},
    {"rfc4475/bigcode", Fault::bad_status_line},
    {"rfc4475/clerr", Fault::content_length_beyond},
    {"rfc4475/escruri", Fault::bad_request_uri},
    {"rfc4475/ltgtruri", Fault::bad_request_uri},
    {"rfc4475/lwsruri", Fault::bad_request_line},
    {"rfc4475/lwsstart", Fault::bad_request_line},
    {"rfc4475/mismatch01", Fault::cseq_method_mismatch},
    {"rfc4475/mismatch02", Fault::cseq_method_mismatch},
    {"rfc4475/ncl", Fault::bad_content_length},
    {"rfc4475/quotbal", Fault::bad_to},
    {"rfc4475/regbadct", none},  // Its fault is in Contact, which is not read.
    {"rfc4475/scalar02", Fault::bad_cseq},
    {"rfc4475/scalarlg", none},  // A response; see ACSeqBeyondItsRangeIsRefusedInAResponse.
    {"rfc4475/trws", Fault::bad_request_line},
    // RFC 4475 3.2 and 3.3, transaction and application layer: the parser has nothing to refuse but
    // what is missing, repeated or contradictory.
    {"rfc4475/badbranch", none},
    {"rfc4475/bcast", none},
    {"rfc4475/bext01", none},
    {"rfc4475/cparam01", none},
    {"rfc4475/cparam02", none},
    {"rfc4475/insuf", Fault::missing_from},
    {"rfc4475/invut", none},
    {"rfc4475/mcl01", Fault::repeated_content_length},
    {"rfc4475/multi01", Fault::repeated_from},
    {"rfc4475/novelsc", none},
    {"rfc4475/regaut01", none},
    {"rfc4475/regescrt", none},
    {"rfc4475/sdp01", none},
    {"rfc4475/unkscm", none},
    {"rfc4475/unksm2", none},
    {"rfc4475/zeromf", none},
    // RFC 4475 3.4, a peer of RFC 2543.
    {"rfc4475/inv2543", none},
    // RFC 5118.
    {"rfc5118/ipv4-mapped-ipv6", none},
    {"rfc5118/ipv6-bad", Fault::bad_request_uri},
    {"rfc5118/ipv6-bug-abnf-3-colons", none},
    {"rfc5118/ipv6-correct-abnf-2-colons", none},
    {"rfc5118/ipv6-good", none},
    {"rfc5118/ipv6-in-sdp", none},
    {"rfc5118/mult-ip-in-header", none},
    {"rfc5118/mult-ip-in-sdp", none},
    {"rfc5118/port-ambiguous", none},
    {"rfc5118/port-unambiguous", none},
    {"rfc5118/via-received-param-no-delim", none},
    {"rfc5118/via-received-param-with-delim", none},
};

struct Message {
  explicit Message(const std::string& name) : bytes(corpus_file(name).bytes) {
    outcome = read(bytes.view(), *view, fields);
  }
  GuardedBytes bytes;
  std::unique_ptr<MessageView> view = std::make_unique<MessageView>();
  RequestFields fields;
  Outcome outcome;
};

TEST(Corpus, EachMessageHasTheOutcomeItsRfcAsksFor) {
  EXPECT_EQ(corpus_files().size(), expected.size());
  for (const CorpusFile& file : corpus_files()) {
    const auto row = expected.find(file.name);
    ASSERT_NE(row, expected.end()) << file.name;
    const Message message(file.name);
    const auto label = [](Fault fault) {
      return fault == none ? std::string_view("none") : fault_answer(fault).label;
    };
    EXPECT_EQ(label(message.outcome.fault), label(row->second)) << file.name;
  }
}

// All of them have a top Via that leads back to the sender, so each one that is wrong gets told so.
TEST(Corpus, EachRequestIsAnswerableAndNoResponseIs) {
  for (const CorpusFile& file : corpus_files()) {
    const Message message(file.name);
    EXPECT_EQ(message.outcome.is_answerable, !file.bytes.starts_with("SIP/")) << file.name;
  }
}

// RFC 4475 3.1.1.1.
TEST(Corpus, WsinvIsReadThroughItsWhiteSpace) {
  const Message message("rfc4475/wsinv");
  const RequestFields& fields = message.fields;
  EXPECT_EQ(fields.request_uri.parameters, "unknownparam");
  EXPECT_EQ(fields.to.uri.user, "vivekg");
  EXPECT_EQ(fields.to.tag, "1918181833n");
  EXPECT_EQ(fields.from.display, R"(J Rosenberg \\\")");
  EXPECT_EQ(fields.from.tag, "98asjd8");
  EXPECT_EQ(fields.max_forwards, 68U);
  EXPECT_EQ(fields.cseq.number, 9U);
  EXPECT_EQ(fields.via_count, 3U);
  EXPECT_EQ(fields.top_via.host, "192.0.2.2");
  EXPECT_EQ(fields.top_via.branch, "390skdjuw");
  EXPECT_FALSE(fields.top_via.has_branch_cookie);
  EXPECT_EQ(message.view->body.size(), 150U);
}

// RFC 4475 3.1.1.2.
TEST(Corpus, IntmethIsReadThroughItsOddCharacters) {
  const Message message("rfc4475/intmeth");
  EXPECT_EQ(message.view->method_text, "!interesting-Method0123456789_*+`.%indeed'~");
  EXPECT_EQ(message.fields.request_uri.user, "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*");
  EXPECT_EQ(message.fields.request_uri.password, "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)");
  EXPECT_EQ(message.fields.from.display, "token1~` token2'+_ token3*%!.-");
  EXPECT_EQ(message.fields.from.tag, "_token~1'+`*%!-.");
  EXPECT_EQ(message.fields.max_forwards, 255U);
}

// RFC 4475 3.1.1.8.
TEST(Corpus, DblreqEndsWhereItsContentLengthSays) {
  const Message message("rfc4475/dblreq");
  EXPECT_EQ(message.view->body, "");
  EXPECT_EQ(message.fields.call_id, "dblreq.0ha0isndaksdj99sdfafnl3lk233412");
}

// RFC 4475 3.1.1.11: bytes of all kinds in a body, left as they are.
TEST(Corpus, Mpart01sBodyIsWhole) {
  const Message message("rfc4475/mpart01");
  EXPECT_EQ(message.view->method, Method::message);
  EXPECT_EQ(message.view->body.size(), 553U);
  EXPECT_TRUE(message.view->body.contains('\0'));
}

// RFC 4475 3.1.2.5.
TEST(Corpus, ACSeqBeyondItsRangeIsRefusedInAResponse) {
  const Message message("rfc4475/scalarlg");
  EXPECT_EQ(message.view->status, 503);
  EXPECT_FALSE(parse_cseq(message.view->find(HeaderName::cseq).value_or("")));
}

// RFC 4475 3.2.1: matched the way of RFC 2543.
TEST(Corpus, BadbranchHasNoCookie) {
  EXPECT_FALSE(Message("rfc4475/badbranch").fields.top_via.has_branch_cookie);
}

TEST(Corpus, Ipv6AddressesAndPortsAreToldApart) {
  EXPECT_EQ(Message("rfc5118/port-ambiguous").fields.request_uri.host, "[2001:db8::10:5070]");
  EXPECT_EQ(Message("rfc5118/port-ambiguous").fields.request_uri.port, 0);
  EXPECT_EQ(Message("rfc5118/port-unambiguous").fields.request_uri.host, "[2001:db8::10]");
  EXPECT_EQ(Message("rfc5118/port-unambiguous").fields.request_uri.port, 5070);
  EXPECT_EQ(Message("rfc5118/via-received-param-no-delim").fields.top_via.received,
            "2001:db8::9:255");
  EXPECT_EQ(Message("rfc5118/via-received-param-with-delim").fields.top_via.received,
            "[2001:db8::9:255]");
  EXPECT_EQ(Message("rfc5118/ipv4-mapped-ipv6").fields.top_via.port, 19823);
}

void expect_inside(std::string_view outer, std::initializer_list<std::string_view> views) {
  for (const std::string_view view : views) EXPECT_TRUE(lies_in(view, outer));
}

void expect_inside(std::string_view outer, const Uri& uri) {
  expect_inside(outer, {uri.text, uri.scheme_text, uri.user, uri.password, uri.host, uri.parameters,
                        uri.headers, uri.opaque});
}

void expect_views_inside(std::string_view outer, const MessageView& view,
                         const RequestFields& fields) {
  expect_inside(outer, {view.method_text, view.request_uri, view.reason, view.body});
  for (std::size_t i = 0; i < view.header_count; ++i) {
    expect_inside(outer, {view.headers[i].name_text, view.headers[i].value});
  }
  const Via& via = fields.top_via;
  expect_inside(outer, {via.text, via.sent, via.parameters, via.transport, via.host, via.branch,
                        via.received, via.maddr});
  for (const NameAddr* name_addr : {&fields.from, &fields.to}) {
    expect_inside(outer, {name_addr->display, name_addr->tag});
    expect_inside(outer, name_addr->uri);
  }
  expect_inside(outer, fields.request_uri);
  expect_inside(outer, {fields.call_id, fields.cseq.method});
}

bool is_clean(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (text.substr(i).starts_with("\r\n")) {
      ++i;
    } else if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
      return false;
    }
  }
  return true;
}

const Address source = *parse_address("192.0.2.200:5099");

// The response has the request's Via fields in number, the other fields at most once, nothing else,
// and can be read again: nothing in the request began a line of its own.
void expect_sound_response(const MessageView& request) {
  ByteBuffer out;
  write_response_head(out, request, source, {400, "Bad Request"}, "tag-of-ours");
  end_without_body(out);
  ASSERT_TRUE(is_clean(out.view())) << out.view();
  const auto response = std::make_unique<MessageView>();
  ASSERT_TRUE(parse_message(out.view(), *response)) << out.view();
  EXPECT_EQ(response->status, 400);
  EXPECT_EQ(response->body, "");
  std::size_t fields = response->count(HeaderName::via);
  EXPECT_EQ(fields, request.count(HeaderName::via));
  for (const HeaderName name :
       {HeaderName::from, HeaderName::to, HeaderName::call_id, HeaderName::cseq}) {
    EXPECT_EQ(response->count(name), request.find(name) ? 1U : 0U);
    fields += response->count(name);
  }
  EXPECT_EQ(response->count(HeaderName::content_length), 1U);
  EXPECT_EQ(fields + 1, response->header_count) << out.view();

  const auto asked = usable_via(*request.find(HeaderName::via));
  const auto answered = usable_via(*response->find(HeaderName::via));
  ASSERT_TRUE(asked && answered) << out.view();
  EXPECT_EQ(answered->branch, asked->branch);
  EXPECT_EQ(answered->port, asked->port);
  EXPECT_EQ(answered->received, "192.0.2.200") << out.view();
}

// What holds for any bytes. `bytes` lie before a guarded page.
void check_properties(std::string_view bytes, MessageView& view) {
  RequestFields fields;
  const Parsed<void> parsed = parse_message(bytes, view);
  if (view.is_request) static_cast<void>(parse_request_fields(view, fields));
  expect_views_inside(bytes, view, fields);
  EXPECT_LE(parsed ? 0 : parsed.error().offset, bytes.size());
  if (const auto length = view.find(HeaderName::content_length); parsed && length) {
    EXPECT_EQ(std::to_string(view.body.size()),
              std::to_string(parse_number(*length, bytes.size()).value_or(UINT64_MAX)));
  }
  if (is_answerable(view)) expect_sound_response(view);
}

TEST(Corpus, EachMessageCutAtEachByteIsSafeAndNeverWhole) {
  GuardedBytes pages(limits::datagram_bytes_max);
  const auto view = std::make_unique<MessageView>();
  for (const CorpusFile& file : corpus_files()) {
    const std::string_view whole = file.bytes;
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      check_properties(pages.place(whole.substr(0, length)), *view);
      if (HasFailure()) FAIL() << file.name << " cut at " << length;
    }
  }
}

// Bytes at random and such as mean something, put in place of others, between them, or taken away.
std::string mutate(std::string text, Random& random) {
  using namespace std::string_view_literals;
  static constexpr std::array pieces = {
      "\0"sv,   "\r"sv, "\n"sv, "\r\n"sv, "\r\n "sv, "\r\n\r\n"sv, "\""sv,         "\\"sv,
      "\\\0"sv, "<"sv,  ">"sv,  ";"sv,    ","sv,     ":"sv,        "%"sv,          "%00"sv,
      "%0d"sv,  " "sv,  "\t"sv, "@"sv,    "="sv,     "["sv,        "Via: x\r\n"sv, "\xff"sv,
      "\x7f"sv, "0"sv,  "-"sv,  "?"sv,    "/"sv,     "\xc3\xbc"sv};
  for (std::uint64_t left = 1 + random.below(3); left > 0; --left) {
    const std::size_t at = random.below(text.size() + 1);
    const std::size_t removed = random.below(3) == 0 ? random.below(20) : random.below(2);
    const char any = static_cast<char>(random.below(256));
    const std::string_view piece =
        random.below(4) == 0 ? std::string_view(&any, 1) : pieces[random.below(pieces.size())];
    text.replace(at, removed, piece);
  }
  return text;
}

TEST(Corpus, MutatedMessagesAreSafeAndAnsweredSoundly) {
  GuardedBytes pages(limits::datagram_bytes_max);
  const auto view = std::make_unique<MessageView>();
  Random random({1, 2});
  std::size_t answerable = 0;
  for (const CorpusFile& file : corpus_files()) {
    for (int round = 0; round < 300; ++round) {
      const std::string text = mutate(file.bytes, random);
      check_properties(pages.place(text), *view);
      if (HasFailure()) FAIL() << file.name << " mutated to:\n" << text;
      answerable += is_answerable(*view) ? 1U : 0U;
    }
  }
  EXPECT_GT(answerable, corpus_files().size() * 100) << "most mutations must get that far";
}

TEST(Corpus, NoParseAllocates) {
  const auto view = std::make_unique<MessageView>();
  RequestFields fields;
  const auto& files = corpus_files();
  const std::size_t before = allocation_count();
  std::size_t faults = 0;
  for (const CorpusFile& file : files) faults += read(file.bytes, *view, fields).fault != none;
  const std::size_t after = allocation_count();
  EXPECT_EQ(after, before);
  EXPECT_GT(faults, 0U);
}

TEST(Corpus, AResponseAllocatesNothingInAUsedBuffer) {
  const auto view = std::make_unique<MessageView>();
  ByteBuffer out(std::size_t{1} << 16);
  const Address ipv6 = *parse_address("[2001:db8::1]:5060");
  const std::size_t before = allocation_count();
  for (const CorpusFile& file : corpus_files()) {
    static_cast<void>(parse_message(file.bytes, *view));
    out.clear();
    write_response_head(out, *view, ipv6, {200, "OK"}, "tag");
    end_without_body(out);
  }
  EXPECT_EQ(allocation_count(), before);
}

TEST(AllocationCount, Counts) {
  const std::size_t before = allocation_count();
  const auto one = std::make_unique<int>(1);
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(allocation_count(), before + 1);
}

}  // namespace
}  // namespace imcd::parser
