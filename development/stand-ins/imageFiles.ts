import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { buildSync } from "esbuild";

import { run } from "../../processes/run";

/** A file of an image, or a directory where there is no content. */
export interface ImageFile {
  readonly path: string;
  readonly mode: number;
  readonly content?: Buffer;
}

/** What the images have in common, and where the dynamic loader finds the libraries. */
export interface Foundation {
  readonly files: readonly ImageFile[];
  readonly libraryPath: string;
}

/** As in Microsoft's ASP.NET Core images. */
export const USER_ID = 1654;

const EXECUTABLE = 0o755;
const READABLE = 0o644;
const WRITABLE_BY_ALL = 0o1777;

/** Loaded at run time to resolve host names, by a libc that is older than 2.34, and hence not named by ldd. */
const RESOLVER_LIBRARIES = ["libnss_dns.so.2", "libnss_files.so.2", "libresolv.so.2"];

/** This machine's Node.js with the libraries that it needs, and the users: no shell, nothing else. */
export async function readFoundation(): Promise<Foundation> {
  if (process.platform !== "linux") {
    throw new Error("The images of the stand-ins are made from this machine's own Node.js, which takes Linux.");
  }
  const named = await librariesOf(process.execPath);
  const resolvers = named
    .filter((path) => path.includes("/libc.so."))
    .flatMap((path) => RESOLVER_LIBRARIES.map((name) => join(dirname(path), name)));
  const libraries = await Promise.all([...new Set([...named, ...resolvers])].sort().map(readIfThere));
  const files = [
    { path: "/bin/node", mode: EXECUTABLE, content: await readFile(process.execPath) },
    ...libraries.flat(),
    text("/etc/group", `root:x:0:\napp:x:${USER_ID}:\n`),
    text("/etc/nsswitch.conf", "hosts: files dns\n"),
    text("/etc/passwd", `root:x:0:0:root:/:/bin/node\napp:x:${USER_ID}:${USER_ID}:app:/app:/bin/node\n`),
    { path: "/tmp", mode: WRITABLE_BY_ALL },
  ];
  return { files, libraryPath: [...new Set(named.map((path) => dirname(path)))].join(":") };
}

/** An entry point beside this file with all that it imports, as one file. */
export function bundle(name: string): ImageFile {
  const { outputFiles } = buildSync({
    // What is bundled names its files as seen from here: the same on every machine.
    absWorkingDir: __dirname,
    entryPoints: [`${name}.ts`],
    bundle: true,
    platform: "node",
    // The Node.js of the image: see readFoundation.
    target: `node${process.versions.node}`,
    format: "cjs",
    write: false,
    logLevel: "silent",
  });
  return { path: `/app/${name}.js`, mode: READABLE, content: Buffer.from(outputFiles[0]?.contents ?? []) };
}

function text(path: string, content: string): ImageFile {
  return { path, mode: READABLE, content: Buffer.from(content) };
}

/** The paths in lines such as `libm.so.6 => /lib/libm.so.6 (0x...)`, the loader's among them. */
async function librariesOf(executable: string): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await run("ldd", [executable]);
  const paths = [...stdout.matchAll(/(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
  if (exitCode !== 0 || paths.length === 0) {
    throw new Error(`ldd does not tell the libraries of ${executable}: ${(stderr || stdout).trim()}`);
  }
  return paths;
}

async function readIfThere(path: string): Promise<readonly ImageFile[]> {
  const content = await readFile(path).catch(() => undefined);
  return content === undefined ? [] : [{ path, mode: EXECUTABLE, content }];
}
