import * as v from "valibot";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Why a service does not start: one line per variable. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
}

const required = v.string("is missing");
const isWebUrl = (text: string) => ["http:", "https:"].includes(URL.parse(text)?.protocol ?? "");

export const url = v.pipe(required, v.check(isWebUrl, "is not an http or https URL"));
export const flag = v.pipe(
  required,
  v.toLowerCase(),
  v.picklist(["true", "false"], "is neither true nor false"),
  v.transform((text) => text === "true"),
);
export const list = v.array(v.string(), "has no entry");
/** The port inside the container, by default that of the ASP.NET Core images; 0 means any free one. */
export const port = v.optional(v.pipe(v.string(), v.regex(/^\d{1,5}$/, "is not a port"), v.transform(Number)), "8080");

/**
 * Reads variables as ASP.NET Core's configuration does: names in any case, two underscores between levels, lists counted
 * from 0. A blank variable counts as missing.
 * @throws EnvironmentError with all that is wrong
 */
export function readEnvironment<const Entries extends v.ObjectEntries>(environment: Environment, entries: Entries) {
  const texts = new Map(
    Object.entries(environment)
      .filter(([, text = ""]) => text.trim() !== "")
      .map(([name, text]) => [name.toLowerCase(), text]),
  );
  const valueOf = (name: string) => {
    const listed: string[] = [];
    for (let text; (text = texts.get(`${name}__${listed.length}`)) !== undefined;) listed.push(text);
    return listed.length > 0 ? listed : texts.get(name);
  };
  const values = Object.fromEntries(Object.keys(entries).map((name) => [name, valueOf(name.toLowerCase())]));
  const { success, output, issues } = v.safeParse(v.object(entries), values);
  if (!success) {
    throw new EnvironmentError(issues.map((issue) => `${v.getDotPath(issue)} ${issue.message}`).join("\n"));
  }
  return output;
}
