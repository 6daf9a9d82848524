import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { ServerHome } from "../../development/keycloak/home.ts";
import { lastingPort } from "../../development/keycloak/ports.ts";
import { randomSecret } from "../../development/keycloak/secrets.ts";
import { type EmbeddedServer, startServer } from "../../development/keycloak/server.ts";
import type { Report } from "../../processes/progress.ts";
import { InterruptedError, SIGNALS } from "../../processes/run.ts";
import type { OfflineSettings } from "../../settings/settings.ts";
import { stackFileName } from "../../settings/stackFile/files.ts";
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

/**
 * An upgrade of the server, on throw-away data: nothing of the real server is asked, and nothing remains, also where the
 * user interrupts it.
 */
export async function rehearse(options: RehearsalOptions): Promise<RehearsalReport> {
  const directory = await mkdtemp(join(tmpdir(), "scpcloud-rehearsal-server-"));
  const deployerSecret = randomSecret();
  const checkout = await RehearsalCheckout.create(deployerSecret);
  try {
    return await Promise.race([upgrade(options, directory, checkout, deployerSecret), interruption()]);
  } finally {
    // Even one that is still starting.
    await (await ServerHome.open(directory)).endServer();
    await checkout.remove();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Rejects when the user presses Ctrl-C, or closes the terminal, so that what was started is ended and removed. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => reject(new InterruptedError(signal)));
    }
  });
}

async function upgrade(
  options: RehearsalOptions,
  directory: string,
  checkout: RehearsalCheckout,
  deployerSecret: string,
): Promise<RehearsalReport> {
  const { from, report, settings, ssoSessionMaxLifespan, stack, to } = options;
  const integrations = sampleOf(settings.integrations, options.sample ?? Infinity);
  const adminPassword = randomSecret();
  const realm = realmOfStack(settings, integrations, { deployerSecret, adminPassword, ssoSessionMaxLifespan });
  const server = { directory, port: await lastingPort(), publicUrl: settings.publicUrl, report };
  const start = (version: string) => startServer({ ...server, realms: [realm], version, environment: DATABASE_USER });

  const first = await start(from ?? to);
  report("Deploying the stack's customers ...");
  await checkout.deploy(stackFileOfRehearsal(options.written, integrations, first, settings.realm));
  const { credentials = {} } = await readOutputs(checkout.cli);
  const before = await takeTokens(first, settings.realm, credentials);
  let after: Tokens = before;
  if (from !== undefined) {
    await options.beforeUpgrade?.(first);
    await first.stop();
    report(`Starting Keycloak ${to} on the data of ${from} ...`);
    after = await takeTokens(await start(to), settings.realm, credentials);
  }
  report("Looking for drift ...");
  return {
    stack,
    from,
    to,
    customers: integrations.length,
    customersOfStack: settings.integrations.length,
    tokens: changedTokens(before, after),
    ...(await checkout.drift()),
    rights: [...(await checkout.doctor()), ...(from === undefined ? [] : newRoles(from, to))],
  };
}

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

  get cli(): PulumiCli {
    return pulumiCli(STACK, this.environment, this.directory);
  }

  async deploy(config: WrittenConfiguration): Promise<void> {
    await this.cli.run(["stack", "init", STACK], { global: true });
    const file = join(this.directory, stackFileName(STACK));
    await writeFile(file, stringify({ config }, { aliasDuplicateObjects: false }));
    await this.cli.run(["up", "--yes", "--skip-preview"]);
  }

  async drift(): Promise<Pick<RehearsalReport, "contract" | "drift" | "refusal">> {
    const { exitCode, stdout, stderr } = await this.command("drift", "--stack", STACK, "--json");
    return exitCode === 0 || exitCode === EXIT_CODES.found
      ? linesOf(JSON.parse(stdout) as DriftReport)
      : { contract: [], drift: [], refusal: stderr.trim() };
  }

  async doctor(): Promise<string[]> {
    const { stdout } = await this.command("doctor", "--stack", STACK, "--json");
    const { checks } = JSON.parse(stdout) as { readonly checks: readonly Check[] };
    return checks.filter(({ outcome }) => outcome === "wrong").map(({ about, found }) => `${about}: ${found}`);
  }
}
