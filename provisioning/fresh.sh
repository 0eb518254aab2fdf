#!/usr/bin/env bash
# Proves the promise of the README: on a fresh, minimal Debian 12 its two commands work, with nothing installed by hand.
#
#   bash provisioning/fresh.sh [COMMAND…]        default: make run, make test        needs root and mmdebstrap
#
# Makes a minimal root folder, copies into it what is committed or would be, and runs the command there, with this
# machine's package sources, certificates and pip settings. Everything lies in build/fresh/ and can be removed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

command -v mmdebstrap >/dev/null || { echo "fresh: mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "fresh: needs root, to enter another root folder" >&2; exit 1; }
[ "$#" -gt 0 ] || set -- bash -euc '
  # The bench, until it is ready and answers as a browser would ask.
  coproc make run
  ready=
  while [ -z "$ready" ] && read -r line <&"${COPROC[0]}"; do
    case $line in "ready http://127.0.0.1:"*) ready=${line##*:} ;; esac
  done
  exec 3<>"/dev/tcp/127.0.0.1/${ready:?the bench ended before it was ready}"
  printf "GET / HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n" >&3
  read -r answer <&3
  case $answer in *" 200 "*) echo "fresh: make run works" ;; *) echo "fresh: the bench says $answer"; exit 1 ;; esac
  exec 3>&-
  kill -TERM "$COPROC_PID"
  wait "$COPROC_PID" || [ $? = 143 ] || { echo "fresh: the bench did not end as asked"; exit 1; }
  make test
  echo "fresh: make run and make test work"
'

root=$PWD/build/fresh/root
certificates=etc/ssl/certs/ca-certificates.crt
rm -rf build/fresh
mkdir -p "$root"
# Only what the README says one needs: git and make. `minbase` has no Python, no compiler, no fonts.
mmdebstrap --quiet --variant=minbase --include=ca-certificates,git,make --aptopt='APT::Install-Recommends "false"' \
  bookworm "$root" /etc/apt/sources.list.d/*.sources
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L "/$certificates" "$root/$certificates"
printf "127.0.0.1 localhost\n::1 localhost\n" >"$root/etc/hosts" # every installed Debian has it, a bare root has not
mkdir -p "$root/srv/kiosk"
git ls-files --cached --others --exclude-standard -z | xargs -0 tar c | tar x -C "$root/srv/kiosk"

mapfile -t settings < <(env | grep -E '^PIP_(CERT|INDEX_URL|DEFAULT_TIMEOUT)=' || true)
# A mount namespace and a process namespace of its own: whatever the command leaves running ends with it.
unshare --mount --pid --fork -- bash -euc '
  root=$1; shift
  mount -t proc proc "$root/proc"
  mount --rbind /dev "$root/dev"
  exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@"
' fresh "$root" "${settings[@]}" bash -c 'cd /srv/kiosk && exec "$@"' fresh "$@"
