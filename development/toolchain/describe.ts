import { dirname, join, sep } from "node:path";

import { filesOf, OWN_PULUMI_HOME, pluginOnPath, pluginProgram, pulumiHome, TOOLCHAIN_FOLDER } from "./layout.ts";
import type { Part } from "./selection.ts";
import { PLUGINS, type PluginName, type Source } from "./sources.ts";

/** The parts that a run needs, each of them there. */
export interface Chosen {
  readonly cli: Part;
  readonly keycloak: Part;
  /** Only where it was asked for; so in {@link Toolchain}. */
  readonly docker?: Part;
}

/** What makes plain `pulumi` work in this checkout. */
export interface Toolchain {
  readonly source: { readonly cli: Source; readonly keycloak: Source; readonly docker?: Source };
  /** Folders to put in front of PATH. */
  readonly pathEntries: readonly string[];
  /** Variables to set besides PATH. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Tells how the chosen parts are to be used. */
export function describeToolchain({ cli, ...plugins }: Chosen): Toolchain {
  const { keycloak, docker } = plugins;
  const environment: Record<string, string> = {
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // The plugin is asked for the differences of several resources at a time (docs/performance.md).
    PULUMI_PARALLEL_DIFF: "true",
    // Node.js keeps compiled code there: a quarter of a small stack's preview.
    NODE_COMPILE_CACHE: join(TOOLCHAIN_FOLDER, "node-compile-cache"),
  };
  // The same for the Docker plugin, which is of the Keycloak plugin's kind.
  const home = pulumiHome(cli.source, keycloak.source);
  if (home === OWN_PULUMI_HOME) environment["PULUMI_HOME"] = home;
  // Turns a download that may hang into a clear error: it was not possible when the plugin was built.
  if (keycloak.source === "build") environment["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true";
  if (mustIgnorePath(plugins, pluginOnPath)) environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true";
  const pathEntries = [
    ...(cli.source === "path" ? [] : filesOf("cli", cli.source).slice(0, 1)),
    // Where the machine's own is too old (node.sh).
    ...(process.execPath.startsWith(TOOLCHAIN_FOLDER + sep) ? [process.execPath] : []),
  ].map(dirname);
  const source = { cli: cli.source, keycloak: keycloak.source, ...(docker && { docker: docker.source }) };
  return { source, pathEntries, environment };
}

/**
 * Whether the CLI has to be kept from the plugins on PATH, which it would prefer to the chosen ones. It can only be kept
 * from all of them, so none of the chosen ones may be among them then.
 */
export function mustIgnorePath(
  plugins: Readonly<Partial<Record<PluginName, Part>>>,
  onPath: (name: PluginName) => string | undefined,
): boolean {
  const found = PLUGINS.filter((name) => plugins[name] !== undefined && onPath(name) !== undefined);
  const unwanted = found.filter((name) => plugins[name]?.files[0]?.file !== onPath(name));
  if (unwanted.length > 0 && unwanted.length < found.length) {
    const programs = unwanted.map(pluginProgram).join(", ");
    throw new Error(`Take ${programs} from PATH: the CLI would use it, and can ignore only all plugins there.`);
  }
  return unwanted.length > 0;
}
