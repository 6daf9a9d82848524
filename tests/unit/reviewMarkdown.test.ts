import fc from "fast-check";

import { block, cell, code, names } from "../../commands/changes/markdown.ts";

/** Whatever could mean something to Markdown, HTML or GitHub, besides any other text. */
const hostile = fc.oneof(
  fc.string({
    unit: fc.constantFrom("`", "|", "\\", "<", ">", "!", "@", "[", "]", "(", ")", "\n", "\r", " ", "a", "-"),
  }),
  fc.string({ unit: "binary" }),
);

/** GitHub's rule (cmark-gfm): a backslash takes the punctuation behind it along, and any other bar ends the cell. */
const cellsOf = (row: string) => row.replace(/\\[!-/:-@[-`{-~]/g, "").split("|").length;

describe("a stranger's text in Markdown", () => {
  test.each([
    ["a|b", "`a\\|b`"],
    ["a\\|b", "`a\\\\\\|b`"],
    ["a`b", "``a`b``"],
    ["`", "`` ` ``"],
    ["a\nb", "`a\\u{a}b`"],
    ["@team [x](https://example.com) <img src=x>", "`@team [x](https://example.com) <img src=x>`"],
    ["", "(empty)"],
    ["abc\u202etxt", "`abc\\u{202e}txt`"],
  ])("%j stays in its cell as code", (text, expected) => {
    expect(cell(text)).toBe(expected);
  });

  test("ends neither its code nor its cell nor its line", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const written = cell(text);
        expect(cellsOf(written)).toBe(1);
        expect(written).not.toMatch(/[\n\r]/);
        const [fence = ""] = /^`*/.exec(code(text)) ?? [];
        const runs = code(text).match(/`+/g) ?? [];
        expect(runs.filter((run) => run === fence)).toHaveLength(text === "" ? 0 : 2);
      }),
    );
  });

  test("of several lines does not end its block", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = block(text).split("\n");
        const fence = lines.at(-1) ?? "";
        expect(fence).toMatch(/^`{3,}$/);
        expect(lines[0]).toBe(`${fence}text`);
        expect(lines.slice(1, -1).filter((line) => line.includes(fence))).toEqual([]);
      }),
    );
  });

  test("that is very long is cut, and says by how much", () => {
    expect(code("x".repeat(1000))).toBe(`\`${"x".repeat(300)} … (700 more characters)\``);
    expect(block("line\n".repeat(100), 50)).toMatch(/\n… and 91 more lines\n```$/);
    expect(names(["a", "b", "c"], 2)).toBe("`a`, `b` and 1 more");
  });
});
