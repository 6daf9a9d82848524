import { readFileSync } from "node:fs";

import type { KeycloakManager } from "../../keycloak/admin.ts";
import type { ImportFile } from "../../commands/pulumi/plan.ts";
import { type Step, UNKNOWN } from "../../commands/pulumi/preview.ts";
import { type PulumiCli, PulumiError, type PulumiRunOptions } from "../../commands/pulumi/pulumiCli.ts";
import { previewOf } from "./reviewRecordings.ts";

const STACK = "urn:pulumi:dev::scpcloud::";

export const CLIENT = "keycloak:openid/client:Client";
export const SCOPE = "keycloak:openid/clientScope:ClientScope";
export const CLAIM_MAPPER = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
export const AUDIENCE_MAPPER = "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper";
export const DEFAULT_SCOPES = "keycloak:openid/clientDefaultScopes:ClientDefaultScopes";
export const INTEGRATION = "scpcloud:keycloak:Integration";
const REALM_SCOPES = "scpcloud:keycloak:RealmScopes";

/** A resource of the program. Its `owner` is an input that is the Keycloak id of another resource, known once the state has it. */
interface Declared {
  readonly urn: string;
  readonly type: string;
  readonly parent?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly owner?: { readonly input: string; readonly urn: string };
}

export function urnOf(name: string, ...types: string[]): string {
  return `${STACK}${types.join("$")}::${name}`;
}

/** A component with its children, each with the input, if any, that is the id of the first of them. */
function component(
  name: string,
  type: string,
  children: readonly (readonly [suffix: string, type: string, inputs: object, owner?: string])[],
): Declared[] {
  const parent = urnOf(name, type);
  const urns = children.map(([suffix, childType]) => urnOf(`${name}-${suffix}`, type, childType));
  const declared = children.map(([, childType, inputs, input], index) => ({
    urn: urns[index] ?? "",
    type: childType,
    parent,
    inputs: { realmId: "ScpCloud", ...inputs },
    ...(input === undefined ? {} : { owner: { input, urn: urns[0] ?? "" } }),
  }));
  return [{ urn: parent, type }, ...declared];
}

/** What the program declares for a customer (components/integration.ts), as far as recovery looks at it. */
export const customer = (clientId: string) =>
  component(clientId, INTEGRATION, [
    ["client", CLIENT, { clientId }],
    ["default-scopes", DEFAULT_SCOPES, {}, "clientId"],
    ["organization-id", CLAIM_MAPPER, { name: "organizationId" }, "clientId"],
  ]);

/** What the program declares for the realm (components/realmScopes.ts). */
export const realmScopes = () =>
  component("realm", REALM_SCOPES, [
    ["scope", SCOPE, { name: "scpCloud" }],
    ["audience", AUDIENCE_MAPPER, { name: "audience" }, "clientScopeId"],
  ]);

/** The URNs with ids that `pulumi import` makes of a file, by the CLI's rules (operations/import.go). */
export function importedUrns({ nameTable, resources }: ImportFile): Map<string, string> {
  const specs = resources as readonly Partial<Record<string, string>>[];
  const resolve = ({ type = "", name = "", logicalName = name, parent }: (typeof specs)[number]): string => {
    if (parent === undefined) {
      return urnOf(logicalName, type);
    }
    const [candidate, another] = specs.filter((spec) => spec["name"] === parent);
    const parentUrn = nameTable[parent] ?? (candidate && resolve(candidate));
    if (parentUrn === undefined || another !== undefined) {
      throw new Error(`error: the parent '${parent}' of resource '${name}' is missing or ambiguous`);
    }
    return urnOf(logicalName, ...(parentUrn.split("::")[2] ?? "").split("$"), type);
  };
  return new Map(specs.map((spec) => [resolve(spec), spec["id"] ?? ""]));
}

/** A CLI with a program and a state. It refuses to work while it is locked. */
export class FakePulumi implements PulumiCli {
  readonly stack = "dev";
  /** Keycloak's ids of the resources in the state, by URN. */
  readonly state = new Map<string, string>();
  readonly calls: string[] = [];
  readonly importFiles: string[] = [];
  lockHolder: string | undefined;
  /** Whose clients' secrets the state lacks, by URN. */
  readonly withoutSecret = new Set<string>();
  /** Whether Keycloak gives them out when it is asked. */
  givesSecrets = true;
  pendingOperations = 0;
  /** Further steps of every preview. */
  furtherSteps: readonly Step[] = [];
  /** The same, as soon as the state was refreshed. */
  stepsAfterRefresh: readonly Step[] = [];

  private readonly program: readonly Declared[];

  constructor(program: readonly Declared[]) {
    this.program = program;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- so that what is thrown becomes a rejection
  async run(args: readonly string[], options?: PulumiRunOptions): Promise<string> {
    const command = args[0] ?? "";
    this.calls.push(options?.onLine !== undefined ? `${command} (shown)` : command);
    if (this.calls.length > 50) {
      throw new Error("It goes round in circles.");
    }
    if (command === "cancel") {
      this.lockHolder = undefined;
    }
    if (this.lockHolder !== undefined && command !== "stack") {
      throw new PulumiError(args, lockMessage(this.lockHolder));
    }
    switch (command) {
      case "preview":
        return this.preview();
      case "stack":
        return this.export();
      case "refresh":
        expect(args).toContain("--clear-pending-creates");
        if (this.givesSecrets) {
          args.filter((_, index) => args[index - 1] === "--target").forEach((urn) => this.withoutSecret.delete(urn));
        }
        if (args.includes("--target")) {
          break;
        }
        this.pendingOperations = 0;
        this.furtherSteps = this.stepsAfterRefresh;
        break;
      case "up":
        if (this.withoutSecret.size > 0) {
          throw new PulumiError(args, "Diagnostics:\n  error: The secret is not known");
        }
        break;
      case "import":
        this.importFiles.push(args[args.indexOf("--file") + 1] ?? "");
        this.import(JSON.parse(readFileSync(this.importFiles.at(-1) ?? "", "utf8")) as ImportFile);
        break;
    }
    return "";
  }

  import(file: ImportFile): void {
    for (const [urn, importId] of importedUrns(file)) {
      this.state.set(urn, importId.split("/").at(-1) ?? "");
    }
  }

  private export(): string {
    const resources = [...this.state].map(([urn, id]) => {
      const { type, inputs } = this.program.find((declared) => declared.urn === urn) ?? {};
      const clientSecret = { plaintext: JSON.stringify(this.withoutSecret.has(urn) ? "" : "a secret") };
      return { urn, type, id, outputs: { clientId: inputs?.["clientId"], clientSecret } };
    });
    return JSON.stringify({ deployment: { resources, pending_operations: Array(this.pendingOperations).fill({}) } });
  }

  private preview(): string {
    const steps = this.program.map(({ urn, type, parent, inputs, owner }) => ({
      op: this.state.has(urn) ? "same" : "create",
      urn,
      newState: {
        urn,
        type,
        custom: !type.startsWith("scpcloud:"),
        ...(parent === undefined ? {} : { parent }),
        inputs: { ...inputs, ...(owner && { [owner.input]: this.state.get(owner.urn) ?? UNKNOWN }) },
      },
    }));
    return previewOf([...steps, ...this.furtherSteps]);
  }
}

/** What the CLI prints of a lock in a `file://` backend. */
export function lockMessage(holder: string): string {
  return (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the " +
    `lock file with \`pulumi cancel\`.\n  file:///state/.pulumi/locks/organization/scpcloud/dev/1.json?no_tmp_dir=true: created by ${holder} ` +
    "at 2026-11-23T12:00:00Z"
  );
}

/** A realm that has what is given here by path, and nothing else. */
export function fakeAdmin(objects: Readonly<Record<string, object>>): KeycloakManager {
  return {
    roles: undefined,
    now: () => new Date(),
    serverInfo: () => Promise.resolve({ features: [], systemInfo: {} }),
    get: (path) => Promise.resolve(objects[path] ?? []),
    change: () => Promise.reject(new Error("read only")),
  };
}
