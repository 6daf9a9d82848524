import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

import { explaining } from "../../components/hooks.ts";
import { SERVICE_NAMES } from "../../settings/settings.ts";
import { SERVICES, type Settings, STACK_LABEL } from "../settings/settings.ts";
import { Certificates } from "./certificates.ts";
import { explainRefusal } from "./refusals.ts";
import { Service } from "./service.ts";

export interface ServicesArgs {
  readonly settings: Settings;
  /** Part of the names of containers, network and volume: an engine may serve several stacks. */
  readonly stack: string;
}

/** The containers of WebProductionBff and ProductionApi, or one of the two, on a network of their own. */
export class Services extends pulumi.ComponentResource {
  /** By service, the name of its container, once it is healthy. */
  readonly containers: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: ServicesArgs) {
    // The type is the one of the time when the main project declared containers: so their state can be moved here.
    super("scpcloud:apps:Apps", name, {}, explaining(explainRefusal));
    const { settings, stack } = args;
    const prefix = `scpcloud-${stack}`;
    const labels = [{ label: STACK_LABEL, value: stack }];
    const childOptions = { parent: this };

    const network = new docker.Network(
      "network",
      { name: settings.network ?? prefix, labels },
      // The engine would allow a second network of that name, and then know neither by it.
      { ...childOptions, deleteBeforeReplace: true },
    );
    const services = SERVICES.flatMap((service) => {
      const declared = settings.services[service];
      return declared === undefined
        ? []
        : [{ service, declared, image: imageOf(service, declared.image, declared.pull, childOptions) }];
    });
    const [first] = services;
    const certificates =
      settings.caCertificate === undefined || first === undefined
        ? undefined
        : new Certificates(
            "certificates",
            { caCertificate: settings.caCertificate, prefix, image: first.image, labels },
            childOptions,
          );

    this.containers = Object.fromEntries(
      services.map(({ service, declared, image }) => {
        const container = new Service(
          service,
          {
            ...declared,
            serviceName: SERVICE_NAMES[service],
            containerName: `${prefix}-${SERVICE_NAMES[service]}`,
            engine: settings.engine,
            image,
            network: network.name,
            certificates,
            labels,
          },
          childOptions,
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
