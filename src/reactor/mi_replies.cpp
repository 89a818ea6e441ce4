#include "reactor/mi_replies.h"

#include <algorithm>
#include <cerrno>
#include <expected>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace imcd::reactor {
namespace {

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.find_first_of(std::string_view("/.\0", 3)) == std::string_view::npos;
}

bool is_single_fifo(const struct stat& file) {
  return S_ISFIFO(file.st_mode) && file.st_nlink == 1;
}

// The client may not have made or opened its FIFO yet, and a shortage of ours passes as well.
MiReplyEvent event_for(int error) {
  switch (error) {
    case ENOENT:
    case ENXIO:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return MiReplyEvent::no_reader;
    default:
      return MiReplyEvent::refused;
  }
}

// Looks before it opens, as opening a device has effects of its own, and again after it, as the
// client may have exchanged the file in between.
Result<Fd, MiReplyEvent> open_fifo(const std::string& directory_name, const std::string& name) {
  if (!is_plain_name(name)) return std::unexpected(MiReplyEvent::refused);
  const Fd directory(::open(directory_name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return std::unexpected(event_for(errno));
  struct stat file{};
  if (::fstatat(directory.get(), name.c_str(), &file, AT_SYMLINK_NOFOLLOW) != 0) {
    return std::unexpected(event_for(errno));
  }
  if (!is_single_fifo(file)) return std::unexpected(MiReplyEvent::refused);
  Fd fd(::openat(directory.get(), name.c_str(), O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return std::unexpected(event_for(errno));
  if (::fstat(fd.get(), &file) != 0 || !is_single_fifo(file)) {
    return std::unexpected(MiReplyEvent::refused);
  }
  return fd;
}

}  // namespace

MiReplies::MiReplies(std::string directory, Epoll& epoll)
    : directory_(std::move(directory)), epoll_(epoll) {}

void MiReplies::carry_out(const Outbox::MiReplyAction& action) {
  switch (action.kind) {
    case Outbox::MiReplyAction::Kind::open:
      return open(action.reply, action.text);
    case Outbox::MiReplyAction::Kind::write:
      return write(action.reply, action.text);
    case Outbox::MiReplyAction::Kind::close:
      return close(action.reply);
  }
}

void MiReplies::on_ready(MiReplyId id) {
  Reply* reply = find(id);
  // Without anything to write there is nothing to find out: a later write meets a full pipe or a
  // missing reader by itself.
  if (reply != nullptr && !reply->unwritten.empty()) write_on(*reply);
}

std::optional<MiReplies::Event> MiReplies::take_event() {
  if (events_.empty()) return std::nullopt;
  const Event event = events_.front();
  events_.erase(events_.begin());
  return event;
}

void MiReplies::open(MiReplyId id, const std::string& name) {
  close(id);  // Nobody opens a reply twice; if so, the older one must not keep the name.
  Result<Fd, MiReplyEvent> fd = open_fifo(directory_, name);
  if (!fd) return events_.push_back({id, fd.error()});
  if (!epoll_.add(fd->get(), EPOLLOUT, {SourceKind::mi_reply, id})) {
    return events_.push_back({id, MiReplyEvent::no_reader});
  }
  replies_.push_back({id, std::move(*fd), {}});
  events_.push_back({id, MiReplyEvent::opened});
}

void MiReplies::write(MiReplyId id, std::string_view bytes) {
  Reply* reply = find(id);
  if (reply == nullptr) return;
  reply->unwritten.append(bytes);
  write_on(*reply);
}

// What the core has closed it hears no more of.
void MiReplies::close(MiReplyId id) {
  std::erase_if(replies_, [id](const Reply& reply) { return reply.id == id; });
  std::erase_if(events_, [id](const Event& event) { return event.reply == id; });
}

void MiReplies::write_on(Reply& reply) {
  std::string_view rest = reply.unwritten;
  while (!rest.empty()) {
    const ssize_t count = ::write(reply.fd.get(), rest.data(), rest.size());
    if (count > 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) {
      const MiReplyId id = reply.id;
      close(id);
      return events_.push_back({id, MiReplyEvent::broken});
    }
    break;
  }
  reply.unwritten.erase(0, reply.unwritten.size() - rest.size());
  if (!reply.unwritten.empty()) return;
  const Event writable{reply.id, MiReplyEvent::writable};
  if (std::ranges::find(events_, writable) == events_.end()) events_.push_back(writable);
}

MiReplies::Reply* MiReplies::find(MiReplyId id) {
  const auto found =
      std::ranges::find_if(replies_, [id](const Reply& reply) { return reply.id == id; });
  return found == replies_.end() ? nullptr : &*found;
}

}  // namespace imcd::reactor
