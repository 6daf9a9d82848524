#!/bin/sh
# Runs a command with the machine's own Node.js. Where that is older than package.json admits, with the Node.js of
# .node-version, from npm (the package carries the official binary): node.sh COMMAND [ARGUMENT ...]
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
version=$(cat "$root/.node-version")
folder=$root/.local/toolchain/node-$version

command -v npm >/dev/null || {
  cat >&2 <<END
Node.js with npm is needed. Where it is older than this project needs, npm fetches Node.js $version for it. Install it:
  Debian, Ubuntu: sudo apt-get install npm
  Fedora: sudo dnf install /usr/bin/npm
  macOS with Homebrew: brew install node
make up and make test need more: Java 17 with Maven 3.6. For make up a Docker engine will do instead.
END
  exit 1
}

# So old a Node.js may run this that it has to be old JavaScript.
is_recent='
  var found = process.versions.node.split(".");
  var needed = require(process.argv[1]).engines.node.slice(2).split(".");
  process.exit((found[0] - needed[0] || found[1] - needed[1]) < 0 ? 1 : 0);
'
if ! node -e "$is_recent" "$root/package.json"; then
  mkdir -p "$root/.local/toolchain"
  (
    # Two commands may start at once, and a killed one leaves its partial folder.
    # macOS has none; there two commands at once would do the work twice.
    if command -v flock >/dev/null; then flock 9; fi
    if [ ! -x "$folder/bin/node" ]; then
      package=$(node -p '"node-" + process.platform + "-" + process.arch')
      echo "This machine's Node.js $(node -p process.version) is too old: getting $version from npm for this checkout ..." >&2
      rm -rf "$folder.partial"
      npm install --prefix "$folder.partial" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
        --loglevel error "$package@$version" >&2 || {
        echo "npm could not get Node.js $version. Install Node.js ${version%%.*} yourself: https://nodejs.org" >&2
        exit 1
      }
      mv "$folder.partial/node_modules/$package" "$folder"
      rm -rf "$folder.partial"
    fi
  ) 9>"$root/.local/toolchain/node.lock"
  export PATH="$folder/bin:$PATH"
fi
exec "$@"
