import * as pulumi from "@pulumi/pulumi";

/** What a failed operation is explained from. */
export type Refusal = Pick<pulumi.ErrorHookArgs, "errors" | "failedOperation" | "name" | "newInputs" | "type">;

/** Says what to do when Keycloak refuses an object; the provider's own words are a bare 409 or 403. Never retries. */
export function refusalHook(stack: string): pulumi.ErrorHook {
  return new pulumi.ErrorHook("refusal", async (refusal) => {
    const explanation = explainRefusal(refusal, stack);
    if (explanation !== undefined) {
      await pulumi.log.error(explanation);
    }
    return false;
  });
}

/** The refusal in the user's words; nothing where the provider's own words have to do. */
export function explainRefusal(
  { errors, failedOperation, name, newInputs, type }: Refusal,
  stack: string,
): string | undefined {
  const kind = inWords(type.split(":").at(-1) ?? "");
  // A mapper's clientId is the UUID of the client that it belongs to.
  const object = `${kind} "${String(newInputs?.[kind === "client" ? "clientId" : "name"] ?? name)}"`;
  if (failedOperation === "create" && errors.some((error) => /\b409\b|already exists/.test(error))) {
    return (
      `Keycloak already has a ${object}, which this stack's state does not know: probably an earlier run was killed ` +
      `before it could save its state, or somebody made it by hand. Nothing was changed in it. ` +
      `To adopt it as it is, a client with its secret, run: npm run recover -- --stack ${stack}`
    );
  }
  if (errors.some((error) => /\b403\b/.test(error))) {
    return (
      `Keycloak forbids the deployer to ${failedOperation} ${object}. Give its service account the role ` +
      `manage-clients of the client realm-management in realm ${String(newInputs?.["realmId"])}.`
    );
  }
  return undefined;
}

/** "ClientScope" as "client scope". */
function inWords(typeName: string): string {
  return typeName.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
}
