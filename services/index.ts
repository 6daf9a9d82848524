import * as pulumi from "@pulumi/pulumi";

import { withStackFiles } from "../settings/sourceFiles";
import { UserError } from "../settings/userError";
import { Services } from "./components/services";
import { readMainStack } from "./settings/mainStack";
import { readSettings } from "./settings/read";

/** Stack files, this project's and the main one's → settings → containers. */
function program(): Record<string, unknown> {
  const stack = pulumi.getStack();
  // The language host names the encrypted keys in this variable; the SDK's reader of it is not public.
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] || "[]") as string[];
  const source = withStackFiles(stack, {
    values: pulumi.runtime.allConfig(),
    secretKeys: new Set(secretKeys),
    environment: process.env,
  });
  const settings = readSettings(source, readMainStack(stack, ".."));
  return { containers: new Services("apps", { settings, stack }).containers };
}

export = () => {
  try {
    return program();
  } catch (error) {
    // A RunError is printed without its stack: these faults are the user's, and the text says all.
    throw error instanceof UserError ? new pulumi.RunError(error.message) : error;
  }
};
