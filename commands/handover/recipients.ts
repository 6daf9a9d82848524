import { readFile } from "node:fs/promises";

import { Encrypter } from "age-encryption";

import { UsageError } from "../cli/errors.ts";

/** How a customer makes a key, which is told wherever one is missing. */
export const HOW_TO_MAKE_A_KEY =
  "The customer makes a key in one line, and sends you the public half, age1...: age-keygen -o scpcloud-key.txt";

/**
 * The age recipients (age-encryption.org/v1) that were given one by one or in files as of `age --recipients-file`: one a
 * line, and comments with #.
 * @throws UsageError with all faults, which never quotes what was given: it may be a private key
 */
export async function readRecipients(given: readonly string[]): Promise<string[]> {
  const named = (await Promise.all(given.map(expand))).flat();
  const faults = named.flatMap(({ text, where }) => {
    const fault = faultOf(text);
    return fault === undefined ? [] : [`${where}: ${fault}`];
  });
  if (faults.length > 0) {
    throw new UsageError([...faults, HOW_TO_MAKE_A_KEY].join("\n"));
  }
  const recipients = [...new Set(named.map(({ text }) => text))];
  if (new Set(recipients.map((recipient) => /^age1(tag)?pq1/i.test(recipient))).size > 1) {
    throw new UsageError(
      "Post-quantum recipients (age1pq1..., age1tagpq1...) and classic ones must not be mixed: whoever breaks a classic key later reads " +
        "what the others were to protect, and the tool age refuses it, too. Ask for keys of one kind.",
    );
  }
  return recipients;
}

/** What was given for recipients, with where it stands. */
async function expand(given: string, index: number): Promise<{ text: string; where: string }[]> {
  const option = `--recipient ${index + 1}`;
  if (/^(age1|ssh-|AGE-)/i.test(given)) {
    return [{ text: given, where: option }];
  }
  const content = await readFile(given, "utf8").catch(({ code = "it cannot be read" }: NodeJS.ErrnoException) => {
    throw new UsageError(
      `${option} is neither a public key, age1..., nor a file that can be read (${code}).\n${HOW_TO_MAKE_A_KEY}`,
    );
  });
  if (content.includes("\0")) {
    throw new UsageError(`${given} is no text in UTF-8, but probably in UTF-16. Save it as UTF-8.`);
  }
  const lines = content
    .replace(/^\uFEFF/, "")
    .split("\n")
    .map((line, number) => ({ text: line.trim(), where: `${given}, line ${number + 1}` }))
    .filter(({ text }) => text !== "" && !text.startsWith("#"));
  if (lines.length === 0) {
    throw new UsageError(`${given} holds no public key.\n${HOW_TO_MAKE_A_KEY}`);
  }
  return lines;
}

function faultOf(recipient: string): string | undefined {
  if (/^AGE-/i.test(recipient)) {
    return "this is a private key. It must not leave its owner; have a new pair made, and take its public half";
  }
  if (recipient.startsWith("ssh-")) {
    return "SSH keys are not taken; ask for an age key";
  }
  try {
    new Encrypter().addRecipient(recipient);
    return undefined;
  } catch {
    return "this is no public key of age; a letter may be missing, or be another one";
  }
}

/** @returns a file that the tools age and rage open with the private key of any of the recipients */
export async function encryptFor(recipients: readonly string[], text: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  recipients.forEach((recipient) => encrypter.addRecipient(recipient));
  return encrypter.encrypt(text);
}
