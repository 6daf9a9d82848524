import { deployedIn, isDeployed } from "../../commands/drift/deployed.ts";
import type { State } from "../../commands/pulumi/exportedState.ts";
import { TYPES } from "../../contract/types.ts";
import packageJson from "../../package.json" with { type: "json" };

const PREFIX = "urn:pulumi:dev::scpcloud::scpcloud:keycloak:Integration";
const provider = (version: string) => ({
  urn: "urn:pulumi:dev::scpcloud::pulumi:providers:keycloak::default",
  type: "pulumi:providers:keycloak",
  inputs: { version },
});
const PROVIDER = provider(packageJson.dependencies["@pulumi/keycloak"]);
const STACK = { urn: "urn:pulumi:dev::scpcloud::pulumi:pulumi:Stack::scpcloud-dev", type: "pulumi:pulumi:Stack" };
const ACME = { urn: `${PREFIX}::acme`, type: "scpcloud:keycloak:Integration" };
const CLIENT = {
  urn: `${PREFIX}$${TYPES.client}::acme-client`,
  type: TYPES.client,
  id: "1",
  inputs: {
    __defaults: ["import"],
    import: false,
    clientId: "acme",
    extraConfig: { __defaults: [], rotation: "true" },
  },
  outputs: { clientId: "acme", clientSecret: { "4dabf18193072939515e22adb298388d": "1b47", ciphertext: "x" } },
};
const DECLARED = {
  "scpcloud:keycloak:Integration acme": {},
  [`${TYPES.client} acme-client`]: { clientId: "acme", extraConfig: { rotation: "true" } },
};

const stateOf = (...resources: { readonly urn: string }[]) => ({ deployment: { resources } });
const isSame = (declared: typeof DECLARED, state = stateOf(STACK, PROVIDER, ACME, CLIENT)) =>
  isDeployed(declared, deployedIn(state, "dev") ?? {});

it("all is deployed where the program declares what the state has, but for the provider's own defaults", () => {
  expect(isSame(DECLARED)).toBe(true);
});

it.each<[string, object]>([
  ["has another value", { ...DECLARED, [`${TYPES.client} acme-client`]: { clientId: "acme" } }],
  ["declares one more", { ...DECLARED, "scpcloud:keycloak:Integration globex": {} }],
  ["declares one less", { "scpcloud:keycloak:Integration acme": {} }],
])("not all is deployed where the program %s", (_, declared) => {
  expect(isSame(declared as typeof DECLARED)).toBe(false);
});

it("the program gets a text for each secret of the state, which is encrypted", () => {
  const { outputs } = deployedIn(stateOf(PROVIDER, CLIENT), "dev")?.[`${TYPES.client} acme-client`] ?? {};
  expect(outputs).toEqual({ clientId: "acme", clientSecret: expect.stringMatching(/^\D+$/) as string });
});

const of = (project: string) => ({ ...CLIENT, urn: CLIENT.urn.replace("dev::scpcloud", project) });
const WITHOUT_CLIENT = stateOf(STACK, PROVIDER, ACME);
it.each<[string, State["deployment"]]>([
  ["was left by a run that was killed", { ...WITHOUT_CLIENT.deployment, pending_operations: [{}] }],
  ["is of another version of the provider", stateOf(STACK, provider("6.0.0"), ACME, CLIENT).deployment],
  ["has a client that has yet to be deleted", stateOf(PROVIDER, { ...CLIENT, ...{ delete: true } }).deployment],
  ["has a client that has yet to be replaced", stateOf(PROVIDER, { ...CLIENT, ...{ taint: true } }).deployment],
  ["is of another stack", stateOf(PROVIDER, of("prod::scpcloud")).deployment],
  ["is of another project", stateOf(PROVIDER, of("dev::another")).deployment],
  ["has two of one type and name", stateOf(PROVIDER, CLIENT, { ...CLIENT, urn: `${CLIENT.urn}` }).deployment],
])("only a preview can tell what an up would do, where the state %s", (_, deployment) => {
  expect(deployedIn({ deployment }, "dev")).toBeUndefined();
});
