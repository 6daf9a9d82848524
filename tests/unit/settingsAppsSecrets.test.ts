import { BOTH, secrets, withApps, withBff } from "./appsConfiguration";
import { configuration, faultsOf, keysOfFaults, onlyFault, refusal } from "./configuration";

const SECRET_VALUE = "hunter2-hunter2";

describe("secret variables", () => {
  test("must be stored as secrets", () => {
    expect(onlyFault(withApps(BOTH, { "scpcloud:secretEnvironment": { bff: { Token: SECRET_VALUE } } }))).toBe(
      [
        "scpcloud:secretEnvironment",
        "  must be stored as a secret,",
        "  because the stack file goes into git, and Pulumi's state keeps everything that is not marked secret in plain text.",
        "  Do: run: pulumi config set --secret --path 'scpcloud:secretEnvironment.bff.NAME' " +
          "(and renew the value: it has been readable)",
      ].join("\n"),
    );
  });

  test("need a container", () => {
    expect(onlyFault(withBff({}, secrets({ api: { Token: SECRET_VALUE } })))).toBe(
      [
        "scpcloud:secretEnvironment.api",
        "  must belong to a container, scpcloud:apps.api,",
        "  because nobody would get these values.",
        "  Do: remove it, or declare the container",
      ].join("\n"),
    );
    expect(keysOfFaults(configuration(secrets({ api: { A: "b" }, bff: { A: "b" } })))).toEqual([
      "scpcloud:secretEnvironment.api",
      "scpcloud:secretEnvironment.bff",
    ]);
  });

  test.each([null, [], "x", 7])("cannot be %j", (value) => {
    expect(faultsOf(withApps(BOTH, { "scpcloud:secretEnvironment": JSON.stringify(value) }))).toMatchObject([
      { key: "scpcloud:secretEnvironment", rule: "must be a map of environment variables" },
      { key: "scpcloud:secretEnvironment", rule: "must be stored as a secret" },
    ]);
  });

  type Faulty = [what: string, value: unknown];
  const MISSHAPEN: Faulty[] = [
    ["a number", { bff: { PIN: 4_711_471_147 } }],
    ["a text in place of a map", { bff: SECRET_VALUE }],
    ["a list", { bff: [SECRET_VALUE] }],
    ["a map too many", { bff: { A: { B: SECRET_VALUE } } }],
    ["no JSON", `{"bff": ${SECRET_VALUE}`],
  ];
  const MISNAMED: Faulty[] = [
    ["an emitted and a repeated name", { bff: { A: SECRET_VALUE, SSL_CERT_FILE: SECRET_VALUE, a: SECRET_VALUE } }],
    ["an unknown container", { web: { A: SECRET_VALUE } }],
    ["a container that is not declared", { api: { A: SECRET_VALUE } }],
    ["a malformed name", { bff: { "A-B": SECRET_VALUE } }],
  ];

  test.each([...MISSHAPEN, ...MISNAMED])("are in no fault, however wrong they are: %s", (_, value) => {
    const { values, environment } = withBff({}, { "scpcloud:secretEnvironment": value });
    const { message } = refusal({ values, environment, secretKeys: new Set(["scpcloud:secretEnvironment"]) });
    expect(message).toContain("scpcloud:secretEnvironment");
    expect(message).not.toMatch(/hunter2|4711471147/);
  });

  const messageOfPlain = (value: unknown) => refusal(withBff({}, { "scpcloud:secretEnvironment": value })).message;

  test.each(MISNAMED)("are in no fault where they should have been secret and are not, either: %s", (_, value) => {
    expect(messageOfPlain(value)).not.toMatch(/hunter2|4711471147/);
  });

  test.each(MISSHAPEN)("are in no fault where they are not even of the right form: %s", (_, value) => {
    expect(messageOfPlain(value)).not.toMatch(/hunter2|4711471147/);
  });
});
