import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { ServerHome } from "../../development/keycloak/home.ts";
import { lastingPort } from "../../development/keycloak/ports.ts";
import { endServer } from "../../development/keycloak/processes.ts";
import { randomSecret } from "../../development/keycloak/secrets.ts";
import { type EmbeddedServer, startServer } from "../../development/keycloak/server.ts";
import type { Credentials } from "../../outputs.ts";
import type { Report } from "../../processes/progress.ts";
import type { OfflineSettings } from "../../settings/settings.ts";
import type { WrittenConfiguration } from "../../settings/stackFile/stackFile.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import { readOutputs } from "../cli/stack.ts";
import type { Check } from "../doctor/check.ts";
import type { DriftReport } from "../drift/report.ts";
import { type PulumiCli, pulumiCli } from "../pulumi/pulumiCli.ts";
import { Checkout } from "./checkout.ts";
import { realmOfStack, stackFileOfRehearsal } from "./realmOfStack.ts";
import { linesOf, newRoles, type RehearsalReport } from "./rehearsalReport.ts";
import { changedTokens, takeTokens, type Tokens } from "./rehearsedTokens.ts";
import { sampleOf } from "./sample.ts";

/** What is rehearsed. */
export interface RehearsalOptions {
  readonly stack: string;
  readonly settings: OfflineSettings;
  /** The stack file over the defaults of Pulumi.yaml, by full key. */
  readonly written: WrittenConfiguration;
  /** The version that is upgraded; undefined for a fresh realm. */
  readonly from?: string | undefined;
  readonly to: string;
  /** How many customers at most. */
  readonly sample?: number | undefined;
  /** The real realm's, in seconds. */
  readonly ssoSessionMaxLifespan?: number | undefined;
  readonly report: Report;
  /** What somebody does to the old server after its tokens were taken. */
  readonly beforeUpgrade?: (server: EmbeddedServer) => Promise<unknown>;
}

/** Up to 26.1 H2's user when none was named; later ones have another, and could not open the old data. */
const DATABASE_USER = { KC_DB_USERNAME: "sa", KC_DB_PASSWORD: "password" };

/** The deployment's own name in the throw-away state. */
const STACK = "rehearsal";

class RehearsalCheckout extends Checkout {
  static async create(deployerSecret: string): Promise<RehearsalCheckout> {
    const directory = await RehearsalCheckout.prepare("scpcloud-rehearsal-");
    return new RehearsalCheckout(directory, {
      PULUMI_BACKEND_URL: `file://${directory}`,
      PULUMI_CONFIG_PASSPHRASE: randomSecret(),
      KEYCLOAK_CLIENT_SECRET: deployerSecret,
      // A killed rehearsal is thrown away as a whole.
      PULUMI_SKIP_CHECKPOINTS: "true",
    });
  }

  cli(stack: string): PulumiCli {
    return pulumiCli(stack, this.directory, this.environment);
  }
}

/** An upgrade of the server, on throw-away data: nothing of the real server is asked, and nothing remains. */
export class Rehearsal {
  private readonly options: RehearsalOptions;
  private readonly directory: string;
  private readonly checkout: RehearsalCheckout;
  private readonly deployerSecret: string;

  private constructor(
    options: RehearsalOptions,
    directory: string,
    checkout: RehearsalCheckout,
    deployerSecret: string,
  ) {
    this.options = options;
    this.directory = directory;
    this.checkout = checkout;
    this.deployerSecret = deployerSecret;
  }

  static async prepare(options: RehearsalOptions): Promise<Rehearsal> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-rehearsal-server-"));
    const deployerSecret = randomSecret();
    return new Rehearsal(options, directory, await RehearsalCheckout.create(deployerSecret), deployerSecret);
  }

  async run(): Promise<RehearsalReport> {
    const { options } = this;
    const { from, settings, stack, to } = options;
    const integrations = sampleOf(settings.integrations, options.sample ?? Infinity);
    const { ssoSessionMaxLifespan } = options;
    const realm = realmOfStack(settings, integrations, {
      deployerSecret: this.deployerSecret,
      adminPassword: randomSecret(),
      ...(ssoSessionMaxLifespan === undefined ? {} : { ssoSessionMaxLifespan }),
    });
    const port = await lastingPort();
    const start = (version: string) =>
      startServer({
        directory: this.directory,
        port,
        publicUrl: settings.publicUrl,
        realms: [realm],
        version,
        environment: DATABASE_USER,
        report: options.report,
      });

    const first = await start(from ?? to);
    const stackFile = stackFileOfRehearsal(options.written, integrations, first, settings.realm);
    await this.deploy(stackFile);
    const credentials = await this.credentials();
    const before = await takeTokens(first, settings.realm, credentials);
    let after: Tokens = before;
    if (from !== undefined) {
      await options.beforeUpgrade?.(first);
      await first.stop();
      options.report(`Starting Keycloak ${to} on the data of ${from} ...`);
      after = await takeTokens(await start(to), settings.realm, credentials);
    }
    return {
      stack,
      ...(from === undefined ? {} : { from }),
      to,
      customers: integrations.length,
      customersOfStack: settings.integrations.length,
      tokens: changedTokens(before, after),
      ...(await this.drift()),
      rights: [...(await this.doctor()), ...(from === undefined ? [] : newRoles(from, to))],
    };
  }

  /** Ends the server, even one that is still starting, and removes all files. */
  async close(): Promise<void> {
    await endServer(await ServerHome.open(this.directory));
    await this.checkout.remove();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async deploy(stackFile: WrittenConfiguration): Promise<void> {
    const { checkout, options } = this;
    options.report("Deploying the stack's customers ...");
    await checkout.cli(STACK).run(["stack", "init", STACK], { global: true });
    await writeFile(
      join(checkout.directory, `Pulumi.${STACK}.yaml`),
      stringify({ config: stackFile }, { aliasDuplicateObjects: false }),
    );
    await checkout.cli(STACK).run(["up", "--yes", "--skip-preview"]);
  }

  private async credentials(): Promise<Record<string, Credentials>> {
    return (await readOutputs(this.checkout.cli(STACK))).credentials ?? {};
  }

  private async drift(): Promise<Pick<RehearsalReport, "contract" | "drift" | "refusal">> {
    const { checkout, options } = this;
    options.report("Looking for drift ...");
    const { exitCode, stdout, stderr } = await checkout.command("drift", "--stack", STACK, "--json");
    if (exitCode !== 0 && exitCode !== EXIT_CODES.found) {
      return { contract: [], drift: [], refusal: stderr.trim() };
    }
    return linesOf(JSON.parse(stdout) as DriftReport);
  }

  private async doctor(): Promise<string[]> {
    const { stdout } = await this.checkout.command("doctor", "--stack", STACK, "--json");
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
    return checks.filter(({ outcome }) => outcome === "wrong").map(({ about, found }) => `${about}: ${found}`);
  }
}
