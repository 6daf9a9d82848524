import type {
  EnforcementLevel,
  Policies,
  PolicyConfigSchema,
  ResourceValidationArgs,
  ResourceValidationPolicy,
  StackValidationArgs,
  StackValidationPolicy,
} from "@pulumi/policy";

import * as clients from "./rules/clientRules.ts";
import * as containers from "./rules/containerRules.ts";
import {
  type DeclaredResource,
  declaredResource,
  type Properties,
  TYPES,
  type Violation,
} from "./rules/declaredResources.ts";
import { organizationClaim } from "./rules/organization.ts";
import { type ScopeLists, scopeLists } from "./rules/scopes.ts";

interface Rule {
  readonly name: string;
  readonly description: string;
  /** `mandatory` (the default) where security depends on it. */
  readonly level?: EnforcementLevel;
  readonly config?: PolicyConfigSchema["properties"];
}

interface ResourceRule extends Rule {
  /** By type, what is to be said of a resource of that type. */
  readonly check: Readonly<Record<string, (args: ResourceValidationArgs) => Iterable<string>>>;
}

interface StackRule extends Rule {
  readonly check: (resources: readonly DeclaredResource[], args: StackValidationArgs) => Iterable<Violation>;
}

const seconds = (value: number) => ({ type: "integer", minimum: 1, default: value }) as const;
const names = (...values: string[]): PolicyConfigSchema["properties"][string] => ({
  type: "array",
  items: { type: "string" },
  default: values,
});

const RESOURCE_RULES: readonly ResourceRule[] = [
  ofClients("client-confidential", "A customer's client has a secret", clients.confidential),
  ofClients("client-flows", "A customer's client has no flow for people", clients.flows),
  ofClients("client-service-account", "A customer's client is a service account", clients.serviceAccount),
  ofClients("client-full-scope", "A token carries no roles but mapped ones", clients.fullScope),
  ofClients("client-wildcards", "No address of a client has a wildcard", clients.wildcards),
  {
    name: "client-lifespan",
    description: "A token's lifespan is within bounds",
    config: { minimum: seconds(60), maximum: seconds(3600) },
    check: { [TYPES.client]: (args) => clients.lifespan(args.getConfig<clients.LifespanBounds>(), args.props) },
  },
  {
    name: "client-lifespan-advised",
    description: "A token's lifespan is short",
    level: "advisory",
    config: { maximum: seconds(1800) },
    check: {
      [TYPES.client]: (args) => clients.advisedLifespan(args.getConfig<clients.LifespanBounds>(), args.props),
    },
  },
  {
    name: "client-protection",
    description: "In the configured stacks, no client can be deleted or replaced by mistake",
    config: { stacks: names("prod") },
    check: {
      [TYPES.client]: (args) => {
        const { urn, opts, props } = args;
        const client = { urn, protect: opts.protect, enabled: (props as Properties)["enabled"] };
        return clients.protection(args.getConfig<{ stacks: string[] }>().stacks, client);
      },
    },
  },
  {
    name: "container-image",
    description: "An image is pinned to a version",
    check: {
      [TYPES.container]: ({ props }) => containers.pinnedImage("image", props),
      [TYPES.remoteImage]: ({ props }) => containers.pinnedImage("name", props),
    },
  },
  ofContainers("container-privileged", "No container is privileged", containers.unprivileged),
  ofContainers("container-docker-socket", "No container reaches the engine", containers.noDockerSocket),
  ofContainers("container-read-only", "A container's root is read-only", containers.readOnlyRoot, "advisory"),
  ofContainers("container-capabilities", "Capabilities are dropped", containers.droppedCapabilities, "advisory"),
];

const STACK_RULES: readonly StackRule[] = [
  {
    name: "organization-claim",
    description: "Each customer's token says once whose data it may read",
    check: organizationClaim,
  },
  {
    name: "client-scopes",
    description: "Each client's lists of client scopes are complete",
    config: { required: names("basic", "roles", "service_account", "scpCloud"), allowed: names("scpCloud-account") },
    check: (resources, args) => scopeLists(args.getConfig<ScopeLists>(), resources),
  },
];

/** README.md lists them. */
export const POLICIES: Policies = [...RESOURCE_RULES.map(resourcePolicy), ...STACK_RULES.map(stackPolicy)];

function ofClients(name: string, description: string, rule: clients.ClientRule): ResourceRule {
  return { name, description, check: { [TYPES.client]: ({ props }) => rule(props) } };
}

function ofContainers(
  name: string,
  description: string,
  rule: containers.ContainerRule,
  level: EnforcementLevel = "mandatory",
): ResourceRule {
  return { name, description, level, check: { [TYPES.container]: ({ props }) => rule(props) } };
}

function resourcePolicy({ check, ...rule }: ResourceRule): ResourceValidationPolicy {
  return {
    ...metadataOf(rule),
    validateResource: (args, report) => {
      for (const message of check[args.type]?.(args) ?? []) {
        report(message);
      }
    },
  };
}

function stackPolicy({ check, ...rule }: StackRule): StackValidationPolicy {
  return {
    ...metadataOf(rule),
    validateStack: (args, report) => {
      for (const { message, urn } of check(args.resources.map(declaredResource), args)) {
        report(message, urn);
      }
    },
  };
}

function metadataOf({ name, description, level = "mandatory", config }: Rule) {
  return { name, description, enforcementLevel: level, ...(config && { configSchema: { properties: config } }) };
}
