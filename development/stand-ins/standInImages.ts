import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";

import { buildSync } from "esbuild";

import type { Report } from "../../processes/progress.ts";
import { run } from "../../processes/run.ts";
import { type DockerEngine, DockerEngineError } from "../../services/engine/engineConnection.ts";

/** The names of the images by service. */
export interface StandInImages {
  readonly bff: string;
  readonly api: string;
}

/** As in Microsoft's ASP.NET Core images. */
const USER_ID = 1654;
const HEALTH_CHECK = `fetch("http://127.0.0.1:" + (process.env.ASPNETCORE_HTTP_PORTS ?? 8080) + "/health").then(
  ({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`;
/** Loaded at run time to resolve host names, by a libc that is older than 2.34, and hence not named by ldd. */
const RESOLVER_LIBRARIES = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"];

/**
 * Makes the images of the stand-ins from this machine's Node.js, without any registry. The tag is a digest of all that is
 * in the image: what is there already is not made again, and a changed stand-in is never taken for an old one.
 */
export async function ensureImages(engine: DockerEngine, report: Report): Promise<StandInImages> {
  const directory = mkdtempSync(join(tmpdir(), "scpcloud-image-"));
  try {
    const libraryPath = await fillFileSystem(directory);
    const hash = createHash("sha256");
    for await (const chunk of archiveOf(directory)) {
      hash.update(chunk as Buffer);
    }
    const files = hash.digest("hex");
    const ensure = async (repository: string, service: string) => {
      const changes = [
        `USER ${USER_ID}`,
        "WORKDIR /app",
        `ENV LD_LIBRARY_PATH=${libraryPath}`,
        "EXPOSE 8080",
        // By this option Node.js heeds SSL_CERT_FILE, which tells a container of a private CA.
        `ENTRYPOINT ${JSON.stringify(["/bin/node", "--use-openssl-ca", "/app/standIn.js", service])}`,
        `HEALTHCHECK --interval=1s --timeout=30s --retries=60 CMD ${JSON.stringify(["/bin/node", "--eval", HEALTH_CHECK])}`,
      ];
      const tag = createHash("sha256")
        .update(JSON.stringify([files, changes]))
        .digest("hex")
        .slice(0, 12);
      const reference = `${repository}:${tag}`;
      if ((await engine.request("GET", `/images/${reference}/json`)).status === 404) {
        report(`Making the image ${reference}.`);
        const query = new URLSearchParams({ fromSrc: "-", repo: repository, tag });
        changes.forEach((change) => query.append("changes", change));
        const { status, body } = await engine.request(
          "POST",
          `/images/create?${query.toString()}`,
          archiveOf(directory),
        );
        // An error on the way comes as a line of JSON after a status of 200.
        if (status !== 200 || body.includes('"error":')) {
          throw new DockerEngineError(`The Docker engine has not made ${reference}: ${body.toString()}`);
        }
      }
      return reference;
    };
    return {
      bff: await ensure("scpcloud-stand-ins/web-production-bff", "bff"),
      api: await ensure("scpcloud-stand-ins/production-api", "api"),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * This machine's Node.js with the libraries that it needs, the stand-ins and the users: no shell, nothing else.
 * @returns where the dynamic loader finds the libraries
 */
async function fillFileSystem(directory: string): Promise<string> {
  if (process.platform !== "linux") {
    throw new Error("The images of the stand-ins are made from this machine's own Node.js, which takes Linux.");
  }
  // In lines such as `libm.so.6 => /lib/libm.so.6 (0x...)`, the loader's among them.
  const { exitCode, stdout, stderr } = await run("ldd", [process.execPath]);
  const named = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  if (exitCode !== 0 || named.length === 0) {
    throw new Error(`ldd does not tell the libraries of ${process.execPath}: ${(stderr || stdout).trim()}`);
  }
  const folders = [...new Set(named.map((path) => dirname(path)))];
  const resolvers = folders
    .flatMap((folder) => RESOLVER_LIBRARIES.map((name) => join(folder, name)))
    .filter(existsSync);

  for (const folder of ["/app", "/bin", "/etc", ...folders]) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  // The archive has the files themselves.
  symlinkSync(process.execPath, join(directory, "bin/node"));
  for (const library of new Set([...named, ...resolvers])) {
    symlinkSync(library, join(directory, library));
  }
  writeFileSync(join(directory, "etc/group"), `root:x:0:\napp:x:${USER_ID}:\n`);
  writeFileSync(join(directory, "etc/nsswitch.conf"), "hosts: files dns\n");
  writeFileSync(
    join(directory, "etc/passwd"),
    `root:x:0:0:root:/:/bin/node\napp:x:${USER_ID}:${USER_ID}:app:/app:/bin/node\n`,
  );
  buildSync({
    // What is bundled names its files as seen from here: the same on every machine.
    absWorkingDir: import.meta.dirname,
    entryPoints: ["main.ts"],
    outfile: join(directory, "app/standIn.js"),
    bundle: true,
    platform: "node",
    target: `node${process.versions.node}`,
    logLevel: "silent",
  });
  return folders.join(":");
}

/** The same files make the same archive: no times, no owners of this machine, no rights that its umask gives. */
function archiveOf(directory: string): Readable {
  const options =
    "--create --dereference --hard-dereference --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner";
  const args = [...options.split(" "), "--mode=u=rwX,go=rX", `--directory=${directory}`, "."];
  return spawn("tar", args, { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}
