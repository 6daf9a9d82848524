import * as v from "valibot";

import { shown } from "../../faults/faults.ts";
import { boolean, form, holds, inOrder, mapOf, mapOfAny, must, RESERVED, text } from "./checks.ts";

/** A user's id is a UUID, and that of a user from a federated storage has the storage's id before its own (StorageId). */
export const userId = inOrder(
  v.pipe(
    text,
    form(
      /^(f:[\w-]{1,36}:[!-~]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/,
      "be a UUID in lower case, such as c7834e89-74ff-42ae-a6d8-8693f24b1351, or a federated user's f:STORAGE:USER",
      "the API compares it letter by letter with the id of a Keycloak user",
      "copy the id from the user's page in the admin console",
    ),
  ),
);

const organizationId = inOrder(
  v.pipe(
    userId,
    form(
      /[^0-]/,
      "not be the empty UUID",
      "no user has it, and a .NET API may take it, Guid.Empty, for no filter at all: all customers' data",
      "copy the id from the user's page in the admin console",
    ),
  ),
);

/** Also an unpaired surrogate, and what turns the direction of the text around it. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** A text that a reader sees as it is. */
const printable = (characters: RegExp, message: string) =>
  inOrder(
    v.pipe(
      text,
      v.regex(characters, message),
      holds(
        (value: string) => !UNPRINTABLE.test(value) && /[^\p{C}\p{Z}]/u.test(value),
        "be visible text, without line ends, control characters and marks that turn its direction",
        "whoever reads it in a list or a review would take it for something else",
        'write it anew, without what is shown as "\\u…"',
      ),
    ),
  );

export const username = printable(
  /^\S([^]{0,253}\S)?$/u,
  must(
    "be a user name of 1 to 255 characters without spaces around it",
    "Keycloak looks it up letter by letter",
    "write the user name as the admin console shows it",
  ),
);

const name = printable(
  /^(?=[^]*\S)[^]{1,255}$/u,
  must(
    "have 1 to 255 characters, not all of them blank",
    "Keycloak shows it in the list of clients and stores no more",
    "write the customer's name, or leave the key out",
  ),
);

const ORGANIZATION = "the claim organizationId decides whose data the customer sees";
/** Why a successor names no organization, and its predecessor. */
export const SUCCESSOR = "a successor has the organization of the client that it succeeds";

const SETTINGS = mapOf(
  {
    organizationUser: v.optional(
      v.pipe(
        username,
        v.description("The name of a user of the customer's organization. Each preview looks it up in Keycloak."),
      ),
    ),
    organizationId: v.optional(
      v.pipe(
        organizationId,
        v.description(
          "The id of that user instead, where previews may not ask for users. Write exactly one of the two. Previews do not " +
            "look it up; scpcloud doctor tells an id that is no user's.",
        ),
      ),
    ),
    successorOf: v.optional(
      v.pipe(
        text,
        v.description(
          "The client id of the customer's earlier client. The new client has the same organization, and names none " +
            "itself. Both get tokens, until you retire the earlier one.",
        ),
      ),
    ),
    name: v.optional(v.pipe(name, v.description("The client's display name. By default it is the client id."))),
    sharedOrganization: v.optional(
      v.pipe(boolean, v.description("Write true on each of several customers that have one organization on purpose.")),
      false,
    ),
    retired: v.optional(
      v.pipe(
        boolean,
        v.description(
          "Write true to disable the client. The user of a retired customer may be disabled, but has to exist.",
        ),
      ),
      false,
    ),
  },
  must(
    "be a map with organizationUser or organizationId",
    "each customer's token names the customer's organization",
    "write each of its settings in a line below the client id, indented, with a blank behind the colon, as in: " +
      "organizationUser: anna",
  ),
);

const customer = v.pipe(
  SETTINGS,
  v.partialCheck(
    [["organizationId"], ["organizationUser"], ["successorOf"]],
    ({ organizationId, organizationUser, successorOf }) =>
      (organizationId ?? organizationUser ?? successorOf) !== undefined,
    must(
      "have organizationUser or organizationId",
      ORGANIZATION,
      "add the user name or the user's id of its organization",
    ),
  ),
  v.partialCheck(
    [["organizationId"], ["organizationUser"]],
    ({ organizationId, organizationUser }) => organizationId === undefined || organizationUser === undefined,
    must("have one of organizationUser and organizationId only", ORGANIZATION, "remove one of the two"),
  ),
  v.forward(
    v.partialCheck(
      [["organizationId"], ["organizationUser"], ["successorOf"]],
      ({ organizationId, organizationUser, successorOf }) =>
        successorOf === undefined || (organizationId ?? organizationUser) === undefined,
      must("not stand beside organizationUser or organizationId", SUCCESSOR, "remove one of the two"),
    ),
    ["successorOf"],
  ),
);

/** A customer's service account is the user `service-account-<client id>`, whose name has 255 characters at most. */
const CLIENT_ID_LENGTH = 255 - "service-account-".length;

/** Clients that Keycloak itself makes in every realm (26.x). */
const BUILT_IN_CLIENTS = [
  "account",
  "account-console",
  "admin-cli",
  "broker",
  "realm-management",
  "security-admin-console",
];

const clientId = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9-]+$/, ({ input }) =>
    must(
      "be a client id of lower-case letters, digits and hyphens",
      "it is one half of HTTP Basic credentials, in which programs read other characters differently (RFC 6749, 2.3.1)",
      `write ${shown(suggestedId(input))}`,
    ),
  ),
  v.maxLength(CLIENT_ID_LENGTH, ({ input }) =>
    must(
      `have at most ${CLIENT_ID_LENGTH} characters`,
      "Keycloak names the service account service-account-<client id>, in 255 characters",
      `shorten it by ${input.length - CLIENT_ID_LENGTH}`,
    ),
  ),
  v.notValues(BUILT_IN_CLIENTS, RESERVED),
);

function suggestedId(clientId: string): string {
  return (
    clientId
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "acme"
  );
}

export const NO_CUSTOMER = must(
  "be a map of client ids with at least one customer",
  "a stack without customers would delete every client that it manages",
  "add an entry such as: acme: { organizationUser: anna }",
);

/** The customers by client id. */
export const customers = mapOfAny(clientId, customer, NO_CUSTOMER);
