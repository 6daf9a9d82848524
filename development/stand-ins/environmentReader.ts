export type Environment = Readonly<Record<string, string | undefined>>;

/** Why a service does not start: one line per variable. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";

  constructor(readonly faults: readonly string[]) {
    super(faults.join("\n"));
  }
}

const HIGHEST_PORT = 65_535;
const PLACEHOLDER = new URL("about:blank");

/**
 * Reads environment variables as ASP.NET Core's configuration does: names compare case-insensitively, two underscores
 * part levels, lists are counted from 0. A blank variable counts as missing. Faults are collected, so that all are
 * told at once: what is returned in place of a bad value is worth nothing, and {@link check} has the last word.
 */
export class EnvironmentReader {
  private readonly values: ReadonlyMap<string, string>;
  private readonly faults: string[] = [];

  constructor(environment: Environment) {
    const present = Object.entries(environment).filter(([, value = ""]) => value.trim() !== "");
    this.values = new Map(present.map(([name, value = ""]) => [name.toLowerCase(), value]));
  }

  /** A URL of the web, without the name and password that some would put there. */
  url(name: string): URL {
    const value = this.required(name);
    if (value === undefined) {
      return PLACEHOLDER;
    }
    const url = URL.canParse(value) ? new URL(value) : PLACEHOLDER;
    if (!["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "") {
      this.refuse(`${name} is not an http or https URL`);
    }
    return url;
  }

  flag(name: string): boolean {
    const value = this.required(name)?.toLowerCase();
    if (value !== undefined && value !== "true" && value !== "false") {
      this.refuse(`${name} is neither true nor false`);
    }
    return value === "true";
  }

  /** At least one text; a gap is refused because ASP.NET Core would close it and so hide that an entry was lost. */
  list(name: string): readonly string[] {
    const prefix = `${name.toLowerCase()}__`;
    const indices = [...this.values.keys()]
      .filter((key) => key.startsWith(prefix))
      .map((key) => key.slice(prefix.length));
    if (indices.length === 0) {
      this.refuse(`${name}__0 is missing`);
    }
    const stray = indices.filter((index) => !/^(0|[1-9]\d*)$/.test(index));
    stray.forEach((index) => this.refuse(`${name}__${index} is not an entry of a list: entries are counted from 0`));
    const count = Math.max(-1, ...indices.filter((index) => !stray.includes(index)).map(Number)) + 1;
    const expected = Array.from({ length: Math.min(count, indices.length) }, (_, index) => `${name}__${index}`);
    const missing = expected.filter((entry) => !this.values.has(entry.toLowerCase()));
    missing.forEach((entry) => this.refuse(`${entry} is missing, although later entries are there`));
    return expected.map((entry) => this.values.get(entry.toLowerCase()) ?? "");
  }

  /** The port inside the container, by default that of the ASP.NET Core images; 0 means any free one. */
  port(): number {
    const name = "ASPNETCORE_HTTP_PORTS";
    const value = this.values.get(name.toLowerCase()) ?? "8080";
    if (!/^\d{1,5}$/.test(value) || Number(value) > HIGHEST_PORT) {
      this.refuse(`${name} is not a port`);
    }
    return Number(value);
  }

  /** Records what is wrong with values which are well-formed but do not fit together. */
  refuse(fault: string): void {
    this.faults.push(fault);
  }

  /** @throws EnvironmentError if anything was wrong */
  check(): void {
    if (this.faults.length > 0) {
      throw new EnvironmentError(this.faults);
    }
  }

  private required(name: string): string | undefined {
    const value = this.values.get(name.toLowerCase());
    if (value === undefined) {
      this.refuse(`${name} is missing`);
    }
    return value;
  }
}

/** The URL as others are told to start with it: a prefix that ends at a boundary between names. */
export function asPrefix(url: URL): string {
  return url.href.endsWith("/") ? url.href : `${url.href}/`;
}
