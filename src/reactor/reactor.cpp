#include "reactor/reactor.h"

#include <ctime>
#include <sys/socket.h>

#include "reactor/loop.h"

namespace imcd::reactor {

struct Reactor::Impl {
  std::unique_ptr<Loop> loop;
};

Reactor::Reactor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reactor::~Reactor() = default;

Result<std::unique_ptr<Reactor>> Reactor::open(const Options& options, Figures& figures) {
  Result<std::unique_ptr<Loop>> loop = Loop::open(options, figures, &::sendmmsg);
  if (!loop) return std::unexpected(loop.error());
  return std::unique_ptr<Reactor>(new Reactor(std::make_unique<Impl>(std::move(*loop))));
}

std::span<const Address> Reactor::bound() const { return impl_->loop->bound(); }
std::span<const Address> Reactor::bound_tcp() const { return impl_->loop->bound_tcp(); }
std::span<const std::string> Reactor::warnings() const { return impl_->loop->warnings(); }
int Reactor::run(Core& core, Process& process) { return impl_->loop->run(core, process); }
void Reactor::wake() { impl_->loop->wake(); }

Instant Reactor::read_clock() {
  timespec mono{};
  timespec wall{};
  ::clock_gettime(CLOCK_MONOTONIC, &mono);
  ::clock_gettime(CLOCK_REALTIME, &wall);
  const std::chrono::milliseconds since_1970 =
      std::chrono::seconds(wall.tv_sec) +
      std::chrono::duration_cast<std::chrono::milliseconds>(Duration(wall.tv_nsec));
  return {MonoTime(std::chrono::seconds(mono.tv_sec) + Duration(mono.tv_nsec)),
          WallTime(since_1970)};
}

}  // namespace imcd::reactor
