#!/usr/bin/env bash
# Builds what a release is made of into dist/, and tries the wheel as somebody who has nothing else:
#
#   wheel and sdist ─▶ fresh environment, pinned by requirements.lock ─▶ list of parts (CycloneDX) ─▶ audit ─▶ image
#
# An image is built where docker or podman answers (IMAGE=no leaves it out). Nothing is published.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.venv/bin
version=$("$bin/python" -c 'import tomllib; print(tomllib.load(open("pyproject.toml", "rb"))["project"]["version"])')
dist=$PWD/dist
say() { printf '%s\n' "release $version: $*" >&2; }

grep -q "^## $version" CHANGELOG.md || { say "CHANGELOG.md has no section $version"; exit 1; }
grep -q "^## $version (unreleased)" CHANGELOG.md && say "CHANGELOG.md calls it unreleased: date it before you tag"
[ -z "$(git status --porcelain 2>/dev/null)" ] || say "there are uncommitted changes: what is built is not what a tag would hold"

rm -rf "$dist"
"$bin/python" -m build -q --no-isolation --outdir "$dist" .
wheel=$(ls "$dist"/*.whl)
say "$(basename "$wheel"), $(basename "$dist"/*.tar.gz)"

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python3 -m venv "$fresh/env"
"$fresh/env/bin/pip" install -q --disable-pip-version-check --require-hashes -r requirements.lock
"$fresh/env/bin/pip" install -q --disable-pip-version-check --no-deps "$wheel"
# Away from the checkout, so that only what the wheel holds can be found.
(
  cd "$fresh"
  env/bin/stellwerk --help >/dev/null
  demo=$(env/bin/python -c 'import deploy.demo, pathlib; print(pathlib.Path(deploy.demo.__file__).parent)')
  judged=$(env/bin/stellwerk process --accounts "$demo/accounts.csv" <<'JSON'
{"id": "1", "title": "Hoffrath baut ein Werk in Posen", "text": "Hoffrath investiert 40 Mio. Euro."}
{"id": "2", "title": "Hoffrath builds a plant in Poznan", "text": "Hoffrath invests 40 million euros."}
JSON
  )
  [ "$(grep -c '"type":"new_site"' <<<"$judged")" = 2 ]
)
say "the wheel works in a fresh environment"

"$bin/cyclonedx-py" environment "$fresh/env" --pyproject pyproject.toml --output-reproducible --of JSON -o "$dist/stellwerk-$version.cdx.json"
say "$(grep -c '"bom-ref"' "$dist/stellwerk-$version.cdx.json") parts in stellwerk-$version.cdx.json"

audit=$("$bin/pip-audit" -r requirements.lock --disable-pip --require-hashes --progress-spinner off 2>&1) && clean=yes || clean=no
printf '%s\n' "$audit" >"$dist/audit.txt"
if grep -qE 'could not be audited|ConnectionError|ServiceError' <<<"$audit"; then
  say "NOT audited: the database of known faults cannot be reached from here (dist/audit.txt)"
elif [ "$clean" = no ]; then
  say "known faults in what we pin:"
  printf '%s\n' "$audit" >&2
  exit 1
fi

# A client without its daemon is no engine.
engine=$(for one in docker podman; do "$one" info >/dev/null 2>&1 && echo "$one" && break; done || true)
if [ "${IMAGE:-yes}" = yes ] && [ -n "$engine" ]; then
  "$engine" build -q -f deploy/Dockerfile -t "stellwerk:$version" . >"$dist/image.id"
  say "image stellwerk:$version ($(cat "$dist/image.id"))"
else
  say "no image: IMAGE=no, or neither docker nor podman answers here"
fi
(cd "$dist" && sha256sum -- * >SHA256SUMS)
say "done: dist/"
