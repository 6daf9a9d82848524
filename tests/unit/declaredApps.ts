import * as pulumi from "@pulumi/pulumi";

import { Apps } from "../../components/apps";
import { explainingRefusals } from "../../components/refusals";
import { ServiceConfiguration } from "../../components/serviceConfiguration";
import { type RegisteredResource, findResource, underMocks, valueOf } from "../mocks";
import { BOTH, withApps } from "./appsConfiguration";
import { accepted } from "./configuration";

export const CONTAINER = "docker:index/container:Container";

/** Declares the containers of a configuration in the stack `prod`, as the program does. */
export async function declareApps(source = withApps(BOTH), isPreview = false) {
  const settings = accepted(source);
  const { apps } = settings;
  if (apps === undefined) {
    throw new Error("The configuration has no containers.");
  }
  const { result, resources } = await underMocks(
    async () => {
      const { apiEnvironment, bffEnvironment } = new ServiceConfiguration("services", settings);
      const { containers } = new Apps(
        "apps",
        { apiEnvironment, apps, bffEnvironment, stack: "prod" },
        explainingRefusals("prod", () => new Date()),
      );
      return { apiEnvironment, bffEnvironment, containers: await valueOf(pulumi.output(containers)) };
    },
    {},
    "prod",
    isPreview,
  );
  return { ...result, resources };
}

/** What a service's container is declared as. */
export function containerOf(resources: readonly RegisteredResource[], service: string) {
  return findResource(resources, CONTAINER, `${service}-container`).inputs;
}
