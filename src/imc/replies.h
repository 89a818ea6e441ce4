// The final responses that rooms give. Each is a sentence which a chat user understands: many
// clients show nothing else.
#pragma once

#include "base/reply.h"

namespace imcd::imc::reply {

constexpr Reply ok{};
constexpr Reply bad_command{400, 0, "Bad Command"};
constexpr Reply unknown_command{400, 0, "Unknown Command"};
constexpr Reply anonymous{403, 0, "Anonymous Users May Not Enter Rooms"};
constexpr Reply not_a_member{403, 0, "Not A Member Of The Room"};
constexpr Reply not_allowed{403, 0, "Not Allowed In This Room"};
constexpr Reply not_invited{403, 0, "Not Invited"};
constexpr Reply room_is_private{403, 0, "Room Is Private"};
constexpr Reply room_exists{403, 0, "Room Exists Already"};
constexpr Reply member_already{403, 0, "Member Or Invited Already"};
constexpr Reply room_creation_refused{403, 0, "Room Creation Refused"};
constexpr Reply owner_cannot_leave{403, 0, "Owner Cannot Leave"};
constexpr Reply owner_cannot_be_removed{403, 0, "Owner Cannot Be Removed"};
constexpr Reply not_the_sender{403, 0, "Text Names Another Sender"};
constexpr Reply no_name_for_room{403, 0, "Not A Name For A Room"};
constexpr Reply address_of_user{403, 0, "Address Of A User"};
constexpr Reply blocked{403, 0, "User Does Not Want That"};
constexpr Reply no_such_block{404, 0, "No Such Block"};
constexpr Reply no_such_room{404, 0, "No Such Room"};
constexpr Reply no_such_member{404, 0, "No Such Member"};
constexpr Reply unsupported_media_type{415, 0, "Unsupported Media Type"};
constexpr Reply unsupported_content_encoding{415, 0, "Unsupported Content-Encoding"};
// A full room or user is spared for a while by its senders, not by the proxy for everybody: 480.
constexpr Reply room_is_full{480, 0, "Room Is Full"};
constexpr Reply too_many_rooms{480, 0, "User Is In Too Many Rooms"};
constexpr Reply too_many_unasked{480, 0, "User Has Not Answered Others Yet"};
constexpr Reply asks_too_often{480, 1, "Too Many Users Added Or Invited"};
constexpr Reply too_many_blocks{480, 0, "Too Many Blocks"};
constexpr Reply user_too_fast{480, 1, "User Sends Too Fast"};
constexpr Reply too_many_notices{480, 10, "Too Many Notices Wait For You"};
constexpr Reply room_too_fast{480, 1, "Room Gets Too Many Messages"};
constexpr Reply loop_detected{482, 0, "Loop Detected"};
constexpr Reply message_too_large{513, 0, "Message Too Large"};
// Without Retry-After, as that would speak for the whole process.
constexpr Reply overloaded{503, 0, "Overloaded"};
constexpr Reply too_many_rooms_here{503, 0, "No Space For Another Room"};

}  // namespace imcd::imc::reply
