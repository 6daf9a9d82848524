import * as pulumi from "@pulumi/pulumi";

/** An option of a component: Pulumi calls these hooks for the resources of one type below it, or for all of them. */
export function withHooks(hooks: pulumi.ResourceHookBinding, type?: string): pulumi.ComponentResourceOptions {
  const transformation: pulumi.ResourceTransformation = (args) =>
    args.type === type || (type === undefined && args.resource instanceof pulumi.CustomResource)
      ? { props: args.props, opts: pulumi.mergeOptions(args.opts, { hooks }) }
      : undefined;
  return { transformations: [transformation] };
}
