# shellcheck shell=bash disable=SC2034
#
# packages.sh: which Debian packages the tools need, and how they get them. Sourced, not run.
#
# What is there already is left alone: with all packages installed, nothing here needs root, the
# network or more than one call of dpkg-query.

build_packages=(
  default-libmysqlclient-dev g++ libc-ares-dev libfmt-dev libspdlog-dev libsqlite3-dev libsystemd-dev meson ninja-build nlohmann-json3-dev pkgconf
)
bench_packages=(
  "${build_packages[@]}"
  libbenchmark-dev libcli11-dev python3
)
# tools/bench parser: what measures, and the parsers it stands imcd's beside.
parser_bench_packages=(libbenchmark-dev libosip2-dev libre-dev libsofia-sip-ua-dev valgrind)
kamailio_packages=(kamailio kamailio-sqlite-modules) # What tools/bench fanout stands imcd beside.
test_packages=(
  "${bench_packages[@]}"
  clang-19 clang-format-19 clang-tidy-19 libclang-rt-19-dev # lint, and the build with clang
  git libgtest-dev                                         # unit tests and runners
  sip-tester sipsak                                         # end-to-end tests
  mariadb-server openssl                                    # tests run one of their own
  kamailio kamailio-mysql-modules kamailio-sqlite-modules   # whose databases imcd takes over
)

# Beside what builds it; libFuzzer comes with the runtime of clang's sanitizers.
fuzz_packages=("${build_packages[@]}" clang-19 libclang-rt-19-dev libgtest-dev llvm-19 python3)

# missing_packages PACKAGE...: prints those that are not installed, one a line.
missing_packages() {
  local installed package
  installed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null || true)
  for package in "$@"; do
    grep -qxF "$package installed" <<<"$installed" || printf '%s\n' "$package"
  done
}

# ensure_packages PACKAGE...: installs what is missing, or says what to install and fails.
ensure_packages() {
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null; then
    echo "This is not Debian: see to it that there is what its packages $* contain." >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  ((${#missing[@]} > 0)) || return 0

  if ((EUID != 0)); then
    # Asking for a password is fine, but only where somebody can give it.
    if command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [[ -t 0 ]]; }; then
      as_root=(sudo)
    else
      echo "These packages are missing: ${missing[*]}" >&2
      echo "Install them as root: apt-get install ${missing[*]}" >&2
      return 1
    fi
  fi
  echo "Installing ${missing[*]}" >&2
  as_root+=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  "${as_root[@]}" update >&2 &&
    "${as_root[@]}" install -y --no-install-recommends "${missing[@]}" >&2 </dev/null
}

# installed_packages: what is there of all that meson may look for.
installed_packages() {
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' \
      "${test_packages[@]}" "${parser_bench_packages[@]}" "${fuzz_packages[@]}" 2>/dev/null || true
  else
    pkg-config --list-all
  fi
}

# ensure_build DIRECTORY OPTION...: configures a build directory, and does it again where other packages are installed than
# at the last time: meson leaves out the load generator, the benchmarks or MySQL where it does not find what they need, and
# looks again only when it is told to.
ensure_build() {
  local directory=$1 stamp=$1/installed-packages installed
  shift
  installed=$(installed_packages)
  if [[ ! -f $directory/build.ninja ]]; then
    meson setup "$directory" "$@"
  elif [[ ! -f $stamp || $(<"$stamp") != "$installed" ]]; then
    meson setup --reconfigure "$directory"
  fi
  printf '%s\n' "$installed" >"$stamp"
}
