import fc from "fast-check";

import type { AppSettings, AppsSettings } from "../../settings/settings";

/** What a stack file says about the containers, and what the program has to make of it. */
export interface ValidApps {
  /** By full key, as in ValidConfiguration. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Undefined where there are no containers. */
  readonly settings: AppsSettings | undefined;
}

const APPS = ["bff", "api"] as const;
type AppName = (typeof APPS)[number];

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const lowerCase = (text: string) => text.toLowerCase();

/** With a tag, a digest or both. */
const image = fc
  .record({
    name: fc.stringMatching(/^([a-z0-9]{1,5}\.[a-z]{1,3}(:[0-9]{1,4})?\/)?[a-z][a-z0-9]{0,5}([._-][a-z0-9]{1,3})?$/),
    tag: fc.stringMatching(/^[0-9]\.[0-9a-z]{1,3}$/),
    digest: fc.stringMatching(/^[0-9a-f]{64}$/).map((digits) => `@sha256:${digits}`),
    form: fc.constantFrom("tag", "digest", "both"),
  })
  .map(({ name, tag, digest, form }) =>
    [name, form === "digest" ? "" : `:${tag}`, form === "tag" ? "" : digest].join(""),
  );

/** Each number once, so that no two of a stack are the same. */
const ports = fc.uniqueArray(
  fc.record({
    address: maybe(fc.oneof(fc.ipV4(), fc.ipV6())),
    container: fc.integer({ min: 1, max: 65_535 }),
    host: fc.integer({ min: 1, max: 65_535 }),
  }),
  { maxLength: 4, selector: ({ host }) => host },
);

const healthCheck = fc.record({
  command: fc.array(fc.stringMatching(/^[!-~]{1,10}$/), { minLength: 1, maxLength: 3 }),
  interval: maybe(fc.integer({ min: 1, max: 300 })),
  retries: maybe(fc.integer({ min: 1, max: 100 })),
  startPeriod: maybe(fc.integer({ min: 0, max: 600 })),
  timeout: maybe(fc.integer({ min: 1, max: 300 })),
});

/** Never two underscores in a row, as the program's own variables all have: none of them can collide. */
const variables = fc
  .uniqueArray(
    fc.record({
      name: fc.stringMatching(/^[A-Za-z_][A-Za-z0-9]{0,6}(_[A-Za-z0-9]{1,4})?$/),
      value: fc.string({ unit: "grapheme", maxLength: 10 }),
      isSecret: fc.boolean(),
    }),
    { maxLength: 4, selector: ({ name }) => lowerCase(name) },
  )
  .filter((all) => all.every(({ name }) => !name.includes("__")));

const app = fc.record({
  capabilities: maybe(fc.uniqueArray(fc.constantFrom("CHOWN", "NET_BIND_SERVICE", "SETUID"))),
  healthCheck: maybe(healthCheck),
  healthTimeout: maybe(fc.integer({ min: 1, max: 900 })),
  image,
  memory: maybe(fc.integer({ min: 16, max: 1_048_576 })),
  pull: maybe(fc.boolean()),
  readOnly: maybe(fc.boolean()),
  restart: maybe(fc.constantFrom("no", "on-failure", "always", "unless-stopped")),
  writablePaths: maybe(fc.array(fc.stringMatching(/^(\/[a-z][a-z0-9._-]{0,4}){1,3}$/), { maxLength: 3 })),
});

const parts = fc.record({
  aliases: fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,5}(\.[a-z]{1,3})?$/), { minLength: 2, maxLength: 4 }),
  apps: fc.record({ api: maybe(app), bff: maybe(app) }),
  network: maybe(fc.stringMatching(/^[A-Za-z0-9][\w.-]{0,10}$/)),
  ports,
  host: maybe(fc.constantFrom("unix:///run/docker.sock", "ssh://deploy@docker.example.com:2222")),
  sshOptions: maybe(fc.array(fc.string({ maxLength: 5 }), { maxLength: 2 })),
  variables: fc.record({ api: variables, bff: variables }),
  writesAliases: fc.record({ api: fc.boolean(), bff: fc.boolean() }),
});

export const validApps: fc.Arbitrary<ValidApps> = parts.map(toValidApps);

type Parts = typeof parts extends fc.Arbitrary<infer Value> ? Value : never;

const DEFAULTS = {
  capabilities: [],
  environment: {},
  healthTimeout: 60,
  memory: 512,
  ports: [],
  pull: true,
  readOnly: true,
  restart: "unless-stopped",
  writablePaths: ["/tmp"],
} as const;
const DEFAULT_ALIASES = { api: ["production-api"], bff: ["web-production-bff"] };
const HEALTH_CHECK = { interval: 10, retries: 3, startPeriod: 0, timeout: 5 };

function toValidApps(chosen: Parts): ValidApps {
  const declared = APPS.filter((name) => chosen.apps[name] !== undefined);
  if (declared.length === 0) {
    return { values: {}, settings: undefined };
  }
  const apps = declared.map((name) => [name, toApp(name, chosen)] as const);
  const stored = apps
    .map(([name, { settings }]) => [name, settings.secretEnvironment] as const)
    .filter(([, secret]) => Object.keys(secret).length > 0)
    .map(([name, secret]) => [name, mapValues(secret, (secure) => ({ secure }))] as const);
  const needsNoDigest = apps.some(([, { settings }]) => !settings.image.includes("@"));
  return {
    values: {
      "docker:host": chosen.host,
      // As JSON already: what is wrong below is told of the whole key.
      "docker:sshOpts": chosen.sshOptions && JSON.stringify(chosen.sshOptions),
      "scpcloud:apps": {
        ...Object.fromEntries(apps.map(([name, { written }]) => [name, written])),
        network: chosen.network,
        requireDigest: needsNoDigest ? false : undefined,
      },
      "scpcloud:secretEnvironment": stored.length === 0 ? undefined : Object.fromEntries(stored),
    },
    settings: {
      engine: { host: chosen.host ?? "unix:///var/run/docker.sock", sshOptions: chosen.sshOptions ?? [] },
      ...(chosen.network === undefined ? {} : { network: chosen.network }),
      ...Object.fromEntries(apps.map(([name, { settings }]) => [name, settings])),
    },
  };
}

/** Every other alias and port is the BFF's. */
function toApp(name: AppName, chosen: Parts): { written: object; settings: AppSettings } {
  const mine = (_: unknown, index: number) => APPS[index % 2] === name;
  const aliases = chosen.writesAliases[name] ? chosen.aliases.filter(mine) : undefined;
  const named = (isSecret: boolean) =>
    Object.fromEntries(
      chosen.variables[name].filter((one) => one.isSecret === isSecret).map((one) => [one.name, one.value]),
    );
  const written = { ...chosen.apps[name], aliases, environment: named(false), ports: chosen.ports.filter(mine) };
  const said = withoutUndefined(written);
  return {
    written,
    settings: {
      ...DEFAULTS,
      aliases: DEFAULT_ALIASES[name],
      ...said,
      ...(written.healthCheck && { healthCheck: { ...HEALTH_CHECK, ...withoutUndefined(written.healthCheck) } }),
      ports: written.ports.map((port) => ({ ...port, address: port.address ?? "127.0.0.1" })),
      secretEnvironment: named(true),
    } as AppSettings,
  };
}

function withoutUndefined<T extends object>(map: T): Partial<T> {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function mapValues<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
}
