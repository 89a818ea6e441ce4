#include "parser/fault.h"

#include <gtest/gtest.h>
#include <set>
#include <string>

namespace imcd::parser {
namespace {

TEST(FaultAnswer, EveryFaultHasACodeAReasonAndALabelOfItsOwn) {
  std::set<std::string_view> reasons;
  std::set<std::string_view> labels;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Fault::count); ++i) {
    const FaultAnswer answer = fault_answer(static_cast<Fault>(i));
    const std::set<int> codes = {0, 400, 403, 413, 505, 513};
    EXPECT_TRUE(codes.contains(answer.code)) << answer.label;
    EXPECT_TRUE(reasons.insert(answer.reason).second) << answer.reason;
    EXPECT_TRUE(labels.insert(answer.label).second) << answer.label;
    EXPECT_EQ(answer.label.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"),
              std::string_view::npos);
    for (const char c : answer.reason) EXPECT_TRUE(c >= ' ' && c <= '~') << answer.label;
  }
}

TEST(FaultAnswer, NamesTheHeaderAndTheFault) {
  EXPECT_EQ(fault_answer(Fault::missing_call_id).reason, "Missing Call-ID Header");
  EXPECT_EQ(fault_answer(Fault::missing_call_id).label, "missing_call_id");
  EXPECT_EQ(fault_answer(Fault::cseq_method_mismatch).reason, "CSeq Method Does Not Match");
  EXPECT_EQ(fault_answer(Fault::content_length_beyond).reason, "Content-Length Beyond Datagram");
}

TEST(FaultAnswer, OnlyWhatIsNoSipRequestHasNoCode) {
  for (const Fault fault : {Fault::empty, Fault::stun, Fault::not_sip, Fault::bad_status_line}) {
    EXPECT_EQ(fault_answer(fault).code, 0);
  }
  EXPECT_EQ(fault_answer(Fault::bad_request_line).code, 400);
  EXPECT_EQ(fault_answer(Fault::bad_version).code, 505);
}

TEST(FirstFault, KeepsTheFirstOne) {
  FirstFault fault;
  EXPECT_TRUE(fault.result());
  fault.note(Fault::bad_to, 7);
  fault.note(Fault::bad_from, 9);
  ASSERT_FALSE(fault.result());
  EXPECT_EQ(fault.result().error().fault, Fault::bad_to);
  EXPECT_EQ(fault.result().error().offset, 7U);
}

}  // namespace
}  // namespace imcd::parser
