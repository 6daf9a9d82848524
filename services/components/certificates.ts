import { createHash } from "node:crypto";

import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";

/** Where the containers find the private CA's certificate. */
export const CERTIFICATES_FOLDER = "/etc/scpcloud";
export const CA_FILE = `${CERTIFICATES_FOLDER}/ca.crt`;

export interface CertificatesArgs {
  /** PEM. */
  readonly caCertificate: string;
  /** The names of volume and container begin with it. */
  readonly prefix: string;
  /** Any image that is on the engine; nothing of it runs. */
  readonly image: pulumi.Input<string>;
  readonly labels: docker.types.input.ContainerLabel[];
}

/**
 * A volume with the private CA's certificate. The engine puts no file into a container whose root is read-only, and a
 * file of the deployer's machine is not there on an engine that is reached by ssh. So a container that never starts
 * puts it into the volume.
 */
export class Certificates extends pulumi.ComponentResource {
  readonly volumeName: pulumi.Output<string>;
  /** Changes with the certificate. */
  readonly fingerprint: string;

  constructor(name: string, args: CertificatesArgs, options?: pulumi.ComponentResourceOptions) {
    super("scpcloud:apps:Certificates", name, {}, options);
    const { caCertificate, image, labels, prefix } = args;
    this.fingerprint = createHash("sha256").update(caCertificate).digest("hex").slice(0, 16);
    const childOptions = { parent: this, deleteBeforeReplace: true };
    const volume = new docker.Volume(`${name}-volume`, { name: `${prefix}-certificates`, labels }, childOptions);
    const writer = new docker.Container(
      `${name}-writer`,
      {
        name: `${prefix}-certificates`,
        image,
        start: false,
        mustRun: false,
        networkMode: "none",
        volumes: [{ volumeName: volume.name, containerPath: CERTIFICATES_FOLDER }],
        uploads: [{ file: CA_FILE, content: caCertificate, permissions: "0444" }],
        labels,
      },
      // Nothing of the image runs, and a new one must not make the services' containers anew.
      { ...childOptions, ignoreChanges: ["image"] },
    );
    // Known in a preview, but for the containers' sake only there when the file is.
    this.volumeName = pulumi.all([volume.name, writer.id]).apply(([volumeName]) => volumeName);
    this.registerOutputs();
  }
}
