/**
 * The shell scripts that run on another host: fixed texts; what varies comes as arguments. All
 * of them run below `run`, which ends them, and in English, as what they say is understood here.
 */

/** Exit codes of the scripts, apart from those of programs that they run. */
export const absent = 44;
export const taken = 45;
export const cutShort = 46;

/**
 * A program's own 255 becomes 254, so that 255 is always the connection's. One that takes too long
 * is ended there, where that can be done: \`timeout\` is in GNU's tools and in busybox.
 */
const run = `seconds=$1
shift
if timeout -k 1 5 true 2>/dev/null; then timeout -k 2 "$seconds" "$@"; else "$@"; fi
code=$?
[ "$code" -ne 255 ] || code=254
exit "$code"`;

const read = `[ -e "$1" ] || exit ${absent}
cat "$1"
code=$?
[ "$code" -eq 0 ] || [ -e "$1" ] || exit ${absent}
exit "$code"`;

const readLink = `[ -L "$1" ] || exit ${absent}
exec readlink "$1"`;

/** What was sent is counted first: a connection that drops looks like the end of the text. */
const write = `umask 022
folder=$(dirname "$1")
temporary="$1.$2.tmp"
mkdir -p "$folder" || exit 1
store() {
  cat > "$temporary" || return 1
  [ "$(wc -c < "$temporary" | tr -d ' ')" = "$4" ] || return ${cutShort}
  chmod "$3" "$temporary" || return 1
  sync "$temporary" 2>/dev/null || sync
  mv -f "$temporary" "$1" || return 1
  sync "$folder" 2>/dev/null || sync
}
store "$@"
code=$?
[ "$code" -eq 0 ] || rm -f "$temporary"
exit "$code"`;

const link = `temporary="$1.$2.tmp"
ln -s "$3" "$temporary" && mv -f "$temporary" "$1"
code=$?
[ "$code" -eq 0 ] || rm -f "$temporary"
folder=$(dirname "$1")
sync "$folder" 2>/dev/null || sync
exit "$code"`;

/**
 * The text arrives as an argument, so it is there whole or not at all; a link is never half made.
 * It is written by `cat`, as the shell's own `printf` doesn't always say why it couldn't.
 */
const create = `mkdir -p "$(dirname "$1")" || exit 1
temporary="$1.$2.tmp"
printf %s "$3" | cat > "$temporary" || { rm -f "$temporary"; exit 1; }
ln "$temporary" "$1" 2>/dev/null
code=$?
rm -f "$temporary"
[ "$code" -eq 0 ] && exit 0
[ -e "$1" ] && exit ${taken}
exit 1`;

/** Moved aside first, so that what is judged is what goes; a substitution drops ends of lines. */
const removeIf = `aside="$1.$2.tmp"
holds() { [ "$(cat "$1" 2>/dev/null; echo .)" = "$2." ]; }
holds "$1" "$3" || exit ${taken}
if ! mv "$1" "$aside" 2>/dev/null; then
  [ -e "$1" ] && exit 1
  exit ${taken}
fi
if holds "$aside" "$3"; then exec rm -f "$aside"; fi
ln "$aside" "$1" 2>/dev/null
rm -f "$aside"
exit ${taken}`;

const remove = `exec rm -rf "$1"`;

const list = `[ -d "$1" ] || exit 0
exec ls -1A "$1"`;

/** GNU and busybox know \`-c\`, the BSDs \`-f\`. Blocks are of 512 bytes. */
const sizes = `for each; do
  if [ -e "$each" ]; then
    stat -L -c '%s %b %Y' "$each" 2>/dev/null || stat -L -f '%z %b %m' "$each" || exit 1
  else
    echo absent
  fi
done`;

/** The older module doesn't know IPv6, but the newer one may be missing. */
const perl = `use strict; use IO::Socket::UNIX; use IO::Socket::INET;
my $tcp = eval { require IO::Socket::IP } ? "IO::Socket::IP" : "IO::Socket::INET";
my ($to, $seconds) = @ARGV; alarm $seconds; local $/;
my $socket = $to =~ m{^/} ? IO::Socket::UNIX->new(Peer => $to)
  : $tcp->new(PeerAddr => $to) or die "$!\\n";
print $socket <STDIN>; $socket->flush; print <$socket>;`;

const python = `import socket, sys
to, seconds = sys.argv[1], float(sys.argv[2])
kind = socket.AF_UNIX if to.startswith("/") else None
if kind is None:
    host, port = to.rsplit(":", 1)
    s = socket.create_connection((host.strip("[]"), int(port)), seconds)
else:
    s = socket.socket(kind, socket.SOCK_STREAM); s.settimeout(seconds); s.connect(to)
s.sendall(sys.stdin.buffer.read())
while True:
    part = s.recv(65536)
    if not part: break
    sys.stdout.buffer.write(part)`;

/** Perl is part of every Debian, Python of every Red Hat. */
const ask = `if command -v perl >/dev/null 2>&1; then exec perl -e "$3" "$1" "$2"; fi
for each in python3 /usr/libexec/platform-python; do
  if command -v "$each" >/dev/null 2>&1; then exec "$each" -c "$4" "$1" "$2"; fi
done
echo "neither perl nor python3 is installed there" >&2
exit 127`;

export const scripts = {
  run,
  read,
  readLink,
  write,
  link,
  create,
  removeIf,
  remove,
  list,
  sizes,
  ask,
};
export const askPrograms = { perl, python };
