import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import type * as v from "valibot";

import { STACK as SERVICES } from "../../services/settings/schema.ts";
import { PROVIDER } from "../../settings/provider/provider.ts";
import { partsOf } from "../../settings/schema/checks.ts";
import { STACK } from "../../settings/schema/stack.ts";
import { configuration, ID, refusal, SECRET, withIntegrations } from "../unit/configuration.ts";
import { BOTH, faultsOf, MAIN, secret } from "../unit/servicesConfiguration.ts";

/**
 * All that the program says of a stack file, each sentence once. After a wanted change: npm run golden:update
 */
const FILE = join(import.meta.dirname, "messages.txt");

test("the messages of a stack file's faults are those of their golden file", () => {
  const text = [...new Set(paragraphs())].sort().join("\n\n") + "\n";
  if (process.env["UPDATE_GOLDEN"] === "true") {
    writeFileSync(FILE, text);
  }
  expect(existsSync(FILE)).toBe(true);
  expect(text).toBe(readFileSync(FILE, "utf8"));
});

/** What the schemas say of a single value, and what is said of several. */
function paragraphs(): string[] {
  const ofSchemas = [STACK, PROVIDER, SERVICES].flatMap((schema) => messagesOf(schema as Part));
  const ofFaults = [...FAULTY.flatMap((source) => refusal(source).faults), ...OF_SERVICES].map(
    ({ rule, reason, remedy }) => [rule, reason, remedy].join("\n"),
  );
  return [...ofSchemas, ...ofFaults].map((written) => {
    const message = written.replaceAll(process.versions.node, "VERSION");
    const { rule, reason, remedy } = partsOf(message);
    return `${rule},\n  because ${reason}.\n  Do: ${remedy}`;
  });
}

type Part = v.GenericSchema & {
  readonly type: string;
  readonly message?: unknown;
  readonly entries?: Readonly<Record<string, Part>>;
  readonly pipe?: readonly Part[];
} & { readonly [Key in "item" | "key" | "rest" | "value" | "wrapped"]?: Part };

/** The messages of a schema and of all that is in it; those that quote a value come from the faults below. */
function messagesOf(part: Part): string[] {
  const below = [...Object.values(part.entries ?? {}), ...(part.pipe ?? []).filter((one) => one !== part)];
  const { item, key, value, wrapped } = part;
  const inside = [item, key, value, wrapped].filter((one) => typeof one === "object" && one !== null);
  return [
    ...(typeof part.message === "string" ? [part.message] : []),
    ...[...below, ...inside].flatMap((one) => messagesOf(one)),
  ];
}

const FAULTY = [
  configuration({
    "aws:region": "eu",
    "docker:host": "unix:///",
    "keycloak:clientSecret": "plain",
    "keycloak:realm": "Stage",
    "keycloak:tlsInsecureSkipVerify": true,
    "scpcloud:api": {
      additionalIssuers: ["http://old", "http://old"],
      names: { authority: "X", metadataAddress: "x" },
    },
    "scpcloud:audience": { secure: "scpCloud" },
    "scpcloud:bff.publicUrl": "https://api.example.com",
    "scpcloud:realm:Other": "x",
    "scpcloud:forbiddenOrganizationUsers": ["anna"],
    "scpcloud:integrations": {
      acme: { organizationUser: "anna" },
      Acme: { organizationUser: "anna" },
      account: { organizationId: ID, organizationUser: "otto" },
      alone: {},
      constructor: { organizationUser: "bo" },
      second: { successorOf: "third", organizationUser: "carl" },
      third: { successorOf: "gone" },
      fourth: { successorOf: "third" },
      [`${"a".repeat(240)}`]: { organizationUser: "dora" },
    },
  }),
  configuration({ "keycloak:clientId": undefined, "keycloak:url": undefined }, { KEYCLOAK_ACCESS_TOKEN: "t" }),
  configuration({ "keycloak:tlsClientCertificate": "PEM" }, {}),
  configuration({}, { KEYCLOAK_ACCESS_TOKEN: "t", KEYCLOAK_CLIENT_SECRET: SECRET }),
  configuration({}, { HTTPS_PROXY: "socks5://proxy" }),
  configuration({}, { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "keycloak.example.com:443" }),
  configuration({
    "keycloak:realm": undefined,
    "scpcloud:integrations": { deployer: { organizationUser: "anna" } },
    "scpcloud:realm": "master",
  }),
  withIntegrations(
    Object.fromEntries(Array.from({ length: 4_000 }, (_, index) => [`c${index}`, { organizationUser: `u${index}` }])),
  ),
];

const PORT = { container: 80, host: 8080 };
const OF_SERVICES = [
  ...faultsOf({}, { ...MAIN, backchannelUrl: "https://localhost", caCertificate: "" }),
  ...faultsOf(
    {
      api: { ...BOTH.api, ports: [PORT, PORT], environment: { A: "1", a: "2", SSL_CERT_FILE: "x" } },
      caCertificate: { secure: "x" },
      "docker:context": "x",
      "docker:host": "tcp://x",
      "docker:hosts": "x",
      "docker:registryAuth": '[{"password": "x"}]',
      "docker:sshOpts": "-v",
      secretEnvironment: { bff: { A: "x" } },
    },
    MAIN,
  ),
  ...faultsOf({ bff: { image: "bff:1" }, secretEnvironment: secret({ api: { A: "hunter2" } }) }),
];
