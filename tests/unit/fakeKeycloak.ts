import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";

import type { Answer, KeycloakConnection } from "../../keycloak/http.ts";

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

/** A realm's answers, as far as `verify` asks for them. */
export interface FakeRealm {
  readonly issuer: string;
  /** The answer of the token endpoint to an Authorization header: a status and a token, or an OAuth error. */
  readonly tokens: (authorization: string) => Promise<Pick<Answer, "status" | "body">>;
  /** The answers of other paths, which replace the usual ones. */
  readonly answers?: Readonly<Record<string, Pick<Answer, "status" | "body">>>;
}

/** A Keycloak with the realm `ScpCloud` and one signing key. */
export class FakeKeycloak implements KeycloakConnection {
  readonly url = "https://keycloak.example.com";
  readonly requests: string[] = [];

  readonly keys: KeyPair;
  private readonly realm: FakeRealm;

  private constructor(keys: KeyPair, realm: FakeRealm) {
    this.keys = keys;
    this.realm = realm;
  }

  static async start(realm: FakeRealm, keys?: KeyPair): Promise<FakeKeycloak> {
    return new FakeKeycloak(keys ?? (await newKeys()), realm);
  }

  async request(...[path, options]: Parameters<KeycloakConnection["request"]>): Promise<Answer> {
    this.requests.push(`${options?.method ?? "GET"} ${path}`);
    const { status, body } = this.realm.answers?.[path] ?? (await this.answer(path, options));
    return { status, body };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private async answer(
    ...[path, options]: Parameters<KeycloakConnection["request"]>
  ): Promise<Pick<Answer, "status" | "body">> {
    switch (path) {
      case "/realms/ScpCloud/.well-known/openid-configuration":
        return { status: 200, body: { issuer: this.realm.issuer } };
      case "/realms/ScpCloud/protocol/openid-connect/certs":
        return {
          status: 200,
          body: { keys: [{ ...(await exportJWK(this.keys.publicKey)), kid: "one", alg: "RS256" }] },
        };
      case "/realms/ScpCloud/protocol/openid-connect/token":
        expect(options).toMatchObject({ method: "POST", form: { grant_type: "client_credentials" } });
        return this.realm.tokens(options?.headers?.["authorization"] ?? "");
      default:
        return { status: 404, body: undefined };
    }
  }
}

export function newKeys(): Promise<KeyPair> {
  return generateKeyPair("RS256", { extractable: true });
}

export function sign(claims: object, { privateKey }: KeyPair): Promise<string> {
  return new SignJWT(claims as JWTPayload)
    .setProtectedHeader({ alg: "RS256", kid: "one", typ: "JWT" })
    .sign(privateKey);
}

/** A token with this header and no, or some other, signature. */
export function forge(header: object, claims: object, signature = ""): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
  return `${encode(header)}.${encode(claims)}.${signature}`;
}
