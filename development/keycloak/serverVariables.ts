// Each of them would change the server: Keycloak reads KC_*, Quarkus QUARKUS_*, kc.sh the others.
const SERVER_VARIABLE = /^(KC_|KEYCLOAK_|QUARKUS_|JAVA_OPTS|JAVA_ADD_OPENS$|JAVA_LOCALE$|DEBUG|PRINT_ENV$)/;

/** Unsets what the user's shell may hold for another Keycloak, so that a server depends on this folder alone. */
export function withoutServerVariables(): Record<string, undefined> {
  const names = Object.keys(process.env).filter((name) => SERVER_VARIABLE.test(name));
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
