import * as pulumi from "@pulumi/pulumi";

import type { ConfigurationSource } from "./source";
import { withStackFiles } from "./sourceFiles";

/** The configuration of the stack that Pulumi is running: the only place where the program takes any. */
export function stackConfiguration(): ConfigurationSource {
  // The language host names the encrypted keys in this variable; the SDK's reader of it is not public.
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[];
  return withStackFiles(pulumi.getStack(), {
    values: pulumi.runtime.allConfig(),
    secretKeys: new Set(secretKeys),
    environment: process.env,
  });
}
