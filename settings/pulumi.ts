import * as pulumi from "@pulumi/pulumi";

import { UserError } from "../faults/userError.ts";
import type { ConfigurationSource } from "./source.ts";
import { withStackFiles } from "./stackFile/withStackFiles.ts";

/** The configuration of the stack that Pulumi is running: the only place where a program takes any. */
export function stackConfiguration(): ConfigurationSource {
  // The language host names the encrypted keys in this variable; the SDK's reader of it is not public.
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[];
  return withStackFiles(pulumi.getStack(), {
    values: pulumi.runtime.allConfig(),
    secretKeys: new Set(secretKeys),
    environment: process.env,
  });
}

/** An error as Pulumi has to get it: it prints a RunError without its stack, and a user's own fault says all in its text. */
export function toRunError(error: unknown): unknown {
  return error instanceof UserError ? new pulumi.RunError(error.message) : error;
}
