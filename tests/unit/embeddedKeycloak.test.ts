import { X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ensureCertificates } from "../../development/keycloak/certificates.ts";
import { secretsOf } from "../../development/keycloak/failure.ts";
import { issueAuthority } from "../../development/keycloak/issuing.ts";
import { buildRealm } from "../../development/keycloak/realmImport.ts";
import { randomSecret, secretFile } from "../../development/keycloak/secrets.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "embedded-keycloak-"));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

describe("the realm import of the embedded Keycloak", () => {
  const realm = buildRealm({ deployerSecret: "deployerSecret", adminPassword: "adminPassword" });

  it("has the user admin of the development environment, and a deployer with a service account only", () => {
    const roles = ["manage-clients", "view-users", "view-realm", "manage-realm"];
    // Client scopes and roles are left to Keycloak.
    expect(realm).toEqual({
      realm: "ScpCloud",
      enabled: true,
      sslRequired: expect.any(String) as string,
      users: [
        expect.objectContaining({
          id: "c7834e89-74ff-42ae-a6d8-8693f24b1351",
          username: "admin",
          enabled: true,
          realmRoles: ["default-roles-scpcloud"],
        }),
        {
          username: "service-account-scpcloud-deployer",
          enabled: true,
          serviceAccountClientId: "scpcloud-deployer",
          clientRoles: { "realm-management": roles },
        },
      ],
      clients: [
        expect.objectContaining({
          clientId: "scpcloud-deployer",
          secret: "deployerSecret",
          publicClient: false,
          serviceAccountsEnabled: true,
          standardFlowEnabled: false,
          implicitFlowEnabled: false,
          directAccessGrantsEnabled: false,
          fullScopeAllowed: false,
        }),
      ],
      clientScopeMappings: { "realm-management": [{ client: "scpcloud-deployer", roles }] },
    });
  });

  it("knows its secrets, so that they can be kept out of messages", () => {
    expect(secretsOf(realm)).toEqual(["adminPassword", "deployerSecret"]);
  });
});

describe("the secrets of the embedded Keycloak", () => {
  it("are long and of letters and digits only", () => {
    expect(randomSecret()).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(randomSecret()).not.toBe(randomSecret());
  });

  it("are created once, in a file and a directory for the owner alone", () => {
    const path = join(directory, "secrets", "password");
    const secret = secretFile(path);
    expect(secretFile(path)).toBe(secret);
    expect(readFileSync(path, "utf8")).toBe(secret);
    expect([modeOf(path), modeOf(dirname(path))]).toEqual(["600", "700"]);
    expect(readdirSync(dirname(path))).toEqual(["password"]);
  });

  it("are read from an existing file, which is then closed to others", () => {
    const path = join(directory, "password");
    writeFileSync(path, "given\n");
    chmodSync(path, 0o644);
    expect(secretFile(path)).toBe("given");
    expect(modeOf(path)).toBe("600");
  });

  it("are never empty", () => {
    const path = join(directory, "password");
    writeFileSync(path, "");
    expect(() => secretFile(path)).toThrow(`${path} is empty`);
  });
});

describe("the certificates of the embedded Keycloak", () => {
  it("name every address of the server, and are signed by a CA that is alone in its directory", async () => {
    const { caCertificateFile, caCertificate, certificateFile, keyFile } = await ensureCertificates(directory);
    const authority = new X509Certificate(caCertificate);
    const server = new X509Certificate(readFileSync(certificateFile));
    expect(server.subjectAltName).toBe(
      "DNS:localhost, DNS:host.docker.internal, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1",
    );
    expect([authority.ca, server.ca]).toEqual([true, false]);
    expect(server.checkIssued(authority) && server.verify(authority.publicKey)).toBe(true);
    expect(readdirSync(dirname(caCertificateFile))).toEqual(["ca.crt"]);
    expect(modeOf(keyFile)).toBe("600");
    // Nobody can issue a further certificate.
    expect(readdirSync(dirname(keyFile)).sort()).toEqual(["server.crt", "server.key"]);
  });

  it("are kept while they are good", async () => {
    const first = await ensureCertificates(directory);
    const certificate = readFileSync(first.certificateFile, "utf8");
    expect(await ensureCertificates(directory)).toEqual(first);
    expect(readFileSync(first.certificateFile, "utf8")).toBe(certificate);
  });

  it("are issued anew when they are about to expire", async () => {
    const first = await ensureCertificates(directory);
    const expiry = Date.parse(new X509Certificate(readFileSync(first.certificateFile)).validTo);
    const clock = jest.spyOn(Date, "now").mockReturnValue(expiry - 29 * 86_400_000);
    const renewed = await ensureCertificates(directory);
    clock.mockRestore();
    expect(renewed.caCertificate).not.toBe(first.caCertificate);
  });

  it("are issued anew when an interrupted run left files that do not belong together", async () => {
    const first = await ensureCertificates(directory);
    writeFileSync(first.caCertificateFile, (await issueAuthority()).certificate);
    const second = await ensureCertificates(directory);
    const server = new X509Certificate(readFileSync(second.certificateFile));
    expect(server.verify(new X509Certificate(second.caCertificate).publicKey)).toBe(true);
  });
});
