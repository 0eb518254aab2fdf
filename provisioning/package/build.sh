#!/usr/bin/env bash
# Builds the terminal's Debian package for this machine's architecture, from the locked set: `make deb`.
#
#   bash provisioning/package/build.sh [OUT]      default: build/deb; prints the path of the package
#
# VERSION=… another version than pyproject.toml's. LOCK=… another lock than requirements.lock. The wheels (wheelhouse)
# and the environment made of them lie in build/package; a second call with the same lock takes the wheels from there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

out=${1:-build/deb}
lock=${LOCK:-requirements.lock}
most_bytes=60000000
work=$PWD/build/package
uv=$PWD/.venv/bin/uv
python=/usr/bin/python3.11 # Debian's own: the package depends on it
architecture=$(dpkg --print-architecture)
version=${VERSION:-$(.venv/bin/python -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')}

say() { printf 'deb: %s\n' "$*" >&2; }
die() { say "$1"; exit 1; }
[ -x "$python" ] || die "$python is missing: apt-get install python3.11"
for tool in ar strip zstd; do
  command -v "$tool" >/dev/null || die "$tool is missing: apt-get install binutils zstd"
done
[ -e build/fonts/.setup-stamp ] || die "the fonts are missing: make setup"

# The wheelhouse: every locked package as a wheel, held to its hash; what comes as source only is compiled here.
stamp=$(cat "$lock" provisioning/package/build.sh | sha256sum)
if [ "$(cat "$work/wheels/.stamp" 2>/dev/null)" != "$stamp" ]; then
  say "collecting the wheels of $lock"
  rm -rf "$work/wheels"
  mkdir -p "$work/wheels"
  # Where this machine's Python was built to look for its own libraries, a terminal has none.
  LDSHARED="gcc -shared" .venv/bin/python -m pip --disable-pip-version-check wheel -qq --require-hashes --no-deps \
    --no-build-isolation --cache-dir "$work/cache" --wheel-dir "$work/wheels" -r "$lock" ||
    die "the wheelhouse could not be filled; the reason is above"
  printf '%s' "$stamp" >"$work/wheels/.stamp"
fi

root=$work/root
rm -rf "$root" "$work/source" "$work/own"
mkdir -p "$root/usr/lib" "$root/DEBIAN" "$work/source" "$work/own" "$out"
cp -a provisioning/package/files/. "$root/"

# The application's own wheel, built from a copy: nothing is left beside the sources.
cp -a pyproject.toml README.md LICENSE kiosk drivers offline_cache provisioning assets "$work/source/"
.venv/bin/python -m pip --disable-pip-version-check wheel -qq --no-deps --no-build-isolation --wheel-dir "$work/own" "$work/source"

venv=$root/usr/lib/kiosk
"$uv" venv -q --relocatable --no-project --python "$python" "$venv"
"$uv" pip install -q --link-mode copy --no-index --no-deps --python "$venv/bin/python" "$work"/wheels/*.whl "$work"/own/*.whl
"$uv" pip check -q --python "$venv/bin/python" || die "$lock is behind pyproject.toml: make lock"

# The data of folders that are no Python packages (services, city, sounds): setuptools leaves them out of the wheel.
site=$venv/lib/python3.11/site-packages
cp -a assets kiosk drivers offline_cache provisioning "$site/"
rm -rf "$site/provisioning/package"

# What a terminal never runs: package installers, tests, sources of compiled modules, shells' activation scripts.
# PostgreSQL's driver is the gateway's alone. Of Babel's 1,000 locales every language stays, and the territories of ours.
rm -rf "$site"/{opencc/clib/bin,opencc/clib/include,opencc/clib/lib64,pip,pip-*,setuptools,setuptools-*,docutils,docutils-*,psycopg*,kivy/tools,kivy/include,share} "$venv/share"
find "$site/babel/locale-data" -name '*_*.dat' ! -name 'zh_*' ! -name 'en_*' ! -name 'yue_*' -delete
find "$site" -type d -name tests -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.pyi' -o -name '*.c' -o -name '*.h' \) -delete
# Pillow does without AVIF; of the 500 languages that Pygments colours, a traceback needs Python's.
rm -f "$site"/PIL/_avif.*.so "$site"/pillow.libs/libavif-*.so*
find "$site/pygments/lexers" -name '*.py' ! -name '__init__.py' ! -name '_mapping.py' ! -name python.py ! -name special.py -delete
find "$site" -name direct_url.json -delete # where a wheel lay on this machine
find "$site" -type d -name __pycache__ -prune -exec rm -rf {} +
find "$venv/bin" -mindepth 1 ! -name 'python*' ! -name kiosk -delete
rm -f "$venv/bin"/python-{barcode,escpos} "$venv/.gitignore" "$venv/.lock"
find "$site" -name '*.so*' -type f -exec strip --strip-unneeded {} + 2>"$work/strip.log" || say "some libraries keep their symbols: see build/package/strip.log"

if find "$site" -name '*.so*' -type f -exec readelf -d {} + 2>/dev/null | grep -E 'R(UN)?PATH.*\[/'; then
  die "a library would look for others in a folder of this machine"
fi

# The fonts lie in the environment's `share`, where `kiosk.ui.build_fonts.fonts_folder` looks first.
install -d "$venv/share/kiosk/fonts"
cp build/fonts/*.otf "$venv/share/kiosk/fonts/"
# Compiled once, here: nothing below /usr is written on the terminal.
"$venv/bin/python" -m compileall -q -j 0 --invalidation-mode unchecked-hash "$site" -s "$root" >&2
install -d "$root/usr/share/doc/kiosk"
cat >"$root/usr/share/doc/kiosk/copyright" <<'TEXT'
Citizen kiosk, Apache License 2.0: /usr/share/common-licenses/Apache-2.0
The Python packages below /usr/lib/kiosk have their own licences, each beside its metadata (*.dist-info).
TEXT
gzip -9n <CHANGELOG.md >"$root/usr/share/doc/kiosk/changelog.gz"
cp docs/technician.md docs/reference/settings.md docs/reference/failure-codes.md "$root/usr/share/doc/kiosk/"
.venv/bin/python -m tests.supply --out "$work/supply" >/dev/null # what is in it: who finds a weak version somewhere asks here
cp "$work"/supply/{sbom.cdx.json,licences.md} "$root/usr/share/doc/kiosk/"

chmod -R u=rwX,go=rX "$root"
chmod 600 "$root/etc/usbguard/rules.d/50-kiosk.conf" # USBGuard starts with no rules that others may read
size=$(du -sk --exclude=DEBIAN "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
  provisioning/package/control/control.in >"$root/DEBIAN/control"
install -m 644 provisioning/package/control/conffiles "$root/DEBIAN/"
install -m 755 provisioning/package/control/{preinst,postinst,prerm,postrm} "$root/DEBIAN/"
file=$out/kiosk_${version}_${architecture}.deb
# zstd looks back 128 MB (the most that dpkg reads): the fonts share most of their shapes, and become half as large.
pack() { tar --sort=name --owner=0 --group=0 --numeric-owner --format=gnu -C "$1" "${@:3}" -c . | zstd -q -f -T0 -15 --long=27 -o "$2"; }
rm -f "$work"/*.zst "$file"
pack "$root/DEBIAN" "$work/control.tar.zst"
pack "$root" "$work/data.tar.zst" --exclude=./DEBIAN
printf '2.0\n' >"$work/debian-binary"
(cd "$work" && ar rcD package.deb debian-binary control.tar.zst data.tar.zst)
mv "$work/package.deb" "$file"
bytes=$(stat -c %s "$file")
[ "$bytes" -le "$most_bytes" ] || die "$file has $bytes bytes, $most_bytes are the most"
say "$((bytes / 1048576)) MB, $((size / 1024)) MB installed"
printf '%s\n' "$file"
