import { createRequire } from "node:module";

import * as pulumi from "@pulumi/pulumi";

import * as http from "../keycloak/http.ts";
import * as wrongServer from "../keycloak/wrongServer.ts";
import { fakeRealm } from "./fakeRealm.ts";

const sdk = createRequire(import.meta.url)("../pulumiSdk.cjs") as { readonly leaveOutDebugging: () => void };

// The tests' stack traces cost even more: each is translated by source maps.
sdk.leaveOutDebugging();

/** A resource as the program registered it. */
export interface RegisteredResource {
  readonly type: string;
  readonly name: string;
  /** The parent's logical name; empty for the stack. */
  readonly parent: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly isComponent: boolean;
  /** The names of the hooks that are told of errors. */
  readonly errorHooks: readonly string[];
  /** The names of the hooks that are called before it is made. */
  readonly createHooks: readonly string[];
  /** The names of the hooks that are called before it is deleted. */
  readonly deleteHooks: readonly string[];
  /** Whether it is deleted before its replacement is made. */
  readonly deleteBeforeReplace: boolean;
  /** Whether Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** The inputs whose change replaces it, whatever the provider says. */
  readonly replaceOnChanges: readonly string[];
}

/** Answers to the provider's lookups, by the last part of the function's token, such as `getUser`. */
export type Lookup = (inputs: Readonly<Record<string, unknown>>) => Record<string, unknown>;

/** What the hooks of the tests ask for. */
const LOOKUPS: Readonly<Record<string, Lookup>> = {
  getClient: ({ clientId }) => ({ id: `id-of-client-${String(clientId)}`, clientId }),
};

/** The parts of a registration that the SDK does not hand to newResource. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getHooks():
    { getBeforeCreateList(): string[]; getBeforeDeleteList(): string[]; getOnErrorList(): string[] } | undefined;
  getDeletebeforereplace(): boolean;
  getProtect(): boolean;
  getReplaceonchangesList(): string[];
}

/** The parts of the SDK's mock monitor that are extended here (it does not know hooks). */
interface MockMonitor {
  registerResource: (request: RegisterRequest, callback: unknown) => Promise<void>;
  registerErrorHook?: (request: unknown, callback: (error: null, reply: object) => void) => void;
  registerResourceHook?: MockMonitor["registerErrorHook"];
}

/**
 * Runs an arrangement under mocks, to the last registration. Keycloak is one that answers all well.
 * @param lookups further or other answers than LOOKUPS; what has none throws
 * @param isPreview whether nothing is changed, as in `pulumi preview`
 */
export async function underMocks<T>(
  arrangement: () => T | Promise<T>,
  lookups: Readonly<Record<string, Lookup>> = {},
  stack = "test",
  isPreview = false,
): Promise<{ readonly result: T; readonly resources: readonly RegisteredResource[] }> {
  const spies = [
    jest.spyOn(http, "connect").mockReturnValue(fakeRealm()),
    jest.spyOn(wrongServer, "refuseWrongServer").mockResolvedValue(""),
  ];
  const resources: RegisteredResource[] = [];
  const requests: RegisterRequest[] = [];
  await pulumi.runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const request = requests.find((one) => one.getType() === type && one.getName() === name);
        resources.push({
          type,
          name,
          parent: request?.getParent().split("::").at(-1) ?? "",
          inputs: inputs as Record<string, unknown>,
          isComponent: custom === false,
          errorHooks: request?.getHooks()?.getOnErrorList() ?? [],
          createHooks: request?.getHooks()?.getBeforeCreateList() ?? [],
          deleteHooks: request?.getHooks()?.getBeforeDeleteList() ?? [],
          deleteBeforeReplace: request?.getDeletebeforereplace() ?? false,
          protect: request?.getProtect() ?? false,
          replaceOnChanges: request?.getReplaceonchangesList() ?? [],
        });
        return {
          id: custom === false ? undefined : `id-of-${name}`,
          state: { ...(inputs as object), ...computed(type, name), ...lookups[`stored secret of ${name}`]?.({}) },
        };
      },
      call: ({ token, inputs }) => {
        const lookup = { ...LOOKUPS, ...lookups }[token.split(":").at(-1) ?? ""];
        if (lookup === undefined) {
          throw new Error(`no answer for ${token}`);
        }
        try {
          return lookup(inputs as Record<string, unknown>);
        } catch (error) {
          // The SDK takes an error's text from where gRPC has it.
          throw Object.assign(new Error(), { details: error instanceof Error ? error.message : String(error) });
        }
      },
    },
    "scpcloud",
    stack,
    isPreview,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as MockMonitor;
  const registerResource = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    requests.push(request);
    return registerResource(request, callback);
  };
  monitor.registerErrorHook = (_, callback) => callback(null, {});
  monitor.registerResourceHook = monitor.registerErrorHook;
  try {
    return { result: await arrangement(), resources };
  } finally {
    // Registrations are asynchronous: this waits for all of them.
    await pulumi.runtime.disconnect();
    spies.forEach((spy) => spy.mockRestore());
  }
}

/** What Keycloak would add to a client, and an engine to an image that it has pulled. */
const COMPUTED: Readonly<Record<string, (name: string) => Record<string, unknown>>> = {
  "docker:index/remoteImage:RemoteImage": (name) => ({ imageId: `sha256:of-${name}` }),
  "keycloak:openid/client:Client": (name) => ({
    clientSecret: `secret-of-${name}`,
    serviceAccountUserId: `service-account-of-${name}`,
  }),
};

function computed(type: string, name: string): Record<string, unknown> {
  return COMPUTED[type]?.(name) ?? {};
}

/** The only resource of a type and name. */
export function findResource(resources: readonly RegisteredResource[], type: string, name: string): RegisteredResource {
  const found = resources.filter((one) => one.type === type && one.name === name);
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(
      `${found.length} resources of type ${type} and name ${name} among ${resources.map((one) => one.name).join(", ")}`,
    );
  }
  return found[0];
}

/** The value of an Output, once it is known. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => output.apply(resolve));
}
