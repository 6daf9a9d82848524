import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { awaitHealthy } from "../engine/containerHealth.ts";
import { connectToEngine } from "../engine/engineConnection.ts";
import {
  CA_FILE_VARIABLE,
  type EngineSettings,
  type HealthCheckSettings,
  type ServiceSettings,
} from "../settings/settings.ts";
import { CA_FILE, type Certificates, CERTIFICATES_FOLDER } from "./certificates.ts";

export interface ServiceArgs extends Omit<ServiceSettings, "image"> {
  /** Its name on the containers' network. */
  readonly serviceName: string;
  readonly containerName: string;
  readonly engine: EngineSettings;
  readonly image: pulumi.Input<string>;
  readonly network: pulumi.Input<string>;
  /** Where the service has to trust a private CA. */
  readonly certificates: Certificates | undefined;
  readonly labels: docker.types.input.ContainerLabel[];
}

/** One service's container. A run of Pulumi waits until it is healthy, and fails with its last log lines otherwise. */
export class Service extends pulumi.ComponentResource {
  /** The container's name, once it is healthy. */
  readonly healthyName: pulumi.Output<string>;

  constructor(name: string, args: ServiceArgs, options?: pulumi.ComponentResourceOptions) {
    super("scpcloud:apps:App", name, {}, options);
    const container = new docker.Container(`${name}-container`, containerArgs(args), {
      parent: this,
      // Its name and its ports cannot be given twice.
      deleteBeforeReplace: true,
      // The provider pretends to update it (kreuzwerker, resourceDockerContainerUpdate).
      replaceOnChanges: ["healthcheck"],
    });
    this.healthyName = pulumi.all([container.id, container.name]).apply(async ([id, containerName]) => {
      // Not by the provider's `wait`, which knows no log, waits in vain for a container that has ended, and after a
      // refresh takes a failed one for a good one.
      if (!pulumi.runtime.isDryRun()) {
        const awaited = { id, name: containerName, secrets: Object.values(args.secretEnvironment) };
        const reason = await awaitHealthy(connectToEngine(args.engine), awaited);
        if (reason !== undefined) {
          failRun(reason, container);
        }
      }
      return containerName;
    });
    this.registerOutputs({ container: container.name });
  }
}

/**
 * Makes the run fail, but lets it go on. A thrown error would keep the run from telling of the other container, and the
 * stack from saving its outputs. An error that is only logged would not fail the run.
 */
function failRun(reason: string, resource: pulumi.Resource): void {
  const error = new pulumi.ResourceError(reason, resource, true);
  // Pulumi prints it if it is there, once the program has come to its end.
  error.stack = "";
  void Promise.reject(error);
}

/** What a service's container is declared as: nothing is allowed to it that the stack file does not allow. */
function containerArgs(args: ServiceArgs): docker.ContainerArgs {
  const { certificates, healthCheck, memory, writablePaths } = args;
  return {
    name: args.containerName,
    image: args.image,
    envs: environmentList(args),
    // The engine's machine, under the name that Docker Desktop gives it.
    hosts: [{ host: "host.docker.internal", ip: "host-gateway" }],
    networksAdvanced: [{ name: args.network, aliases: [args.serviceName] }],
    ports: args.ports.map(({ address, host, container }) => ({ ip: address, external: host, internal: container })),
    ...(healthCheck && { healthcheck: healthcheckArgs(healthCheck) }),
    restart: args.restart,
    memory,
    memorySwap: memory,
    readOnly: true,
    tmpfs: Object.fromEntries(writablePaths.map((path) => [path, "rw,noexec,nosuid,nodev"])),
    capabilities: { drops: ["ALL"], adds: [] },
    securityOpts: ["no-new-privileges"],
    ...(certificates && {
      volumes: [{ volumeName: certificates.volumeName, containerPath: CERTIFICATES_FOLDER, readOnly: true }],
    }),
    // Another certificate makes another container: services read it when they start.
    labels: [...args.labels, ...(certificates ? [{ label: "com.scpcloud.ca", value: certificates.fingerprint }] : [])],
    // ASP.NET Core gives its requests half a minute to end.
    destroyGraceSeconds: 30,
  };
}

/** What the program adds at the end of a list is at the end here, too, and shows in a preview as nothing but that. */
function environmentList({ certificates, emittedEnvironment, environment, secretEnvironment }: ServiceArgs) {
  const lines = (variables: Readonly<Record<string, string>>) =>
    Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  return [
    ...lines(secretEnvironment)
      .sort()
      .map((line) => pulumi.secret(line)),
    ...lines(environment).sort(),
    ...(certificates === undefined ? [] : lines({ [CA_FILE_VARIABLE]: CA_FILE })),
    ...lines(emittedEnvironment),
  ];
}

function healthcheckArgs({ command, interval, timeout, retries, startPeriod }: HealthCheckSettings) {
  return {
    tests: ["CMD", ...command],
    interval: duration(interval),
    timeout: duration(timeout),
    retries,
    startPeriod: duration(startPeriod),
  };
}

/** Seconds as Go prints a duration, such as 1m30s; a refresh would show a difference otherwise. */
function duration(seconds: number): string {
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  return minutes === 0 ? `${rest}s` : `${minutes}m${rest}s`;
}
