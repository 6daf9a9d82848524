import * as pulumi from "@pulumi/pulumi";

import { Services } from "../../services/components/services.ts";
import { type RegisteredResource, findResource, underMocks, valueOf } from "../mocks.ts";
import { accepted, BOTH } from "./servicesConfiguration.ts";

export const CONTAINER = "docker:index/container:Container";
export const IMAGE = "docker:index/remoteImage:RemoteImage";

/** Declares the containers of a configuration in the stack `prod`, as the program does. */
export async function declareServices(settings = accepted(BOTH), isPreview = false) {
  const { result, resources } = await underMocks(
    () => valueOf(pulumi.output(new Services("apps", { settings, stack: "prod" }).containers)),
    {},
    "prod",
    isPreview,
  );
  return { containers: result, resources };
}

/** What a service's container is declared as. */
export function containerOf(resources: readonly RegisteredResource[], service: string) {
  return findResource(resources, CONTAINER, `${service}-container`).inputs;
}
