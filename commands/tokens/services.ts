import { connect, NoAnswerError } from "../../keycloak/http.ts";
import { discoveryDocumentOf, realmUrl, type Settings } from "../../settings/settings.ts";

/** In seconds, where the settings do not say it. */
const TIMEOUT = 5;

/**
 * Asks at `backchannelUrl` as BFF and API do, without the headers that only the deployer sends: a server may name itself by
 * the URL that it is asked at. Where this machine does not reach that URL, it is the deployer's own connection, with a note
 * why.
 */
export async function connectAsServices(settings: Pick<Settings, "backchannelUrl" | "connection" | "realm">) {
  const { backchannelUrl, connection, realm } = settings;
  const { insecure, timeout = TIMEOUT, url } = connection;
  if (backchannelUrl === url) {
    return { keycloak: connect({ ...connection, headers: undefined }), note: undefined };
  }
  const keycloak = connect({ url: backchannelUrl, caCertificate: connection.caCertificate, insecure, timeout });
  try {
    await keycloak.request(discoveryDocumentOf(realmUrl("", realm)));
    return { keycloak, note: undefined };
  } catch (error) {
    await keycloak.close();
    if (!(error instanceof NoAnswerError)) {
      throw error;
    }
    return {
      keycloak: connect(connection),
      note: `asked at ${url}, since ${backchannelUrl}, where BFF and API ask, does not answer here: ${error.reason}`,
    };
  }
}
