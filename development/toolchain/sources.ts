/** The sources in the order of preference. */
export const SOURCES = ["path", "official", "build"] as const;

/** Where a part of the toolchain comes from: the user's own, installed officially, or built from Go modules. */
export type Source = (typeof SOURCES)[number];

/** The resource plugins. Docker's is obtained only where it is asked for. */
export const PLUGINS = ["keycloak", "docker"] as const;

export type PluginName = (typeof PLUGINS)[number];

/** What a run needs: the Pulumi CLI with its language host, and plugins. */
export type PartName = "cli" | PluginName;
