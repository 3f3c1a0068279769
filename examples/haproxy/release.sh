#!/bin/sh
# One server's release of app.py: `release.sh install PORT VERSION COLOR`, `release.sh remove PORT`.
set -eu
cd "$(dirname "$0")"
what=$1 port=$2
mkdir -p run

# Whatever ran before answers what it has, and ends.
if [ -f "run/$port.pid" ]; then
  pid=$(cat "run/$port.pid")
  kill "$pid" 2>/dev/null || true
  tries=0
  while kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  rm "run/$port.pid"
fi
[ "$what" = install ] || exit 0

VERSION=$3 COLOR=$4 nohup python3 app.py "$port" >"run/$port.log" 2>&1 </dev/null &
echo $! >"run/$port.pid"
