import * as pulumi from "@pulumi/pulumi";

/** An option of a component: Pulumi calls these hooks for the resources of one type below it, or for all of them. */
export function withHooks(hooks: pulumi.ResourceHookBinding, type?: string): pulumi.ComponentResourceOptions {
  const transformation: pulumi.ResourceTransformation = (args) =>
    args.type === type || (type === undefined && args.resource instanceof pulumi.CustomResource)
      ? { props: args.props, opts: pulumi.mergeOptions(args.opts, { hooks }) }
      : undefined;
  return { transformations: [transformation] };
}

/**
 * An option of the outermost components, for all resources below them: says what to do when a server refuses one, and
 * never retries.
 * @param explain the refusal in the user's words; nothing where the provider's own words have to do
 */
export function explaining(
  explain: (refusal: pulumi.ErrorHookArgs) => string | undefined | Promise<string | undefined>,
): pulumi.ComponentResourceOptions {
  const hook = new pulumi.ErrorHook("refusal", async (refusal) => {
    const explanation = await explain(refusal);
    if (explanation !== undefined) {
      await pulumi.log.error(explanation);
    }
    return false;
  });
  return withHooks({ onError: [hook] });
}
