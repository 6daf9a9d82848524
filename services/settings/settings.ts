import type { Values } from "./schema.ts";

/** The services that have a container, in the order in which they are declared. */
export const SERVICES = ["api", "bff"] as const;
export type Service = (typeof SERVICES)[number];

/** The label by which whatever a stack has on a Docker engine is found there. */
export const STACK_LABEL = "com.scpcloud.stack";

/** The variable by which OpenSSL, and so .NET, is told a further file of CA certificates besides its usual folder. */
export const CA_FILE_VARIABLE = "SSL_CERT_FILE";

type Variables = Readonly<Record<string, string>>;
type Written = NonNullable<Values["api"]>;

/** A check that the engine runs in the container; durations in seconds. */
export type HealthCheckSettings = NonNullable<Written["healthCheck"]>;

/** The container of a service. */
export interface ServiceSettings extends Written {
  readonly secretEnvironment: Variables;
  /** What the service is configured with: it follows from the main stack's file. */
  readonly emittedEnvironment: Variables;
}

/** How the engine is reached: by a unix socket, or by ssh. */
export interface EngineSettings {
  /** `unix:///path` or `ssh://[user@]host[:port]`. */
  readonly host: string;
  /** Further arguments of ssh. */
  readonly sshOptions: readonly string[];
}

/** The validated configuration of one stack. */
export interface Settings {
  readonly engine: EngineSettings;
  /** The name of the containers' network; by default the stack's. */
  readonly network?: string | undefined;
  /** PEM of a private CA that the services trust besides the usual ones. */
  readonly caCertificate?: string | undefined;
  /** One of them at least. */
  readonly services: Readonly<Partial<Record<Service, ServiceSettings>>>;
}
