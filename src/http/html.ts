import { hash } from 'node:crypto';
import { uri } from '../ical/index.ts';

/** Pages without scripts: one sheet of style, everything from outside escaped. */

const STYLE = `
:root{color-scheme:light dark;--ink:#1d2330;--soft:#5b6475;--line:#d9dde5;--paper:#fff;--link:#1c4f9c}
@media (prefers-color-scheme:dark){:root{--ink:#e8eaf0;--soft:#a3abbb;--line:#343b49;--paper:#151922;--link:#8fb8ff}}
*{box-sizing:border-box}
body{margin:0 auto;padding:2rem 1.25rem 4rem;max-width:42rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.55 Georgia,'Times New Roman',serif;overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.5rem 0 .5rem}
a{color:var(--link)}.soft{color:var(--soft)}.note{border-left:.25rem solid var(--link);padding:.25rem 0 .25rem .9rem}
ul.list{list-style:none;margin:0;padding:0}ul.list>li{padding:.8rem 0;border-top:1px solid var(--line)}
.when{font-weight:bold}.meta{color:var(--soft);font-size:.93rem}
code{font:.92em ui-monospace,Menlo,Consolas,monospace}dt{font-weight:bold;margin-top:.8rem}dd{margin:0}
`;

/** What pages may load: their one sheet of style. */
export const PAGE_POLICY = {
  defaultSrc: ["'none'"],
  styleSrc: [`'sha256-${hash('sha256', STYLE, 'base64')}'`],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

// Controls are no characters of a page, and overrides would turn what stands beside them.
const ESCAPED = /[&<>"']|(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Text for element content and quoted attributes. */
export const escaped = (text: string): string =>
  text.replace(ESCAPED, (character) => ESCAPES[character] ?? '');

/** A whole page; `body` is HTML, and so is `more` of its head. */
export const page = (title: string, body: string, more = ''): Buffer =>
  Buffer.from(
    `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n` +
      `<meta name="viewport" content="width=device-width, initial-scale=1">\n` +
      `<title>${escaped(title)}</title>\n<style>${STYLE}</style>\n${more}</head>\n` +
      `<body>\n<main>\n${body}\n</main>\n</body>\n</html>\n`,
  );

/** A link, only to where a browser may safely go. */
export const link = (address: string, text: string): string =>
  /^(https?:|webcal:|\/)/i.test(address)
    ? `<a href="${escaped(uri(address))}">${escaped(text)}</a>`
    : escaped(text);
