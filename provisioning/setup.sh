#!/usr/bin/env bash
# Installs what this machine lacks, so that `make run`, `make demo` and `make test` work.
#
#   bash provisioning/setup.sh [--tests]     --tests adds what only tests use (a browser and its driver)
#
# Debian packages come through apt-get (as root or with sudo), only those that are missing. Everything else lands
# inside this folder: Python packages in .venv, held to the hashes of requirements-dev.lock, and fonts in build/.
# A second call that finds nothing to do takes a fraction of a second. Messages go to stderr.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# What each package is for:
PACKAGES=(
  gcc libc6-dev swig libpcsclite-dev # pyscard is compiled here: it comes as source only
  pcscd                              # the PC/SC service, run privately by `--stack real` and by tests
  vsmartcard-vpcd                    # its virtual reader, where the simulated card is put in
  libgl1 libegl1 libgl1-mesa-dri     # Kivy draws through OpenGL; these draw without a screen and without a graphics card
  libzbar0                           # reads the QR code of a receipt's picture (`kiosk receipt verify IMAGE`)
  espeak-ng alsa-utils               # the voice of speech mode, and what plays it
  librime1 rime-data-pinyin-simp rime-prelude # pinyin: the engine, its dictionary, and what it cannot begin without
  libopencc-data                     # the tables by which that engine writes Traditional characters
  libzinnia0 tegaki-zinnia-simplified-chinese tegaki-zinnia-japanese # handwriting: the recogniser, its models
  fonts-noto-cjk                     # the source of the terminal's own fonts, and the rare names on receipts
)
PYTHON_PACKAGES=(python3 python3-venv python3-dev) # where no Python 3.11 with venv and headers is found
TEST_PACKAGES=(
  cups cups-client         # a private CUPS server prints a certificate to a file
  qpdf                     # checks the structure of that file
  ghostscript                # draws a certificate's page, so that its QR code can be read back
  chromium chromium-driver # tests press the bench panel's buttons in a real browser
  opensc                   # opensc-tool has to see our simulated card as a card
  openssl                  # the second opinion on SM2 and on a travel document's signature
  postgresql-15            # the gateway's tests start a private server of their own
  systemd-container        # boots a plain Debian on which the terminal's package is installed; systemd-analyze, -creds
  mmdebstrap zstd          # makes that Debian; packs the package
  swtpm                    # a TPM in software, which seals a terminal's key
  libtss2-esys-3.0.2-0 libtss2-mu0 libtss2-rc0 libtss2-tcti-swtpm0 # what systemd-creds talks to it with
)

say() { printf 'setup: %s\n' "$*" >&2; }
die() {
  say "$1"
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s\n' "$package"
  done
}

# A Python 3.11 that can make a virtual environment and compile against itself. The machine's own comes first.
find_python() {
  local candidate
  for candidate in python3.11 python3 /usr/bin/python3.11; do
    if "$candidate" - <<'PY' 2>/dev/null; then
import ensurepip, os, sys, sysconfig, venv
header = os.path.join(sysconfig.get_path("include"), "Python.h")
raise SystemExit(sys.version_info[:2] != (3, 11) or not os.path.exists(header))
PY
      command -v "$candidate"
      return
    fi
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo "$@"
  else
    return 1
  fi
}

install_packages() {
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0)
  say "installing Debian packages: $*"
  as_root true || die "these Debian packages are missing, and this account may not install them: $*" \
    "Run this once as root, or with sudo:  apt-get install --no-install-recommends $*"
  as_root "${apt[@]}" update >&2 || say "apt-get update failed; trying with the package lists that are here"
  as_root "${apt[@]}" install -y --no-install-recommends "$@" >&2 || die \
    "apt-get could not install: $*" "Its reason is above. Is the network there? Is this Debian 12?"
}

debian_packages() {
  local wanted=("${PACKAGES[@]}") missing
  find_python >/dev/null || wanted+=("${PYTHON_PACKAGES[@]}")
  [ "$1" = --tests ] && wanted+=("${TEST_PACKAGES[@]}")
  if ! command -v dpkg-query >/dev/null; then
    say "this is not Debian: cannot check for ${wanted[*]}"
    return
  fi
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
}

# The lines of one package in the lock, hashes included.
locked() { awk -v name="$1" 'index($0, name "==") == 1 {on = 1} on {print} on && !/\\$/ {exit}' requirements-dev.lock; }

python_packages() {
  local stamp=.venv/.setup-stamp now
  now=$({ pwd && cat requirements-dev.lock pyproject.toml provisioning/setup.sh; } | sha256sum)
  if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return; fi

  local python
  python=$(find_python) || die "Python 3.11 with venv and its headers is needed, and was not found." \
    "Debian 12 has it: python3 python3-venv python3-dev." "Other systems: put a python3.11 into PATH."
  local pip=(.venv/bin/python -m pip --disable-pip-version-check --no-input -q --cache-dir build/cache/pip)
  local install=("${pip[@]}" install --require-hashes --no-build-isolation --no-warn-script-location)
  # A .venv that was copied from elsewhere still points there: its scripts name the folder they were made in.
  if ! head -n 3 .venv/bin/pip 2>/dev/null | grep -qF "$PWD/.venv/bin/" ||
    ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with $python"
    "$python" -m venv --clear .venv || die "$python could not make .venv; its reason is above."
  fi
  rm -f "$stamp"
  say "installing the Python packages of requirements-dev.lock (a minute or two)"
  # setuptools first: it builds pyscard, and is held to its hash like everything else.
  locked setuptools >build/setuptools.lock
  if ! { "${install[@]}" -r build/setuptools.lock && "${install[@]}" -r requirements-dev.lock; } >build/pip.log 2>&1; then
    tail -n 15 build/pip.log >&2
    die "pip could not install requirements-dev.lock; its reason is above, all of it in build/pip.log." \
      "Usual causes: no network, or a proxy or mirror that pip is not told of (PIP_INDEX_URL, PIP_CERT)."
  fi
  remove_strays "${pip[@]}"
  "${pip[@]}" install --no-deps --no-build-isolation --no-warn-script-location -e . >build/pip.log 2>&1 || die \
    "the project itself could not be installed; see build/pip.log."
  printf '%s\n' "$now" >"$stamp"
}

# Packages that an older lock had must not be importable by chance.
remove_strays() {
  local strays
  mapfile -t strays < <(.venv/bin/python - <<'PY'
import importlib.metadata, re
def name(text): return re.sub(r"[-_.]+", "-", text).lower()
with open("requirements-dev.lock", encoding="utf-8") as lock:
    kept = {name(line.split("==")[0]) for line in lock if re.match(r"[A-Za-z0-9]", line)}
found = {name(one.metadata["Name"]) for one in importlib.metadata.distributions()}
print("\n".join(sorted(found - kept - {"citizen-kiosk", "pip", "setuptools"})))
PY
  )
  [ -z "${strays[*]}" ] || "$@" uninstall -y "${strays[@]}" >build/pip.log 2>&1
}

fonts() {
  local stamp=build/fonts/.setup-stamp now
  now=$(cat kiosk/ui/build_fonts.py | sha256sum)
  if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return; fi
  say "building the fonts (about a minute)"
  rm -rf build/fonts
  .venv/bin/python -m kiosk.ui.build_fonts build/fonts >&2 || die "the fonts could not be built; the reason is above."
  printf '%s\n' "$now" >"$stamp"
}

mkdir -p build
exec 9>build/.setup-lock
flock 9 # two `make` commands at once: the second waits
debian_packages "${1:-}"
python_packages
fonts
