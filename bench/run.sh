# Sourced by the scripts of this folder: builds what they need and finds Java.
# Wants: $bench (this folder), $built (a file that marks the last build), $profile (Maven options).

java_feature() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null || true; }

find_java() { # JAVA_HOME wins, else the newest in the usual folders
  local home
  if [ -n "${JAVA_HOME:-}" ]; then
    printf '%s\n' "$JAVA_HOME"
    return
  fi
  for home in "$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")" /usr/lib/jvm/* /opt/java/*; do
    if [ -x "$home/bin/java" ]; then printf '%s %s\n' "$(java_feature "$home")" "$home"; fi
  done | sort -s -n | tail -n 1 | cut -d' ' -f2-
}

build() {
  local root log
  root=$(dirname "$bench")
  if [ -f "$built" ] &&
    [ -z "$(find "$root"/pom.xml "$root"/*/pom.xml "$root"/*/src/main "$bench/src" -newer "$built" -type f -print -quit)" ]; then
    return
  fi
  echo "bench: building (once; a minute or so) ..." >&2
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! (cd "$root" && mvn --batch-mode -q -DskipTests -Dspotless.check.skip=true $profile -pl bench -am package) >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "bench: the build failed; the log is above" >&2
    exit 2
  fi
  rm -f "$log"
  touch "$built"
}
