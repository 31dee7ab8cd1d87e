#!/usr/bin/env bash
# Download the source code that libraries.json asks about, from the package registries, with the ordinary clients as they
# are configured on this machine (npm, pip, cargo, go, mvn, apt-get).
#
#   fetch-libraries.sh TARGET [LIBRARY...]     put all libraries, or only the named ones, at TARGET/LIBRARY
#
# A library that is already there is left alone. Only source code is kept: no tests, documentation or generated files.
# Exit status: 0 when all are there, 1 when one could not be fetched, 2 for a wrong call.
set -euo pipefail
export LC_ALL=C

[ $# -ge 1 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
target=$(realpath "$1")
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# copy FROM TO FIND-EXPRESSION...: files below FROM, with their folders.
copy() {
  local from=$1 to=$2
  shift 2
  mkdir -p "$to"
  (cd "$from" && find . -type f "$@" -print0 | tar cf - --null -T -) | tar xf - -C "$to"
}

npm_package() {
  (cd "$work" && npm pack --silent "$1" >/dev/null && mkdir -p unpacked && tar xzf ./*.tgz -C unpacked --strip-components=1)
}

wheel() {
  python3 -m pip download -q --no-deps --only-binary :all: -d "$work" "$1"
  (cd "$work" && python3 -m zipfile -e ./*.whl unpacked)
}

crate() {
  mkdir -p "$work/fetch/src"
  printf '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n%s = "=%s"\n' "$1" "$2" >"$work/fetch/Cargo.toml"
  : >"$work/fetch/src/lib.rs"
  (cd "$work/fetch" && cargo vendor -q "$work/vendor" >/dev/null 2>&1)
  mv "$work/vendor/$1" "$work/unpacked"
}

go_module() {
  local dir
  dir=$(cd "$work" && go mod download -json "$1" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')
  cp -r "$dir" "$work/unpacked"
  chmod -R u+w "$work/unpacked"
}

jar() { # GROUP:NAME:VERSION[:jar:sources]
  mvn -q -B dependency:copy "-Dartifact=$1" "-DoutputDirectory=$work" >/dev/null
  (cd "$work" && python3 -m zipfile -e ./*.jar unpacked)
}

# The original archive of a Debian source package, of the suite that the machine has or of another.
debian_source() { # PACKAGE VERSION [SUITE]
  local apt="$work/apt"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  cat /etc/apt/sources.list.d/debian.sources | sed 's/^Types:.*/Types: deb-src/' >"$apt/list.sources"
  if [ $# = 3 ]; then sed -i "s/^Suites:.*/Suites: $3/" "$apt/list.sources"; fi
  local options=(-o "Dir::Etc::sourcelist=$apt/list.sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$apt/lists"
    -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
  apt-get -qq "${options[@]}" update >/dev/null 2>&1 || true
  # Debian's own part of a package is not needed, and not always there.
  (cd "$work" && apt-get -qq "${options[@]}" source --download-only "$1${2:+=$2}" >/dev/null 2>&1) || true
  mkdir -p "$work/unpacked"
  tar xf "$work"/*.orig.tar.* -C "$work/unpacked" --strip-components=1
}

debian_package() { # PACKAGE
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$1" && dpkg-deb -x ./*.deb unpacked)
}

fetch() {
  local to=$2 from=$work/unpacked
  case $1 in
    rxjs) npm_package rxjs@7.8.2 && copy "$from" "$to" -path './src/*' -name '*.ts' ;;
    query-core)
      npm_package @tanstack/query-core@5.108.4
      copy "$from" "$to" -path './src/*' -name '*.ts' -not -path '*__tests__*'
      ;;
    mobx) npm_package mobx@7.1.3 && copy "$from" "$to" -path './src/*' -name '*.ts' ;;
    chevrotain) npm_package chevrotain@13.2.0 && copy "$from" "$to" -path './src/*' -name '*.ts' ;;
    capacitor-ios)
      npm_package @capacitor/ios@8.5.2
      copy "$from" "$to" '(' -name '*.swift' -o -name '*.h' -o -name '*.m' ')'
      ;;
    expo-modules-core)
      npm_package expo-modules-core@58.1.0
      copy "$from" "$to" -path './ios/*' -name '*.swift' -not -path './ios/WorkletsTests/*' -not -path './ios/Benchmarks/*'
      ;;
    element-ui)
      npm_package element-ui@2.15.14
      copy "$from" "$to" -path './packages/*' '(' -name '*.vue' -o -name '*.js' ')' -not -path './packages/theme-chalk/*'
      ;;
    openzeppelin-contracts)
      npm_package @openzeppelin/contracts@5.7.0
      copy "$from" "$to" -name '*.sol' -not -path './build/*'
      ;;
    scrapy) wheel scrapy==2.19.0 && copy "$from" "$to" -path './scrapy/*' -name '*.py' -not -path './scrapy/templates/*' ;;
    trio)
      wheel trio==0.35.0
      copy "$from" "$to" -path './trio/*' -name '*.py' -not -path '*/_tests/*' -not -path './trio/_tools/*' -not -name '_generated_*'
      ;;
    hyper) crate hyper 1.6.0 && copy "$from" "$to" -path './src/*' -not -path './src/mock.rs' -not -path './src/client/tests.rs' ;;
    clap) crate clap_builder 4.5.38 && copy "$from" "$to" -path './src/*' -not -path './src/builder/tests.rs' ;;
    zap)
      go_module go.uber.org/zap@v1.27.0
      copy "$from" "$to" -name '*.go' -not -name '*_test.go' -not -path './internal/ztest/*' -not -path './internal/readme/*' \
        -not -path './exp/*' -not -path './benchmarks/*' -not -path './assets/*'
      ;;
    gorm)
      go_module gorm.io/gorm@v1.30.0
      copy "$from" "$to" -name '*.go' -not -name '*_test.go' -not -path './utils/tests/*' -not -path './tests/*'
      ;;
    okhttp)
      jar com.squareup.okhttp3:okhttp-jvm:5.1.0:jar:sources
      copy "$from" "$to" '(' -path './commonJvmAndroid/*' -o -path './jvmMain/*' ')' \
        -not -name IdnaMappingTableInstance.kt -not -name '-InternalVersion.kt'
      ;;
    caffeine)
      jar com.github.ben-manes.caffeine:caffeine:3.2.2:jar:sources
      # Hundreds of generated nodes have names of capitals.
      copy "$from" "$to" '(' -path './com/*' -o -name module-info.java ')' -not -regex '.*/[A-Z0-9]+\.java'
      ;;
    jsoup) jar org.jsoup:jsoup:1.21.1:jar:sources && copy "$from" "$to" -path './org/*' ;;
    sttp)
      jar com.softwaremill.sttp.client4:core_2.13:4.0.9:jar:sources
      copy "$from" "$to" -path './sttp/*'
      ;;
    core-async)
      jar org.clojure:core.async:1.9.829-alpha2
      copy "$from" "$to" '(' -path './clojure/*' -o -path './cljs/*' ')' -name '*.clj*'
      ;;
    libevent)
      debian_source libevent 2.1.12-stable-8
      copy "$from" "$to" -maxdepth 1 '(' -name '*.c' -o -name '*.h' ')' -not -name epolltable-internal.h
      copy "$from" "$to" -path './include/*' -name '*.h'
      ;;
    leveldb)
      debian_source leveldb 1.23-4
      copy "$from" "$to" -regex '\./\(db\|table\|util\|include\|helpers\)/.*\.\(cc\|h\)' -not -name '*_test.cc' -not -name 'testutil.*'
      ;;
    dplyr) debian_source r-cran-dplyr 1.0.10-1 && copy "$from" "$to" -path './R/*' ;;
    nunit)
      debian_source nunit 2.6.4+dfsg-1.1
      copy "$from" "$to" -name '*.cs' '(' -path './src/NUnitCore/core/*' -o -path './src/NUnitCore/interfaces/*' \
        -o -path './src/NUnitFramework/framework/*' -o -path './src/NUnitMocks/mocks/*' ')'
      ;;
    log4net) debian_source log4net '' trixie && copy "$from" "$to" -path './src/*' -name '*.cs' ;;
    sequel)
      debian_package ruby-sequel
      copy "$from/usr/lib/ruby/vendor_ruby" "$to/lib"
      ;;
    twig) debian_package php-twig && copy "$from/usr/share/php/Twig" "$to/src" -not -path ./autoload.php ;;
    mojolicious)
      debian_package libmojolicious-perl
      copy "$from/usr/share/perl5" "$to/lib" -name '*.pm' -path './Mojo*' -not -path './Mojolicious/resources/*'
      ;;
    *) echo "there is no library $1" >&2 && return 1 ;;
  esac
}

all='rxjs query-core mobx chevrotain capacitor-ios expo-modules-core element-ui openzeppelin-contracts scrapy trio hyper clap
  zap gorm okhttp caffeine jsoup sttp core-async libevent leveldb dplyr nunit log4net sequel twig mojolicious'
failed=0
# shellcheck disable=SC2086
for library in ${*:-$all}; do
  [ -e "$target/$library" ] && continue
  rm -rf "${work:?}"/*
  if (fetch "$library" "$work/result") >&2 && [ -n "$(ls -A "$work/result" 2>/dev/null)" ]; then
    mv "$work/result" "$target/$library"
  else
    echo "$library could not be fetched" >&2
    failed=1
  fi
done
exit $failed
