import { examples, FILLS_VARIABLE, VARIABLE } from "./examples";

/** What a customer's developers have to know. Nothing of it is secret. */
export interface SheetFacts {
  readonly clientId: string;
  readonly name: string;
  /** The base URL of WebProductionBff. */
  readonly bffUrl: string;
  readonly contact: string;
  readonly date: Date;
  /** Until when the secret works that the customer had before. */
  readonly previousWorksUntil?: Date;
}

/** What the first customers call for. */
const EXAMPLE_PATH = "/operation-entries";

const ANSWERS: readonly (readonly [status: string, meaning: string, action: string])[] = [
  ["200", "The call was answered.", "Nothing."],
  [
    "401",
    "The header is missing or damaged, or its secret does not work any more.",
    "Compare the header with the file, letter by letter. Do not repeat the call unchanged. If it worked before, ask us.",
  ],
  ["403", "We know you, but you may not see this.", "Ask us; repeating the call does not help."],
  [
    "429",
    "You call too often.",
    "Wait for as many seconds as the header Retry-After says, else for a minute; then go on more slowly.",
  ],
  [
    "502, 503",
    "One of our services does not answer at the moment.",
    "Try again after the seconds in Retry-After, else after 5, 10, 20 ... seconds. If it lasts an hour, ask us.",
  ],
];

/** The sheet as one self-contained HTML page: no script, nothing that is loaded, and readable on paper. */
export function sheet(facts: SheetFacts): string {
  const { bffUrl, clientId, contact, date, name, previousWorksUntil } = facts;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Access to ScpCloud: ${escaped(name)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1b1b1b; background: #fff; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2rem; } h3 { font-size: 1rem; margin-bottom: .3rem; }
code, pre { font: .9em/1.45 ui-monospace, monospace; background: #f3f4f6; }
code { padding: .1em .3em; overflow-wrap: anywhere; } pre { font-size: .8em; padding: .8rem; white-space: pre; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; } th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border: 1px solid #c8ccd2; }
.notice { border-left: 4px solid #b45309; padding: .2rem 1rem; background: #fffbeb; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } pre { white-space: pre-wrap; overflow-wrap: anywhere; } pre, table, .notice { break-inside: avoid; } h2, h3 { break-after: avoid; } }
</style>
</head>
<body>
<h1>Access to ScpCloud: ${escaped(name)}</h1>
<p>For the developers who call ScpCloud. This page holds no secret. Written on ${day(date)}.</p>
${previousWorksUntil === undefined ? "" : overlapNotice(previousWorksUntil)}<h2>What you have received</h2>
<p>This page, and the file <code>${escaped(clientId)}.age</code>, which only the owner of the key can open.
The program <code>age</code> is free: <code>apt install age</code>, <code>brew install age</code>,
<code>winget install FiloSottile.age</code>, or from <code>https://age-encryption.org</code>.</p>
<pre>age --decrypt --identity scpcloud-key.txt --output credential.json ${escaped(clientId)}.age</pre>
<p><code>credential.json</code> then holds your client id <code>${escaped(clientId)}</code> (<code>clientId</code>), the secret
(<code>clientSecret</code>), and the ready value of the header (<code>authorization</code>). Keep it where you keep
passwords: in no repository, no mail, no log. Delete the file when its content is there.</p>
<h2>Where to call</h2>
<p><code>${escaped(bffUrl)}</code>, by HTTPS. The examples call <code>${EXAMPLE_PATH}</code>.</p>
<h2>How to call</h2>
<p>Send this header with every call. There is no login, and no token to fetch:</p>
<pre>Authorization: (the value of &quot;authorization&quot; in credential.json, which begins with Basic)</pre>
<p>The examples take that value from the environment variable <code>${VARIABLE}</code>. To fill it from the file,
in a POSIX shell with <code>jq</code>, or in PowerShell:</p>
<pre>${escaped(FILLS_VARIABLE.shell)}</pre>
<pre>${escaped(FILLS_VARIABLE.powerShell)}</pre>
${examples(`${bffUrl}${EXAMPLE_PATH}`)
  .map(({ code, language }) => `<h3>${escaped(language)}</h3>\n<pre>${escaped(code)}</pre>`)
  .join("\n")}
<h2>What the answers mean</h2>
<table>
<thead><tr><th>Status</th><th>Meaning</th><th>What to do</th></tr></thead>
<tbody>
${ANSWERS.map((cells) => `<tr>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`).join("\n")}
</tbody>
</table>
<h2>If the secret may have become known</h2>
<p>Tell us at once. We make another one.</p>
<h2>Whom to ask</h2>
<p>${escaped(contact)}. Name your client id, <code>${escaped(clientId)}</code>, and the time of the call. Never send the secret.</p>
</body>
</html>
`;
}

function overlapNotice(end: Date): string {
  return `<p class="notice"><strong>The secret that you had before works until ${day(end)}, ${end.toISOString().slice(11, 16)} UTC.</strong>
Until then both work. Put the new one in its place before that time; afterwards the old one is answered with 401.</p>
`;
}

function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
