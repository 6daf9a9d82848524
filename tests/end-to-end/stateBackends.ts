import { REPOSITORY } from "./project.ts";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { delimiter, join } from "node:path";

import { lastingPort } from "../../development/keycloak/ports.ts";
import { randomSecret } from "../../development/keycloak/secrets.ts";
import { goBuild } from "../../development/toolchain/goBuild.ts";
import { TOOLCHAIN_FOLDER } from "../../development/toolchain/layout.ts";
import { withLock } from "../../processes/fileLock.ts";
import { answers, startLocalServer } from "./localServer.ts";

/** A server that keeps the state of stacks, empty at first. */
export interface StateBackend {
  /** As `pulumi login` takes it. */
  readonly url: string;
  /** What Pulumi logs in with. */
  readonly environment: Readonly<Record<string, string>>;
  /** All that is kept there, decoded. */
  stored(): string;
  /** Puts a file there, as Pulumi would. */
  put(path: string, content: string): void;
  /** By the means that docs/state.md has for a backup. */
  backUp(): Promise<void>;
  /** Loses all that is stored, and gets it back. */
  restore(onceLost: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";

/** The first code block of a language in docs/state.md: what is documented is what is tried. */
function documented(language: "json" | "sql"): string {
  const text = readFileSync(join(REPOSITORY, "docs", "state.md"), "utf8");
  return new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "m").exec(text)?.[1] ?? "";
}

/** PostgreSQL as Debian packages it, with the role that docs/state.md makes. */
export async function startPostgres(): Promise<StateBackend> {
  const port = await lastingPort();
  // It refuses to run as root, and another user does not reach the folder of the tests.
  const isRoot = userInfo().uid === 0;
  const directory = await mkdtemp(join(isRoot ? "/tmp" : tmpdir(), "scpcloud-postgres-"));
  const asOwner = isRoot ? ["--reuid=postgres", "--regid=postgres", "--init-groups"] : [];
  const [data, passwordFile] = [join(directory, "data"), join(directory, "password")];
  const [adminPassword, password] = [randomSecret(), randomSecret()];
  await writeFile(passwordFile, adminPassword, { mode: 0o600 });
  if (isRoot) {
    execFileSync("chown", ["-R", "postgres:", directory]);
  }
  const initdb = [postgresProgram("initdb"), "-D", data, "-U", "postgres", "--auth=scram-sha-256", "--no-sync"];
  execFileSync("setpriv", [...asOwner, ...initdb, `--pwfile=${passwordFile}`], {
    cwd: directory,
    stdio: ["ignore", "ignore", "pipe"],
  });

  const client = (program: string, args: readonly string[], input = "", database = "pulumi") =>
    execFileSync(postgresProgram(program), args, {
      env: {
        ...process.env,
        PGHOST: HOST,
        PGPORT: String(port),
        PGUSER: "postgres",
        PGPASSWORD: adminPassword,
        PGDATABASE: database,
      },
      input,
      encoding: "utf8",
      stdio: ["pipe", "pipe", "pipe"],
      maxBuffer: Infinity,
    });
  const psql = (sql: string, database?: string) => client("psql", ["-qtA", "-v", "ON_ERROR_STOP=1"], sql, database);
  const settings = { listen_addresses: HOST, port, unix_socket_directories: "", fsync: "off" };
  const server = await startLocalServer(
    directory,
    [
      ...asOwner,
      postgresProgram("postgres"),
      ...["-D", data, ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`])],
    ],
    () => spawnSync(postgresProgram("pg_isready"), ["-h", HOST, "-p", String(port)]).status === 0,
  );
  psql(documented("sql").replace("'...'", `'${password}'`), "postgres");

  const dump = join(directory, "backup.sql");
  return {
    url: `postgres://pulumi@${HOST}:${port}/pulumi?sslmode=disable`,
    environment: { PGPASSWORD: password },
    stored: () => psql("SELECT convert_from(decode(data->>'data', 'base64'), 'UTF8') FROM pulumi_state"),
    put: (path, content) => {
      const data = JSON.stringify({ data: Buffer.from(content).toString("base64") });
      psql(`INSERT INTO pulumi_state (key, data) VALUES ('pulumi/${path}', '${data}')`);
    },
    backUp: () => writeFile(dump, client("pg_dump", ["--table=pulumi_state"]), { mode: 0o600 }),
    restore: async (onceLost) => {
      psql("DELETE FROM pulumi_state");
      await onceLost();
      psql("DROP TABLE pulumi_state");
      psql(readFileSync(dump, "utf8"));
    },
    stop: () => server.stop(),
  };
}

/** Debian keeps the server's programs beside PATH. */
const POSTGRES_FOLDERS = [...globSync("/usr/lib/postgresql/*/bin"), ...(process.env["PATH"] ?? "").split(delimiter)];

function postgresProgram(name: string): string {
  return POSTGRES_FOLDERS.map((folder) => join(folder, name)).find(existsSync) ?? name;
}

/** Whether there is a PostgreSQL to start. */
export function hasPostgres(): boolean {
  return existsSync(postgresProgram("initdb"));
}

const BUCKET = "scpcloud-state";
const REGION = "us-east-1";
const VERSIONING = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";

/**
 * Versity's S3 gateway over a folder, with a versioned bucket, and a user who has the permissions of docs/state.md and
 * no others.
 */
export async function startS3(): Promise<StateBackend> {
  const program = await built("versitygw", "github.com/versity/versitygw/cmd/versitygw", "S3 server of the tests");
  const address = `${HOST}:${await lastingPort()}`;
  const directory = await mkdtemp(join(tmpdir(), "scpcloud-s3-"));
  const folders = { root: join(directory, "root"), iam: join(directory, "iam"), versions: join(directory, "versions") };
  await Promise.all(Object.values(folders).map((folder) => mkdir(folder)));
  const user = { access: "pulumi", secret: randomSecret() };
  const root = { access: "root", secret: randomSecret() };
  const accounts = { accessAccounts: { [user.access]: { ...user, role: "user" } } };
  await writeFile(join(folders.iam, "users.json"), JSON.stringify(accounts), { mode: 0o600 });
  const options = ["--port", address, "--region", REGION, "--iam-dir", folders.iam, "--quiet"];
  const server = await startLocalServer(
    directory,
    [program, ...options, "posix", "--versioning-dir", folders.versions, folders.root],
    () => answers(`http://${address}`),
    { ROOT_ACCESS_KEY_ID: root.access, ROOT_SECRET_ACCESS_KEY: root.secret },
  );
  // Signed by curl; what it signs with is not among its arguments.
  const send = (method: string, path: string, body = "") => {
    const hash = createHash("sha256").update(body).digest("hex");
    const config = [
      `url = "http://${address}/${BUCKET}${path}"`,
      `request = "${method}"`,
      `aws-sigv4 = "aws:amz:${REGION}:s3"`,
      `user = "${root.access}:${root.secret}"`,
      `header = "x-amz-content-sha256: ${hash}"`,
      `data-binary = ${JSON.stringify(body)}`,
    ];
    return execFileSync("curl", ["--silent", "--show-error", "--fail-with-body", "--config", "-"], {
      input: config.join("\n"),
      encoding: "utf8",
      maxBuffer: Infinity,
    });
  };
  const policy = documented("json")
    .replaceAll("BUCKET", BUCKET)
    .replaceAll(/"arn:aws:iam::.*?"/g, `"${user.access}"`);
  send("PUT", "");
  send("PUT", "?policy=", JSON.stringify(JSON.parse(policy)));
  send("PUT", "?versioning=", VERSIONING);

  /** The contents of an element's children in each place where it stands. */
  const elements = (xml: string, name: string, ...children: readonly string[]) =>
    [...xml.matchAll(new RegExp(`<${name}>.*?</${name}>`, "gs"))].map(([text]) =>
      children.map((child) => new RegExp(`<${child}>(.*?)</${child}>`).exec(text)?.[1] ?? ""),
    );
  const keys = () => elements(send("GET", "?list-type=2"), "Contents", "Key").map(([key]) => key);
  return {
    url: `s3://${BUCKET}?endpoint=http://${address}&s3ForcePathStyle=true&region=${REGION}`,
    environment: { AWS_ACCESS_KEY_ID: user.access, AWS_SECRET_ACCESS_KEY: user.secret },
    stored: () =>
      keys()
        .map((key) => send("GET", `/${key}`))
        .join("\n"),
    put: (path, content) => void send("PUT", `/${path}`, content),
    // The bucket keeps what was there before.
    backUp: () => Promise.resolve(),
    restore: async (onceLost) => {
      keys().forEach((key) => send("DELETE", `/${key}`));
      await onceLost();
      const markers = elements(send("GET", "?versions="), "DeleteMarker", "Key", "VersionId", "IsLatest");
      for (const [key, version] of markers.filter(
        ([key, , isLatest]) => /stacks/.test(key ?? "") && isLatest === "true",
      )) {
        send("DELETE", `/${key}?versionId=${version}`);
      }
    },
    stop: () => server.stop(),
  };
}

/** A key service that can encrypt the secrets of stacks. */
export interface KeyService {
  /** As `pulumi stack init` takes it. */
  readonly secretsProvider: string;
  /** Where Pulumi finds it. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** An emulator of AWS's key service: real encryption with a key of its own. */
export async function startKeyService(): Promise<KeyService> {
  const program = await built("local-kms", "scpcloud/toolchain/local-kms", "key service of the tests");
  const address = `${HOST}:${await lastingPort()}`;
  const directory = await mkdtemp(join(tmpdir(), "scpcloud-keys-"));
  const server = await startLocalServer(directory, [program], () => answers(`http://${address}`), {
    KMS_ADDRESS: address,
    KMS_DATA_PATH: join(directory, "data"),
    KMS_REGION: REGION,
  });
  const created = await fetch(`http://${address}`, {
    method: "POST",
    headers: { "Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "TrentService.CreateKey" },
    body: "{}",
  });
  const { KeyMetadata } = (await created.json()) as { KeyMetadata: { KeyId: string } };
  return {
    secretsProvider: `awskms://${KeyMetadata.KeyId}?region=${REGION}`,
    environment: { AWS_ENDPOINT_URL_KMS: `http://${address}` },
    stop: () => server.stop(),
  };
}

/** A program from Go modules, which lies beside the toolchain afterwards. */
export async function built(module: string, pack: string, title: string): Promise<string> {
  const requirements = readFileSync(join(REPOSITORY, "development", "toolchain", "go", module, "go.mod"));
  const file = join(
    TOOLCHAIN_FOLDER,
    "tests",
    `${module}-${createHash("sha256").update(requirements).digest("hex").slice(0, 8)}`,
  );
  const report = (line: string) => console.log(line);
  const programs = { title, expectation: "about 1 minute the first time", module, packages: { [file]: pack } };
  await withLock(file, report, async () => {
    if (!existsSync(file)) {
      await goBuild(programs, report);
    }
  });
  return file;
}
