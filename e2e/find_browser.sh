#!/usr/bin/env bash
# Sees to it that there is a Chromium: the system's, Playwright's own, or, on Debian as root, the distribution's.
set -euo pipefail
cd "$(dirname "$0")"
[ -z "${CHROMIUM:-}" ] || exit 0
for browser in chromium chromium-browser google-chrome; do command -v $browser >/dev/null && exit 0; done
npx playwright install chromium && exit 0
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "The end-to-end tests need Chromium" >&2; exit 1; }
{ apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y chromium; } >/dev/null
