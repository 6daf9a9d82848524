import { issueAuthority, issueServer, type KeyAndCertificate } from "../../development/keycloak/issuing";
import { BOTH, withApps } from "./appsConfiguration";
import { accepted, configuration, faultsOf, onlyFault, refusal, SECRET } from "./configuration";

let authority: KeyAndCertificate;
let other: KeyAndCertificate;

beforeAll(async () => {
  authority = await issueAuthority();
  other = await issueAuthority();
});

const withCertificate = (caCertificate: string) => withApps({ ...BOTH, caCertificate });
/** Whether any line of the key stands in a text. */
const shows = (text: string, key: string) =>
  key
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("-"))
    .some((line) => text.includes(line.slice(0, 16)));

describe("a private CA's certificate", () => {
  test("reaches the containers as it is written", () => {
    expect(accepted(withCertificate(authority.certificate)).apps?.caCertificate).toBe(authority.certificate);
  });

  test("may be one of several, as while a CA is replaced", () => {
    const both = `\n${authority.certificate}\n${other.certificate}`;
    expect(accepted(withCertificate(both)).apps?.caCertificate).toBe(both);
  });

  test("is by default the one by which the deployer trusts Keycloak", () => {
    const keycloak = { "keycloak:rootCaCertificate": authority.certificate };
    expect(accepted(withApps(BOTH, keycloak)).apps?.caCertificate).toBe(authority.certificate);
    const apps = { ...BOTH, caCertificate: other.certificate };
    expect(accepted(withApps(apps, keycloak)).apps?.caCertificate).toBe(other.certificate);
    expect(accepted(configuration(keycloak))).not.toHaveProperty("apps");
  });

  test("is none where nothing says any", () => {
    expect(accepted(withApps(BOTH)).apps).not.toHaveProperty("caCertificate");
    expect(accepted(withApps(BOTH, { "keycloak:rootCaCertificate": "" })).apps).not.toHaveProperty("caCertificate");
  });

  test("must be one", () => {
    expect(onlyFault(withCertificate("ca.crt"))).toBe(
      [
        "scpcloud:apps.caCertificate",
        "  must be one or more X.509 certificates as PEM, and nothing else,",
        "  because the containers trust whoever has a certificate of this authority.",
        "  Do: write the CA's certificate, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; never a key",
      ].join("\n"),
    );
  });

  test("must be whole", () => {
    const lines = authority.certificate.split("\n");
    for (const broken of [
      "",
      " \n",
      lines.slice(1).join("\n"),
      lines.slice(0, 4).join("\n"),
      [lines[0], ...lines.slice(2)].join("\n"),
      `${authority.certificate}and more`,
      `# The CA\n${authority.certificate}`,
      `${authority.certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    ]) {
      expect(faultsOf(withCertificate(broken))).toMatchObject([
        { key: "scpcloud:apps.caCertificate", rule: expect.stringMatching(/^must be one or more X\.509/) as string },
      ]);
    }
  });

  test.each([7, null, ["a"]])("cannot be %j", (value) => {
    expect(faultsOf(withApps({ ...BOTH, caCertificate: value }))).toMatchObject([
      { key: "scpcloud:apps.caCertificate", rule: "must be text" },
    ]);
  });
});

describe("a private key", () => {
  test("is refused behind the certificate and not shown", () => {
    const { faults, message } = refusal(withCertificate(authority.certificate + authority.key));
    expect(faults.map(({ key }) => key)).toEqual(["scpcloud:apps.caCertificate"]);
    expect(shows(message, authority.key)).toBe(false);
  });

  test("is refused before the certificate, or alone, and not shown", () => {
    for (const text of [authority.key + authority.certificate, authority.key]) {
      const { faults, message } = refusal(withCertificate(text));
      expect(faults.map(({ key }) => key)).toEqual(["scpcloud:apps.caCertificate"]);
      expect(shows(message, authority.key)).toBe(false);
    }
  });

  test("of a server is refused too", async () => {
    const server = await issueServer(authority);
    expect(faultsOf(withCertificate(server.certificate + server.key))).toHaveLength(1);
  });

  test("does not get into the containers with keycloak:rootCaCertificate, either", () => {
    const source = withApps(BOTH, { "keycloak:rootCaCertificate": authority.certificate + authority.key });
    const { message } = refusal(source);
    expect(shows(message, authority.key)).toBe(false);
    // Without containers it is the provider's business.
    accepted(configuration({ "keycloak:rootCaCertificate": authority.certificate + authority.key }));
  });

  test("is not shown where only the shape of something else is wrong", () => {
    const { message } = refusal(
      withApps(
        { ...BOTH, caCertificate: authority.certificate, network: "a b" },
        {},
        { KEYCLOAK_CLIENT_SECRET: SECRET, KEYCLOAK_TLS_CLIENT_PRIVATE_KEY: authority.key },
      ),
    );
    expect(shows(message, authority.key)).toBe(false);
  });
});
