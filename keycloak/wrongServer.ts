import { type Fault, SettingsError } from "../faults/faults.ts";
import { discoveryDocumentOf, issuerOf, realmUrl, type Settings } from "../settings/settings.ts";
import { recordOf } from "../values/shapes.ts";
import { explainAdmin, explainNoAnswer, explainNotReady } from "./adminFaults.ts";
import { type Answer, type KeycloakConnection, NoAnswerError } from "./http.ts";

/** What tells a stack's own server from every other one. */
export type Place = Pick<Settings, "api" | "connection" | "deployer" | "publicUrl" | "realm">;

/**
 * To be called before anything is sent to a server or believed of it. Another server, with an empty realm of the same name,
 * would look as if somebody had deleted all customers.
 * @returns the issuer as the server spells it
 * @throws SettingsError where the server is not the one that the settings speak of
 */
export async function refuseWrongServer(keycloak: KeycloakConnection, place: Place): Promise<string> {
  const path = discoveryDocumentOf(realmUrl("", place.realm));
  const { body, status } = await ask(keycloak, path, place);
  const { error, error_description: description, issuer } = recordOf(body);
  if (status === 200 && typeof issuer === "string") {
    // While hosts move, the server may call itself by the one or the other.
    if (issuer === issuerOf(place) || place.api.additionalIssuers.includes(issuer)) {
      return issuer;
    }
    throw new SettingsError([otherIssuer(issuer, place)]);
  }
  const said = [error, description].filter((words) => typeof words === "string").join(": ");
  const answer = { status, path, said };
  throw new SettingsError([status === 404 ? explainAdmin(answer, place) : explainNotReady(answer, place)]);
}

async function ask(keycloak: KeycloakConnection, path: string, place: Place): Promise<Answer> {
  try {
    return await keycloak.request(path);
  } catch (error) {
    throw error instanceof NoAnswerError ? new SettingsError([explainNoAnswer(error.reason, place)]) : error;
  }
}

function otherIssuer(issuer: string, place: Place): Fault {
  return {
    key: "scpcloud:publicUrl",
    rule: "must be the public URL of the Keycloak that keycloak:url leads to",
    reason:
      `the server there says that its issuer is ${issuer}, and the settings say ${issuerOf(place)}. It is another ` +
      "server, or its option hostname is another one. The deployer did not log in there",
    value: place.connection.url,
    remedy:
      "compare keycloak:url (or KEYCLOAK_URL), scpcloud:publicUrl and scpcloud:realm with the server's option hostname",
  };
}
