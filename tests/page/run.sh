#!/bin/sh
# Runs the tests of the page with the Chromium of the system, installing it where that is allowed.
# Where there is none, says so in test-results/page-not-run and fails: a test that did not run has not passed.
set -eu
python=$1
mkdir -p test-results
rm -f test-results/page-not-run
find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome || true; }
if [ -z "$(find_browser)" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "Installing Chromium from the system's packages"
  { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } >test-results/chromium.log 2>&1 ||
    echo "apt-get did not succeed; see test-results/chromium.log"
fi
browser=$(find_browser)
if [ -z "$browser" ]; then
  echo "no Chromium on this machine and no right to install one; install the package chromium" | tee test-results/page-not-run
  exit 77
fi
CHROMIUM=$browser exec "$python" -m pytest -m page tests/page tests/scenarios
