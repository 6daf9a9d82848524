import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { SERVICE_NAMES } from "../settings/serviceNames";
import { type AppsSettings, STACK_LABEL } from "../settings/settings";
import { App } from "./app";
import { Certificates } from "./certificateVolume";

export interface AppsArgs {
  readonly apps: AppsSettings;
  /** Part of the names of containers, network and volume: an engine may serve several stacks. */
  readonly stack: string;
  readonly bffEnvironment: Readonly<Record<string, string>>;
  readonly apiEnvironment: Readonly<Record<string, string>>;
}

/** The containers of WebProductionBff and ProductionApi, or one of the two, on a network of their own. */
export class Apps extends pulumi.ComponentResource {
  /** By service, the name of its container, once it is healthy. */
  readonly containers: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: AppsArgs, options?: pulumi.ComponentResourceOptions) {
    super("scpcloud:apps:Apps", name, {}, options);
    const { apps, stack } = args;
    const prefix = `scpcloud-${stack}`;
    const labels = [{ label: STACK_LABEL, value: stack }];
    const childOptions = { parent: this };

    const network = new docker.Network(
      "network",
      { name: apps.network ?? prefix, labels },
      // The engine would allow a second network of that name, and then know neither by it.
      { ...childOptions, deleteBeforeReplace: true },
    );
    const services = (["api", "bff"] as const).flatMap((service) => {
      const app = apps[service];
      return app === undefined ? [] : [{ service, app, image: imageOf(service, app.image, app.pull, childOptions) }];
    });
    const [first] = services;
    const certificates =
      apps.caCertificate === undefined || first === undefined
        ? undefined
        : new Certificates(
            "certificates",
            { caCertificate: apps.caCertificate, prefix, image: first.image, labels },
            { parent: this },
          );

    this.containers = Object.fromEntries(
      services.map(({ service, app, image }) => {
        const container = new App(
          service,
          {
            ...app,
            containerName: `${prefix}-${SERVICE_NAMES[service]}`,
            emittedEnvironment: args[`${service}Environment`],
            engine: apps.engine,
            image,
            network: network.name,
            certificates,
            labels,
          },
          { parent: this },
        );
        return [service, container.healthyName];
      }),
    );
    this.registerOutputs({ containers: this.containers });
  }
}

/** What the container is made of: the id of an image that the engine has pulled, or the reference of one that it has. */
function imageOf(
  service: string,
  reference: string,
  pull: boolean,
  options: pulumi.CustomResourceOptions,
): pulumi.Input<string> {
  // Kept on the engine after a change: whoever goes back to it does not wait.
  return pull
    ? new docker.RemoteImage(`${service}-image`, { name: reference, keepLocally: true }, options).imageId
    : reference;
}
