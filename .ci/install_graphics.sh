#!/usr/bin/env bash
# Makes sure of what the tests of the GPU and of the web site need from the system: a Vulkan driver (Mesa's lavapipe does
# where there is no GPU) and Chromium, which brings a second driver, SwiftShader. Only Debian's way is known here.
set -euo pipefail

wanted=()
ls /usr/share/vulkan/icd.d/lvp_icd.*.json >/dev/null 2>&1 || wanted+=(mesa-vulkan-drivers)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || wanted+=(chromium)
[ ${#wanted[@]} -gt 0 ] || exit 0

if [ "$(uname)" != Linux ] || ! command -v apt-get >/dev/null; then
  echo "The GPU's tests run on the adapters that there are; without ${wanted[*]} these may be none" >&2
elif [ "$(id -u)" = 0 ]; then
  echo "Installing ${wanted[*]}"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}"; } >/dev/null
else
  echo "The tests of the GPU and of the web site need: sudo apt-get install ${wanted[*]}" >&2
  exit 1
fi
