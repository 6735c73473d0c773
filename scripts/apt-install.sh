# Sourced, not run: installs packages of Debian and Ubuntu, and says what to install where that cannot be.

say() { printf '%s\n' "$*" >&2; }

as_root=""
if [ "$(id -u)" != 0 ]; then as_root="sudo"; fi

# install <names...>
install() {
  $as_root apt-get update -qq &&
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o=Dpkg::Use-Pty=0 "$@" >&2
}

# install_needed "<command to run again>" <names...>: ends the script where they cannot be installed
install_needed() {
  again=$1
  shift
  if ! command -v apt-get >/dev/null; then
    say "Missing here: $* (by their Debian names). Install them and run $again again."
    exit 1
  fi
  if [ -n "$as_root" ] && ! command -v sudo >/dev/null; then
    say "Missing here: $*. Install them as root: apt-get install $*"
    exit 1
  fi
  say "Installing $* (with what they need)"
  install "$@"
}
