import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { stripVTControlCharacters } from "node:util";

import { parse, stringify } from "yaml";

import { Checkout } from "../../commands/rehearse/checkout.ts";
import { REALM_NAME } from "../../development/keycloak/realmImport.ts";
import { Administrator } from "./keycloak.ts";
import { STEP_LIMIT_MILLISECONDS } from "./limits.ts";
import type { RunResult } from "../../processes/run.ts";
import { serverOfTests } from "./server.ts";

export const REPOSITORY = resolve(import.meta.dirname, "..", "..");

/** What a verb that changes something shows on standard error, where it has nothing else to tell there. */
export const SHOWN_BEFORE_CHANGE = /^\nStacks? +.*\nBackend +.*\n(Keycloak +.*\n)?(- .*\n)+$/;

/** The values of a stack file, by full key. */
export type StackFile = Record<string, unknown>;

/**
 * The entries of customers called customer-1, customer-2 and so on; there is no user of the ids that they name.
 * @param options.first the number of the first
 */
export function numberedCustomers(
  count: number,
  { first = 1 } = {},
): Readonly<Record<string, { readonly organizationId: string }>> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `customer-${first + index}`,
      { organizationId: `00000000-0000-4000-8000-${String(first + index).padStart(12, "0")}` },
    ]),
  );
}

/** What the committed stack file of a name says besides the connection to its server. */
export async function committedStackFile(stack: string): Promise<StackFile> {
  const { config = {} } = parseStackFile(await readFile(join(REPOSITORY, `Pulumi.${stack}.yaml`), "utf8"));
  const ofTests = Object.keys(connectionTo(REALM_NAME));
  return Object.fromEntries(Object.entries(config).filter(([key]) => !ofTests.includes(key)));
}

/** How a stack reaches a realm of the server of the tests. */
function connectionTo(realm: string): StackFile {
  const { url, caCertificate } = serverOfTests();
  return {
    "keycloak:url": url,
    "keycloak:realm": realm,
    "keycloak:clientId": "scpcloud-deployer",
    "keycloak:clientTimeout": 60,
    "keycloak:rootCaCertificate": caCertificate,
    "scpcloud:realm": realm,
    // Whatever a test makes, it removes again.
    "scpcloud:protect": false,
    "scpcloud:publicUrl": "https://host.docker.internal:28443",
  };
}

function parseStackFile(text: string): { readonly config?: StackFile; readonly [key: string]: unknown } {
  return parse(text) as { config?: StackFile };
}

/** A checkout with own stack files and an own state. The deployer's secret comes by the environment, as in `make up`. */
export class Project extends Checkout {
  /** What the stack files of this project say unless a test says otherwise. */
  readonly connection: StackFile;
  /** Each command that was run here, and all that it printed. */
  readonly printed: string[] = [];
  protected override readonly timeoutMilliseconds: number;

  private constructor(
    directory: string,
    environment: Readonly<Record<string, string>>,
    connection: StackFile,
    timeoutMilliseconds: number,
  ) {
    super(directory, environment);
    this.connection = connection;
    this.timeoutMilliseconds = timeoutMilliseconds;
  }

  /**
   * @param realm made for it; none: the server's own, where nothing may be deployed but the development stack
   * @param variables further environment variables of whatever is run in it
   * @param timeoutMilliseconds after which a command of it has failed
   */
  static async create(
    realm = REALM_NAME,
    variables: Readonly<Record<string, string>> = {},
    timeoutMilliseconds = STEP_LIMIT_MILLISECONDS,
  ): Promise<Project> {
    if (realm !== REALM_NAME) {
      await new Administrator(realm).makeRealm();
    }
    const directory = await Project.prepare("scpcloud-project-");
    const environment = {
      PULUMI_BACKEND_URL: `file://${directory}`,
      // Where nothing says a backend, it is the one of the project's own `pulumi login`.
      PULUMI_CREDENTIALS_PATH: directory,
      PULUMI_CONFIG_PASSPHRASE: "the passphrase of the tests",
      KEYCLOAK_CLIENT_SECRET: serverOfTests().deployerSecret,
      ...variables,
    };
    return new Project(directory, environment, connectionTo(realm), timeoutMilliseconds);
  }

  /** The same checkout with other environment variables. */
  with(variables: Readonly<Record<string, string>>): Project {
    const environment = { ...this.environment, ...variables };
    return new Project(this.directory, environment, this.connection, this.timeoutMilliseconds);
  }

  /** The project of the containers in this checkout, with the same state. */
  services(): Project {
    return new Project(join(this.directory, "services"), this.environment, {}, this.timeoutMilliseconds);
  }

  override async command(name: string, ...args: string[]): Promise<RunResult> {
    const result = await super.command(name, ...args);
    this.printed.push([name, ...args].join(" "), result.stdout, result.stderr);
    return result;
  }

  /** That no command has printed one of these secrets, or the deployer's. A failure must not print them either. */
  expectUnprinted(secrets: readonly string[]): void {
    const printed = this.printed.join("\n");
    const found = [...secrets, serverOfTests().deployerSecret].filter((secret) => printed.includes(secret));
    expect([this.printed.length > 0, found.length]).toEqual([true, 0]);
  }

  /** Starts one of the project's own commands, for a test that interrupts it. */
  startCommand(name: string, ...args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
    return spawn(process.execPath, [join(this.directory, "scpcloud"), name, ...args], {
      cwd: this.directory,
      env: { ...process.env, ...this.environment },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
  }

  /** Runs a verb of the checkout's own scpcloud on a terminal, and types the answer to its question. */
  async commandOnTerminal(answer: string, name: string, ...args: readonly string[]) {
    const words = [process.execPath, join(this.directory, "scpcloud"), name, ...args];
    const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
      cwd: this.directory,
      env: { ...process.env, ...this.environment },
      stdio: ["pipe", "pipe", "inherit"],
    });
    let shown = "";
    let isAsked = false;
    child.stdout.on("data", (data: Buffer) => {
      shown += stripVTControlCharacters(data.toString());
      if (!isAsked && shown.includes("? [y/N] ")) {
        isAsked = true;
        child.stdin.write(`${answer}\n`);
      }
    });
    const timer = setTimeout(() => child.kill(), this.timeoutMilliseconds);
    const [exitCode] = (await once(child, "close")) as [number | null];
    clearTimeout(timer);
    this.printed.push([name, ...args].join(" "), shown);
    return { exitCode, shown };
  }

  /**
   * Writes the stack file; what encrypts its secrets stays.
   * @param config besides the connection
   */
  async configure(stack: string, config: StackFile): Promise<void> {
    const path = join(this.directory, `Pulumi.${stack}.yaml`);
    const old = parseStackFile(await readFile(path, "utf8").catch(() => "{}"));
    // The realm of a stack of customers is that of its realm stack.
    const connection = Object.entries(this.connection).filter(
      ([key]) => key.startsWith("keycloak:") || !("scpcloud:realmStack" in config),
    );
    const values = { ...Object.fromEntries(connection), ...config };
    await writeFile(path, stringify({ ...old, config: values }, { aliasDuplicateObjects: false }));
  }
}
