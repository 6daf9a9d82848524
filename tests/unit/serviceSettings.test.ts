import { apiSettings, bffSettings, toEnvironment } from "../../components/serviceConfiguration.ts";
import { accepted, configuration } from "./configuration.ts";

const PUBLIC = "https://keycloak.example.com/realms/ScpCloud";
const INTERNAL = "http://keycloak:8080/realms/ScpCloud";

test("each service has its own names, and the API the public issuer where Keycloak is reached by an internal URL", () => {
  const settings = accepted(
    configuration({
      "scpcloud:backchannelUrl": "http://keycloak:8080",
      "scpcloud:requireHttps": false,
      "scpcloud:api": {
        additionalIssuers: ["https://old.example.com/realms/ScpCloud"],
        names: { validIssuers: "Issuers" },
        section: "Jwt",
      },
      "scpcloud:bff": { names: { baseUrl: "Url" }, section: "Services:Keycloak" },
    }),
  );
  expect(bffSettings(settings)).toEqual({
    Services: { Keycloak: { Url: "http://keycloak:8080", TokenEndpoint: `${INTERNAL}/protocol/openid-connect/token` } },
  });
  expect(apiSettings(settings)).toEqual({
    Jwt: {
      Authority: PUBLIC,
      MapInboundClaims: false,
      MetadataAddress: `${INTERNAL}/.well-known/openid-configuration`,
      RequireHttpsMetadata: false,
      ValidAudiences: ["scpCloud"],
      Issuers: [PUBLIC, "https://old.example.com/realms/ScpCloud"],
    },
  });
});

test.each([
  [{ Jwt: { ValidIssuers: [] } }, "Jwt:ValidIssuers"],
  [{ Jwt: {} }, "Jwt"],
])("environment variables cannot say an empty list, which would switch a check off: %j", (tree, place) => {
  expect(() => toEnvironment(tree)).toThrow(`${place} is empty and cannot be an environment variable`);
});
