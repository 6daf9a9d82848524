import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { download } from "../../development/keycloak/installation.ts";

/**
 * What an image of Keycloak is made of: this machine's Java with the libraries that it needs, the programs of kc.sh, and
 * the distribution, whose files belong to the user 1000 and the group 0 as in the official image.
 */
const SCRIPT = `
  set -euo pipefail
  root=$1 image=$2
  java=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
  mkdir -p "$root"/{etc/ssl/certs,tmp,usr/bin,usr/lib,usr/lib64} && chmod 1777 "$root/tmp"
  ln -s usr/bin "$root/bin" && ln -s usr/lib "$root/lib" && ln -s usr/lib64 "$root/lib64"
  mkdir -p "$root$java" && tar -C "$java" --exclude=./jmods -c . | tar -C "$root$java" -x
  for folder in /etc/java-* /etc/ssl/certs/java; do [ ! -e "$folder" ] || cp -rL "$folder" "$root$folder"; done
  ln -s "$java/bin/java" "$root/usr/bin/java"
  programs=$(for name in sh bash dirname readlink uname grep sed xargs printf sleep env mkdir; do type -P "$name"; done)
  for program in $programs; do cp -L "$program" "$root/usr/bin/"; done
  { ldd $programs; find "$java/lib" -name "*.so" -exec ldd {} +; } 2>/dev/null |
    grep -oE "/\\\\S+ \\\\(0x" | sed "s/ (0x//" | grep -v "^$java" | sort -u |
    while read -r library; do mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"; done
  printf "root:x:0:0:root:/:/bin/sh\\nkeycloak:x:1000:0::/opt/keycloak:/bin/sh\\n" >"$root/etc/passwd"
  chown -R 1000:0 "$root/opt/keycloak" && chmod -R g+rwX "$root/opt/keycloak"
  tar -C "$root" -c . | docker import --change "USER 1000" --change "ENV KC_RUN_IN_CONTAINER=true PATH=/usr/bin" \\
    --change 'ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]' - "$image"
`;

/**
 * Has an image of that name on the engine, where no registry can be reached: an imitation of the official one. One that
 * is there already is taken; it may be the official one.
 * @returns what removes it again
 */
export async function ensureKeycloakImage(version: string): Promise<() => void> {
  const image = `quay.io/keycloak/keycloak:${version}`;
  const docker = (...args: string[]) => execFileSync("docker", args, { encoding: "utf8", stdio: "pipe" });
  if (docker("images", "--quiet", image) !== "") {
    return () => undefined;
  }
  const directory = await mkdtemp(join(tmpdir(), "scpcloud-image-"));
  try {
    const root = join(directory, "root");
    const target = join(root, "opt", "keycloak");
    execFileSync("mkdir", ["-p", join(root, "opt")]);
    await download(directory, target, version, () => undefined);
    execFileSync("bash", ["-c", SCRIPT, "bash", root, image], { stdio: "pipe" });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
  return () => void docker("rmi", image);
}
